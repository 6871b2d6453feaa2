#include "geometry/area.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace hart::geometry {
namespace {

constexpr std::size_t kMinRingCorners = 4;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Reads the text from its beginning to its end, token by token.
class AreaReader {
 public:
  explicit AreaReader(std::string_view text) : text_{text} {}

  Area read() {
    const std::string shape = word();
    if (shape.empty()) refuse("it does not begin with POLYGON or MULTIPOLYGON");
    const bool many = shape.starts_with("MULTIPOLYGON");
    if (!many && !shape.starts_with("POLYGON"))
      refuse("a " + shape + " is no area: give a POLYGON or MULTIPOLYGON");
    read_dimensions(shape.substr(many ? 12 : 7));
    Area area;
    if (many) {
      list([&] { area.polygons.push_back(polygon()); });
    } else {
      area.polygons.push_back(polygon());
    }
    skip_space();
    if (at_ != text_.size()) refuse("text follows its end");
    return area;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error{Fault::usage, "not a well-known text of an area: " + why + ", at character " +
                                  std::to_string(at_ + 1)};
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  std::string word() {
    skip_space();
    std::string letters;
    for (; at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0;
         ++at_)
      letters.push_back(
          static_cast<char>(std::toupper(static_cast<unsigned char>(text_[at_]))));
    return letters;
  }

  /// "Z", "M" or "ZM" behind the shape's name, with or without a blank.
  void read_dimensions(std::string suffix) {
    if (suffix.empty()) suffix = word();
    if (suffix == "EMPTY") refuse("it is empty");
    if (suffix.empty()) return;
    if (suffix != "Z" && suffix != "M" && suffix != "ZM")
      refuse("'" + suffix + "' is neither Z, M nor ZM");
    coordinates_ = 2 + suffix.size();
  }

  bool take(char expected) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  template <typename Element> void list(Element element) {
    if (!take('(')) refuse("'(' is missing");
    do element();
    while (take(','));
    if (!take(')')) refuse("',' or ')' is missing");
  }

  Polygon polygon() {
    Polygon polygon;
    list([&] { polygon.rings.push_back(ring()); });
    return polygon;
  }

  Ring ring() {
    Ring ring;
    list([&] { ring.push_back(corner()); });
    if (ring.size() < kMinRingCorners) refuse("a ring has fewer than four corners");
    if (ring.front() != ring.back()) refuse("a ring does not end where it begins");
    return ring;
  }

  Corner corner() {
    Corner corner{number(), number()};
    for (std::size_t i = corner.size(); i < coordinates_; ++i) (void)number();
    return corner;
  }

  double number() {
    skip_space();
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    if (begin != end && *begin == '+') ++begin;
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || !std::isfinite(value)) refuse("a finite number is missing");
    at_ = static_cast<std::size_t>(stop - text_.data());
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t coordinates_ = 2;  ///< of a corner
};

void append_shortest(std::string& out, double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

template <typename Elements, typename Append>
void append_list(std::string& out, const Elements& elements, Append append) {
  out += '(';
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ", ";
    first = false;
    append(element);
  }
  out += ')';
}

}  // namespace

Area parse_area(std::string_view wkt) {
  return AreaReader{wkt}.read();
}

std::string wkt(const Area& area) {
  std::string out = "MULTIPOLYGON ";
  append_list(out, area.polygons, [&](const Polygon& polygon) {
    append_list(out, polygon.rings, [&](const Ring& ring) {
      append_list(out, ring, [&](const Corner& corner) {
        append_shortest(out, corner[0]);
        out += ' ';
        append_shortest(out, corner[1]);
      });
    });
  });
  return out;
}

Box bounds(const Area& area) noexcept {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Box box{{kInfinity, kInfinity, -kInfinity}, {-kInfinity, -kInfinity, kInfinity}};
  for (const Polygon& polygon : area.polygons)
    for (const Ring& ring : polygon.rings)
      for (const Corner& corner : ring)
        for (std::size_t axis = 0; axis < corner.size(); ++axis) {
          box.min[axis] = std::min(box.min[axis], corner[axis]);
          box.max[axis] = std::max(box.max[axis], corner[axis]);
        }
  return box;
}

}  // namespace hart::geometry
