// Filters that give a text or a number.

#include <algorithm>
#include <charconv>
#include <cmath>

#include "formats/unicode.h"
#include "formats/utf8.h"
#include "nn/template_arguments.h"
#include "nn/template_filters.h"
#include "nn/template_format.h"
#include "nn/template_operators.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

template <std::string (*convert)(std::string_view)>
Value convert_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"the filter", arguments, {}};
  return Value{convert(to_text(input, runtime.budget))};
}

/// Jinja's own title case: words begin after blanks, hyphens and opening brackets.
std::string title_words(std::string_view text) {
  std::string out;
  bool begins = true;
  for (const std::string_view point : split_code_points(text)) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    const bool separates = is_python_space(value) || value == '-' || value == '(' ||
                           value == '{' || value == '[' || value == '<';
    out += begins ? upper(point) : lower(point);
    begins = separates;
  }
  return out;
}

/// As MarkupSafe writes them.
std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Value trim_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"trim", arguments, {"chars"}};
  const std::string text = to_text(input, runtime.budget);
  return Value{strip(text, bound.is_set(0) ? &bound.text(0) : kWhitespace, Side::both)};
}

Value string_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"string", arguments, {}};
  return Value{to_text(input, runtime.budget)};
}

Value safe_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return string_filter(runtime, input, arguments);
}

Value default_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"default", arguments, {"default_value", "boolean"}};
  const bool replaced = input.is_undefined() || (bound.flag(1, false) && !truth(input));
  if (!replaced) return input;
  return bound.has(0) ? bound[0] : Value{""};
}

Value replace_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"replace", arguments, {"old", "new", "count"}, 2};
  const std::string text = to_text(input, runtime.budget);
  const std::string old = to_text(bound[0], runtime.budget);
  const std::string replacement = to_text(bound[1], runtime.budget);
  runtime.budget.take_bytes(text.size() + count_of(text, old) * replacement.size());
  return Value{
      replace_all(text, old, replacement, bound.is_set(2) ? bound.integer(2, -1) : -1)};
}

Value indent_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"indent", arguments, {"width", "first", "blank"}};
  const std::string text = to_text(input, runtime.budget) + "\n";
  std::string indention;
  if (bound.has(0) && bound[0].is_string()) {
    indention = bound[0].text();
  } else {
    const auto width =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, bound.integer(0, 4)));
    runtime.budget.take_bytes(width);
    indention.assign(width, ' ');
  }
  const bool first = bound.flag(1, false);
  const bool blank = bound.flag(2, false);
  const auto lines = split_lines(text, false);
  runtime.budget.take_bytes(text.size() + lines.size() * (1 + indention.size()));
  std::string out = first ? indention : std::string{};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\n";
    if (i > 0 && (blank || !lines[i].empty())) out += indention;
    out += lines[i];
  }
  return Value{std::move(out)};
}

Value tojson_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{
      "tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}};
  JsonStyle style;
  style.ascii = bound.flag(0, false);
  if (bound.is_set(1)) {
    if (bound[1].is_string()) {
      style.indent = bound[1].text();
    } else {
      const std::int64_t width = std::max<std::int64_t>(0, bound.integer(1, 0));
      if (width > 1000) fail("tojson indents by at most 1000");
      style.indent.emplace(static_cast<std::size_t>(width), ' ');
    }
    style.item_separator = ",";
  }
  if (bound.is_set(2)) {
    const Values separators = items_of(bound[2], runtime.budget);
    if (separators.size() != 2 || !separators[0].is_string() || !separators[1].is_string())
      fail("tojson needs two separators");
    style.item_separator = separators[0].text();
    style.key_separator = separators[1].text();
  }
  style.sort_keys = bound.flag(3, false);
  return Value{to_json(input, style, runtime.budget)};
}

/// The whole of `text` as a number in `base`, as Python's int() reads it.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base) {
  std::string digits{strip(text, kWhitespace, Side::both)};
  std::erase(digits, '_');
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const std::string_view prefix = base == 16 ? "0x" : (base == 8 ? "0o" : "0b");
  if ((base == 16 || base == 8 || base == 2) && lower(digits.substr(0, 2)) == prefix)
    digits.erase(0, 2);
  if (digits.starts_with('-')) return std::nullopt;
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, static_cast<int>(base));
  if (error != std::errc{} || rest != end || digits.empty()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> parse_float(std::string_view text) {
  std::string digits{strip(text, kWhitespace, Side::both)};
  std::erase(digits, '_');
  if (digits.starts_with('+')) digits.erase(0, 1);
  if (digits.starts_with('+') || digits.starts_with("-+")) return std::nullopt;
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || rest != end || digits.empty()) return std::nullopt;
  return value;
}

/// Cuts the fraction off. Precondition: finite.
Value to_integer(double value) {
  // 2^63 is the first that does not fit.
  if (!(std::abs(value) < 0x1p63)) fail("an integer needs more than 64 bits");
  return Value{static_cast<std::int64_t>(value)};
}

Value int_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"int", arguments, {"default", "base"}};
  const Value fallback = bound.has(0) ? bound[0] : Value{0};
  require_defined(input);
  const std::int64_t base = bound.integer(1, 10);
  if (base < 2 || base > 36) fail("int needs a base from 2 to 36");
  if (input.is_integral()) return Value{input.integer()};
  double number = NAN;
  if (input.is_string()) {
    if (const auto value = parse_integer(input.text(), base)) return Value{*value};
    number = parse_float(input.text()).value_or(NAN);
  } else if (input.is(Kind::floating)) {
    number = input.number();
  }
  return std::isfinite(number) ? to_integer(number) : fallback;
}

Value float_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"float", arguments, {"default"}};
  require_defined(input);
  if (input.is_number()) return Value{input.number()};
  if (input.is_string())
    if (const auto value = parse_float(input.text())) return Value{*value};
  return bound.has(0) ? bound[0] : Value{0.0};
}

Value abs_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"abs", arguments, {}};
  if (input.is(Kind::floating)) return Value{std::abs(input.number())};
  const Value minus = apply_unary(UnaryOperator::minus, input);
  return input.integer() < 0 ? minus : Value{input.integer()};
}

Value round_filter(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"round", arguments, {"precision", "method"}};
  require_defined(input);
  if (!input.is_number()) fail(std::string{"round needs a number, not "} + type_name(input));
  const std::int64_t digits = bound.integer(0, 0);
  const std::string method = bound.text(1, "common");
  if (method == "common") {
    if (input.is_integral() && digits >= 0) return Value{input.integer()};
    const double value = round_float(input.number(), digits);
    return input.is_integral() ? to_integer(value) : Value{value};
  }
  if (method != "ceil" && method != "floor") fail("method must be common, ceil or floor");
  const double scale = std::pow(10.0, static_cast<double>(digits));
  const double scaled = input.number() * scale;
  return Value{(method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale};
}

Value format_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const std::string format = to_text(input, runtime.budget);
  if (arguments.named.empty())
    return Value{format_percent(format, Value::tuple(arguments.positional), runtime.budget)};
  if (!arguments.positional.empty())
    fail("format takes positional or named arguments, not both");
  Mapping mapping;
  for (const auto& [name, value] : arguments.named) mapping.set(Value{name}, value);
  return Value{format_percent(format, Value{std::move(mapping)}, runtime.budget)};
}

Value center_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"center", arguments, {"width"}};
  const std::string text = to_text(input, runtime.budget);
  const auto size = static_cast<std::int64_t>(code_points(text));
  const std::int64_t width = std::max(bound.integer(0, 80), size);
  const auto missing = static_cast<std::uint64_t>(width - size);
  runtime.budget.take_bytes(missing + text.size());
  // Python puts the odd one on the left where the width is odd.
  const std::uint64_t before = missing / 2 + (missing & static_cast<std::uint64_t>(width) & 1);
  return Value{std::string(before, ' ') + text + std::string(missing - before, ' ')};
}

Value truncate_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"truncate", arguments, {"length", "killwords", "end", "leeway"}};
  const std::string text = to_text(input, runtime.budget);
  const std::string ending = bound.text(2, "...");
  const std::int64_t length = bound.integer(0, 255);
  const auto end_size = static_cast<std::int64_t>(code_points(ending));
  if (length < end_size) fail("truncate needs a length of at least that of its end");
  const auto points = split_code_points(text);
  std::int64_t limit = 0;
  if (__builtin_add_overflow(length, bound.is_set(3) ? bound.integer(3, 5) : 5, &limit))
    return Value{text};
  if (static_cast<std::int64_t>(points.size()) <= limit) return Value{text};
  std::string cut;
  for (std::int64_t i = 0; i < length - end_size; ++i)
    cut += points[static_cast<std::size_t>(i)];
  if (!bound.flag(1, false)) cut = cut.substr(0, cut.rfind(' '));
  return Value{cut + ending};
}

Value wordcount_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"wordcount", arguments, {}};
  std::int64_t count = 0;
  bool inside = false;
  const std::string text = to_text(input, runtime.budget);
  for (const std::string_view point : split_code_points(text)) {
    const char32_t value = formats::decode_utf8(as_bytes(point), 0).value;
    const bool word = formats::is_letter(value) || formats::is_number(value) || value == '_';
    count += word && !inside;
    inside = word;
  }
  return Value{count};
}

constexpr NamedFilter kTextFilters[] = {{"upper", convert_filter<upper>},
                                        {"lower", convert_filter<lower>},
                                        {"capitalize", convert_filter<capitalize>},
                                        {"title", convert_filter<title_words>},
                                        {"escape", convert_filter<escape_html>},
                                        {"e", convert_filter<escape_html>},
                                        {"forceescape", convert_filter<escape_html>},
                                        {"trim", trim_filter},
                                        {"string", string_filter},
                                        {"safe", safe_filter},
                                        {"default", default_filter},
                                        {"d", default_filter},
                                        {"replace", replace_filter},
                                        {"indent", indent_filter},
                                        {"tojson", tojson_filter},
                                        {"int", int_filter},
                                        {"float", float_filter},
                                        {"abs", abs_filter},
                                        {"round", round_filter},
                                        {"format", format_filter},
                                        {"center", center_filter},
                                        {"truncate", truncate_filter},
                                        {"wordcount", wordcount_filter}};

}  // namespace

FilterFunction find_text_filter(std::string_view name) noexcept {
  for (const NamedFilter& entry : kTextFilters)
    if (entry.name == name) return entry.filter;
  return nullptr;
}

}  // namespace hart::nn::jinja
