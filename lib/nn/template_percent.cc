// Python's `%` formatting of strings.

#include <cmath>
#include <cstdio>

#include "formats/utf8.h"
#include "nn/template_format.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

constexpr int kMaxWidth = 1000;

/// One conversion: `%-08.3f`.
struct Conversion {
  std::string flags;
  int width = 0;
  int precision = -1;
  char letter = 0;
  std::string key;  ///< of `%(key)s`
};

class PercentFormat {
 public:
  PercentFormat(std::string_view format, const Value& arguments, Budget& budget)
      : format_{format}, arguments_{arguments}, budget_{budget} {}

  std::string run();

 private:
  Conversion read_conversion();
  int read_number();
  const Value& argument(const Conversion& conversion);
  std::string convert(const Conversion& conversion);
  std::string convert_number(const Conversion& conversion, const Value& value);

  std::string_view format_;
  const Value& arguments_;
  Budget& budget_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;
};

int PercentFormat::read_number() {
  int number = 0;
  for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
    number = number * 10 + (format_[at_] - '0');
    if (number > kMaxWidth) fail("a format is wider than " + std::to_string(kMaxWidth));
  }
  return number;
}

Conversion PercentFormat::read_conversion() {
  Conversion conversion;
  const auto current = [&] { return at_ < format_.size() ? format_[at_] : '\0'; };
  if (current() == '(') {
    const std::size_t end = format_.find(')', at_);
    if (end == std::string_view::npos) fail("incomplete format key");
    conversion.key = format_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
  }
  while (current() != '\0' && std::string_view{"-+ #0"}.find(current()) != std::string::npos)
    conversion.flags += format_[at_++];
  conversion.width = read_number();
  if (current() == '.') {
    ++at_;
    conversion.precision = read_number();
  }
  if (current() == '\0') fail("incomplete format");
  conversion.letter = format_[at_++];
  return conversion;
}

const Value& PercentFormat::argument(const Conversion& conversion) {
  if (!conversion.key.empty()) {
    const Value* value =
        arguments_.is(Kind::mapping) ? arguments_.mapping().find(conversion.key) : nullptr;
    if (value == nullptr) fail("the format has no argument '" + conversion.key + "'");
    taken_ = 1;
    return *value;
  }
  const bool tuple =
      arguments_.is(Kind::sequence) && arguments_.sequence().kind == SequenceKind::tuple;
  const std::size_t given = tuple ? arguments_.sequence().items.size() : 1;
  if (taken_ >= given) fail("not enough arguments for format string");
  return tuple ? arguments_.sequence().items[taken_++] : (++taken_, arguments_);
}

std::string PercentFormat::convert_number(const Conversion& conversion, const Value& value) {
  if (!value.is_number())
    fail(std::string{"%"} + conversion.letter + " format: a number is required, not " +
         type_name(value));
  std::string specification = "%" + conversion.flags + std::to_string(conversion.width);
  // A width of 0 would be read as a flag.
  if (conversion.width == 0) specification = "%" + conversion.flags;
  if (conversion.precision >= 0) specification += "." + std::to_string(conversion.precision);
  char text[2 * kMaxWidth + 400];
  const bool integral = std::string_view{"dixXo"}.find(conversion.letter) != std::string::npos;
  if (integral) {
    if (!value.is_integral() && !(std::abs(value.number()) < 9.2e18))
      fail("the number is too large for an integer format");
    const std::int64_t number =
        value.is_integral() ? value.integer() : static_cast<std::int64_t>(value.number());
    if (conversion.letter != 'd' && conversion.letter != 'i' && number < 0)
      fail("a negative number has no unsigned format");
    specification += std::string{"ll"} + conversion.letter;
    std::snprintf(text, sizeof text, specification.c_str(), static_cast<long long>(number));
  } else {
    specification += conversion.letter;
    std::snprintf(text, sizeof text, specification.c_str(), value.number());
  }
  return text;
}

std::string PercentFormat::convert(const Conversion& conversion) {
  if (conversion.letter == '%') return "%";
  const Value& value = argument(conversion);
  std::string text;
  switch (conversion.letter) {
    case 's':
      text = to_text(value, budget_);
      break;
    case 'r':
      text = to_repr(value, budget_);
      break;
    case 'c':
      if (!value.is_string() || code_points(value.text()) != 1)
        fail("%c needs a single character");
      text = value.text();
      break;
    case 'u':
      return convert_number({conversion.flags, conversion.width, conversion.precision, 'd', ""},
                            value);
    default:
      if (std::string_view{"dixXoeEfFgG"}.find(conversion.letter) == std::string::npos)
        fail(std::string{"unsupported format character '"} + conversion.letter + "'");
      return convert_number(conversion, value);
  }
  if (conversion.precision >= 0) {
    const auto points = split_code_points(text);
    std::string cut;
    for (std::size_t i = 0; i < points.size(); ++i)
      if (i < static_cast<std::size_t>(conversion.precision)) cut += points[i];
    text = std::move(cut);
  }
  const std::size_t size = code_points(text);
  const auto width = static_cast<std::size_t>(conversion.width);
  const std::string padding(width > size ? width - size : 0, ' ');
  const bool left = conversion.flags.find('-') != std::string::npos;
  return left ? text + padding : padding + text;
}

std::string PercentFormat::run() {
  std::string out;
  while (at_ < format_.size()) {
    if (format_[at_] != '%') {
      out += format_[at_++];
      continue;
    }
    ++at_;
    const std::string text = convert(read_conversion());
    budget_.take_bytes(text.size());
    out += text;
  }
  const bool tuple =
      arguments_.is(Kind::sequence) && arguments_.sequence().kind == SequenceKind::tuple;
  const bool mapping = arguments_.is(Kind::mapping);
  if (!mapping && taken_ < (tuple ? arguments_.sequence().items.size() : 1))
    fail("not all arguments converted during string formatting");
  return out;
}

}  // namespace

std::string format_percent(std::string_view format, const Value& arguments, Budget& budget) {
  return PercentFormat{format, arguments, budget}.run();
}

}  // namespace hart::nn::jinja
