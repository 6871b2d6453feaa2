#include "nn/template_string_methods.h"

#include <algorithm>
#include <utility>

#include "formats/unicode.h"
#include "formats/utf8.h"
#include "nn/template_arguments.h"
#include "nn/template_format.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

Value list_of(const std::vector<std::string_view>& parts, Budget& budget) {
  budget.take_bytes(parts.size() * sizeof(std::string));
  Values items;
  for (const std::string_view part : parts) items.emplace_back(part);
  return Value::list(std::move(items));
}

template <Side side>
Value strip_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"strip", arguments, {"chars"}};
  return Value{strip(self.text(), bound.is_set(0) ? &bound.text(0) : kWhitespace, side)};
}

template <bool from_end>
Value split_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"split", arguments, {"sep", "maxsplit"}};
  const std::int64_t most = bound.integer(1, -1);
  const std::string& text = self.text();
  if (!bound.is_set(0)) {
    if (from_end && most >= 0) fail("rsplit with a count needs a separator");
    return list_of(split_words(text, most), runtime.budget);
  }
  const std::string& separator = bound.text(0);
  if (separator.empty()) fail("empty separator");
  // Searching from the end takes the product in the worst case.
  runtime.budget.take_steps(1 + text.size() / 64 * (from_end ? separator.size() : 1));
  return list_of(
      from_end ? split_at_from_end(text, separator, most) : split_at(text, separator, most),
      runtime.budget);
}

Value splitlines_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"splitlines", arguments, {"keepends"}};
  return list_of(split_lines(self.text(), bound.flag(0, false)), runtime.budget);
}

template <bool at_end>
Value affix_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{at_end ? "endswith" : "startswith", arguments, {"prefix"}, 1};
  const auto matches = [&](const Value& affix) {
    if (!affix.is_string()) {
      require_defined(affix);
      fail(std::string{at_end ? "endswith" : "startswith"} + " needs a string, not " +
           type_name(affix));
    }
    return at_end ? self.text().ends_with(affix.text()) : self.text().starts_with(affix.text());
  };
  const bool tuple =
      bound[0].is(Kind::sequence) && bound[0].sequence().kind == SequenceKind::tuple;
  if (!tuple) return Value{matches(bound[0])};
  const Values& affixes = bound[0].sequence().items;
  return Value{std::any_of(affixes.begin(), affixes.end(), matches)};
}

template <bool at_end>
Value remove_affix_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{at_end ? "removesuffix" : "removeprefix", arguments, {"affix"}, 1};
  std::string_view text{self.text()};
  const std::string& affix = bound.text(0);
  if (at_end && text.ends_with(affix)) text.remove_suffix(affix.size());
  if (!at_end && text.starts_with(affix)) text.remove_prefix(affix.size());
  return Value{text};
}

template <std::string (*convert)(std::string_view)>
Value convert_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"the method", arguments, {}};
  return Value{convert(self.text())};
}

std::string swap_case(std::string_view text) {
  std::string out;
  for (const std::string_view point : split_code_points(text)) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    out += is_upper(value) ? lower(point) : upper(point);
  }
  return out;
}

Value replace_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"replace", arguments, {"old", "new", "count"}, 2};
  const std::string& text = self.text();
  // At most so many bytes come of it.
  runtime.budget.take_bytes(text.size() + count_of(text, bound.text(0)) * bound.text(1).size());
  return Value{replace_all(text, bound.text(0), bound.text(1), bound.integer(2, -1))};
}

Value join_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"join", arguments, {"iterable"}, 1};
  require_defined(bound[0]);
  std::string out;
  bool first = true;
  for (const Value& item : items_of(bound[0], runtime.budget)) {
    if (!item.is_string()) fail(std::string{"join needs strings, not "} + type_name(item));
    runtime.budget.take_bytes(self.text().size() + item.text().size());
    if (!first) out += self.text();
    first = false;
    out += item.text();
  }
  return Value{std::move(out)};
}

/// The part of `text` between the code points that optional bounds name, and where it begins.
std::pair<std::string_view, std::size_t> bounded_part(std::string_view text,
                                                      const BoundArguments& bound) {
  const auto points = split_code_points(text);
  const auto size = static_cast<std::int64_t>(points.size());
  const auto clamp = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t start = clamp(bound.is_set(1) ? bound.integer(1, 0) : 0);
  const std::int64_t stop =
      std::max(start, clamp(bound.is_set(2) ? bound.integer(2, size) : size));
  const auto offset = [&](std::int64_t at) {
    return at < size ? static_cast<std::size_t>(points[static_cast<std::size_t>(at)].data() -
                                                text.data())
                     : text.size();
  };
  return {text.substr(offset(start), offset(stop) - offset(start)),
          static_cast<std::size_t>(start)};
}

template <bool from_end, bool must>
Value find_method_of(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{must ? "index" : "find", arguments, {"sub", "start", "end"}, 1};
  const std::string& needle = bound.text(0);
  runtime.budget.take_steps(1 + self.text().size() / 16 * (from_end ? 1 + needle.size() : 1));
  const auto [text, start] = bounded_part(self.text(), bound);
  const std::size_t at = from_end ? text.rfind(needle) : find_bytes(text, needle);
  if (at != std::string_view::npos) return Value{start + code_points(text.substr(0, at))};
  if (must) fail("substring not found");
  return Value{-1};
}

Value count_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"count", arguments, {"sub", "start", "end"}, 1};
  runtime.budget.take_steps(1 + self.text().size() / 16);
  return Value{count_of(bounded_part(self.text(), bound).first, bound.text(0))};
}

/// True when there are code points and all are of the class.
template <bool (*is_member)(char32_t)>
Value class_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"the method", arguments, {}};
  const auto points = split_code_points(self.text());
  return Value{!points.empty() &&
               std::all_of(points.begin(), points.end(), [](std::string_view point) {
                 return is_member(formats::decode_utf8(as_bytes(point), 0).value);
               })};
}

bool is_digit(char32_t value) {
  return value >= '0' && value <= '9';
}
bool is_alpha(char32_t value) {
  return formats::is_letter(value);
}
bool is_alnum(char32_t value) {
  return formats::is_letter(value) || formats::is_number(value);
}
bool is_numeric(char32_t value) {
  return formats::is_number(value);
}
bool is_space(char32_t value) {
  return is_python_space(value);
}

template <bool wants_upper>
Value case_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"the method", arguments, {}};
  bool cased = false;
  for (const std::string_view point : split_code_points(self.text())) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    if (wants_upper ? is_lower(value) : is_upper(value)) return Value{false};
    cased |= wants_upper ? is_upper(value) : is_lower(value);
  }
  return Value{cased};
}

enum class Pad { left, right, center, zeros };

template <Pad pad>
Value pad_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"the method", arguments, {"width", "fillchar"}, 1};
  const std::string fill = pad == Pad::zeros ? "0" : bound.text(1, " ");
  if (code_points(fill) != 1) fail("the fill character must be one character");
  const auto size = static_cast<std::int64_t>(code_points(self.text()));
  const std::int64_t missing = std::max<std::int64_t>(bound.integer(0, 0), size) - size;
  runtime.budget.take_bytes(static_cast<std::uint64_t>(missing), fill.size());
  // Python puts the odd one on the left where the width is odd.
  std::int64_t before = pad == Pad::left ? 0 : missing;
  if (pad == Pad::center) before = missing / 2 + (missing & (missing + size) & 1);
  const auto fills = [&](std::int64_t count) {
    std::string text;
    for (std::int64_t i = 0; i < count; ++i) text += fill;
    return text;
  };
  const std::string& text = self.text();
  const bool sign = pad == Pad::zeros && !text.empty() && (text[0] == '-' || text[0] == '+');
  if (sign) return Value{text.substr(0, 1) + fills(missing) + text.substr(1)};
  return Value{fills(before) + text + fills(missing - before)};
}

template <bool from_end>
Value partition_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"partition", arguments, {"sep"}, 1};
  const std::string_view text{self.text()};
  const std::string& separator = bound.text(0);
  if (separator.empty()) fail("empty separator");
  runtime.budget.take_steps(1 + text.size() / 64 * (from_end ? separator.size() : 1));
  const std::size_t at = from_end ? text.rfind(separator) : find_bytes(text, separator);
  if (at == std::string_view::npos)
    return from_end ? Value::tuple({Value{""}, Value{""}, self})
                    : Value::tuple({self, Value{""}, Value{""}});
  return Value::tuple(
      {Value{text.substr(0, at)}, Value{separator}, Value{text.substr(at + separator.size())}});
}

/// `'{} {0} {name}'.format(…)`, without conversions and format specifications.
Value format_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const std::string& format = self.text();
  std::string out;
  std::size_t automatic = 0;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    const bool doubled = at + 1 < format.size() && format[at + 1] == c;
    if ((c == '{' || c == '}') && doubled) ++at;
    if ((c != '{' && c != '}') || doubled) {
      out += c;
      continue;
    }
    const std::size_t end = format.find('}', at);
    if (c == '}' || end == std::string::npos) fail("single '{' or '}' in a format string");
    const std::string field = format.substr(at + 1, end - at - 1);
    at = end;
    const Value* value = nullptr;
    const bool number = field.find_first_not_of("0123456789") == std::string::npos;
    if (number && field.size() < 6) {
      const std::size_t index = field.empty() ? automatic++ : std::stoul(field);
      if (index < arguments.positional.size()) value = &arguments.positional[index];
    }
    for (const auto& [name, named] : arguments.named)
      if (name == field) value = &named;
    if (value == nullptr) fail("the format string has no argument for '{" + field + "}'");
    const std::string text = to_text(*value, runtime.budget);
    runtime.budget.take_bytes(text.size());
    out += text;
  }
  return Value{std::move(out)};
}

struct NamedMethod {
  std::string_view name;
  Method method;
};

constexpr NamedMethod kMethods[] = {
    {"strip", strip_method<Side::both>},
    {"lstrip", strip_method<Side::left>},
    {"rstrip", strip_method<Side::right>},
    {"split", split_method<false>},
    {"rsplit", split_method<true>},
    {"splitlines", splitlines_method},
    {"startswith", affix_method<false>},
    {"endswith", affix_method<true>},
    {"removeprefix", remove_affix_method<false>},
    {"removesuffix", remove_affix_method<true>},
    {"upper", convert_method<upper>},
    {"lower", convert_method<lower>},
    {"casefold", convert_method<lower>},
    {"title", convert_method<title>},
    {"capitalize", convert_method<capitalize>},
    {"swapcase", convert_method<swap_case>},
    {"replace", replace_method},
    {"join", join_method},
    {"find", find_method_of<false, false>},
    {"rfind", find_method_of<true, false>},
    {"index", find_method_of<false, true>},
    {"rindex", find_method_of<true, true>},
    {"count", count_method},
    {"isdigit", class_method<is_digit>},
    {"isdecimal", class_method<is_digit>},
    {"isnumeric", class_method<is_numeric>},
    {"isalpha", class_method<is_alpha>},
    {"isalnum", class_method<is_alnum>},
    {"isspace", class_method<is_space>},
    {"isupper", case_method<true>},
    {"islower", case_method<false>},
    {"ljust", pad_method<Pad::left>},
    {"rjust", pad_method<Pad::right>},
    {"center", pad_method<Pad::center>},
    {"zfill", pad_method<Pad::zeros>},
    {"partition", partition_method<false>},
    {"rpartition", partition_method<true>},
    {"format", format_method},
};

}  // namespace

Method find_string_method(std::string_view name) noexcept {
  for (const NamedMethod& entry : kMethods)
    if (entry.name == name) return entry.method;
  return nullptr;
}

}  // namespace hart::nn::jinja
