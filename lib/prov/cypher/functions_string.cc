#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/bytes.h"
#include "formats/unicode_category.h"
#include "formats/utf8.h"
#include "prov/cypher/functions.h"
#include "prov/cypher/lexer.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

namespace {

using StringArgs = std::span<const Value>;

const std::string& string_argument(const CallContext& context, const Value& value) {
  if (value.kind() != Kind::string) refuse_argument(context, "a string", value);
  return value.string();
}

std::size_t count_argument(const CallContext& context, const Value& value) {
  if (value.kind() != Kind::integer) refuse_argument(context, "an integer", value);
  if (value.integer() < 0)
    fail(Fault::data, context.at, "ArgumentError: NumberOutOfRange",
         "expected a count that is not negative");
  return static_cast<std::size_t>(value.integer());
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

/// The byte at which the code point number `index` begins.
std::size_t byte_of(const std::string& text, std::size_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!is_continuation(text[at]) && index-- == 0) return at;
  return at;
}

Value substring_function(CallContext& context, StringArgs args) {
  const std::string& text = string_argument(context, args[0]);
  const std::size_t from = byte_of(text, count_argument(context, args[1]));
  if (args.size() == 2) return text.substr(from);
  const std::string rest = text.substr(from);
  return rest.substr(0, byte_of(rest, count_argument(context, args[2])));
}

Value left_function(CallContext& context, StringArgs args) {
  const std::string& text = string_argument(context, args[0]);
  return text.substr(0, byte_of(text, count_argument(context, args[1])));
}

Value right_function(CallContext& context, StringArgs args) {
  const std::string& text = string_argument(context, args[0]);
  const auto size = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
  const std::size_t wanted = std::min(size, count_argument(context, args[1]));
  return text.substr(byte_of(text, size - wanted));
}

std::string trimmed(const std::string& text, bool front, bool back) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  std::size_t begin = 0, end = text.size();
  while (front && begin < end && is_space(text[begin])) ++begin;
  while (back && end > begin && is_space(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

template <bool front, bool back> Value trim_function(CallContext& context, StringArgs args) {
  return trimmed(string_argument(context, args[0]), front, back);
}

/// Every letter by `append`; bytes that are not UTF-8 stay.
template <typename Append> std::string recased(const std::string& text, const Append& append) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::decode_utf8(as_bytes(text), at);
    if (point.size == 0) {
      out += text[at++];
      continue;
    }
    append(out, point.value);
    at += point.size;
  }
  return out;
}

Value lower_function(CallContext& context, StringArgs args) {
  return recased(string_argument(context, args[0]), [](std::string& out, char32_t letter) {
    formats::append_utf8(out, formats::to_lower(letter));
  });
}

Value upper_function(CallContext& context, StringArgs args) {
  return recased(string_argument(context, args[0]), formats::append_upper);
}

Value replace_function(CallContext& context, StringArgs args) {
  const std::string& text = string_argument(context, args[0]);
  const std::string& search = string_argument(context, args[1]);
  const std::string& replacement = string_argument(context, args[2]);
  if (search.empty()) return text;
  std::string result;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(search, from)) != std::string::npos;) {
    context.budget.charge(1 + replacement.size() / kBytesPerRow);
    result.append(text, from, at - from).append(replacement);
    from = at + search.size();
  }
  return result.append(text, from);
}

Value split_function(CallContext& context, StringArgs args) {
  const std::string& text = string_argument(context, args[0]);
  const std::string& separator = string_argument(context, args[1]);
  List parts;
  std::size_t from = 0;
  if (separator.empty()) {
    while (from < text.size()) {
      std::size_t end = from + 1;
      while (end < text.size() && is_continuation(text[end])) ++end;
      context.budget.charge();
      parts.emplace_back(text.substr(from, end - from));
      from = end;
    }
    return parts;
  }
  for (std::size_t at; (at = text.find(separator, from)) != std::string::npos;) {
    context.budget.charge();
    parts.emplace_back(text.substr(from, at - from));
    from = at + separator.size();
  }
  parts.emplace_back(text.substr(from));
  return parts;
}

Value to_string_function(CallContext& context, StringArgs args) {
  const Value& value = args[0];
  switch (value.kind()) {
    case Kind::string:
      return value;
    case Kind::boolean:
      return value.boolean() ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.integer());
    case Kind::floating:
      return number_text(value.floating());
    case Kind::duration:
      return duration_text(value.duration());
    default:
      if (value.is_temporal()) return temporal_text(value.temporal());
      refuse_argument(context, "a boolean, a number, a string or a time", value);
  }
}

std::optional<double> parse_number(const std::string& padded) {
  const std::string text = trimmed(padded, true, true);
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string::npos)
    return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (*end != '\0') return std::nullopt;
  return value;
}

Value to_integer_function(CallContext& context, StringArgs args) {
  const Value& value = args[0];
  if (value.kind() == Kind::integer) return value;
  if (value.kind() == Kind::boolean) return std::int64_t{value.boolean() ? 1 : 0};
  if (value.kind() != Kind::floating && value.kind() != Kind::string)
    refuse_argument(context, "a boolean, a number or a string", value);
  if (value.kind() == Kind::string) {
    char* end = nullptr;
    const std::string text = trimmed(value.string(), true, true);
    errno = 0;
    const long long whole = std::strtoll(text.c_str(), &end, 10);
    if (!text.empty() && *end == '\0' && errno == 0) return std::int64_t{whole};
  }
  const auto number =
      value.kind() == Kind::string ? parse_number(value.string()) : value.floating();
  if (!number || !(std::abs(*number) < 9.2e18)) return {};
  return static_cast<std::int64_t>(*number);
}

Value to_float_function(CallContext& context, StringArgs args) {
  const Value& value = args[0];
  if (value.is_number()) return value.number();
  const auto number = parse_number(string_argument(context, value));
  return number ? Value{*number} : Value{};
}

Value to_boolean_function(CallContext& context, StringArgs args) {
  const Value& value = args[0];
  if (value.kind() == Kind::boolean) return value;
  if (value.kind() == Kind::integer) return value.integer() != 0;
  const std::string word = lower_case(trimmed(string_argument(context, value), true, true));
  if (word == "true") return true;
  if (word == "false") return false;
  return {};
}

constexpr StaticType kStringType{Type::string};
constexpr StaticType kStringList{Type::list, Type::string};
constexpr TypeSet kStrings = types_of(Type::string);

constexpr std::array<Function, 18> kStringFunctions{{
    {"substring", 2, 3, substring_function, kStringType, kStrings},
    {"left", 2, 2, left_function, kStringType, kStrings},
    {"right", 2, 2, right_function, kStringType, kStrings},
    {"trim", 1, 1, trim_function<true, true>, kStringType, kStrings},
    {"ltrim", 1, 1, trim_function<true, false>, kStringType, kStrings},
    {"rtrim", 1, 1, trim_function<false, true>, kStringType, kStrings},
    {"tolower", 1, 1, lower_function, kStringType, kStrings},
    {"lower", 1, 1, lower_function, kStringType, kStrings},
    {"toupper", 1, 1, upper_function, kStringType, kStrings},
    {"upper", 1, 1, upper_function, kStringType, kStrings},
    {"replace", 3, 3, replace_function, kStringType, kStrings},
    {"split", 2, 2, split_function, kStringList, kStrings},
    {"tostring", 1, 1, to_string_function, kStringType},
    {"tointeger", 1, 1, to_integer_function, {Type::integer}},
    {"toint", 1, 1, to_integer_function, {Type::integer}},
    {"tofloat", 1, 1, to_float_function, {Type::floating}},
    {"toboolean", 1, 1, to_boolean_function, {Type::boolean}},
    {"tobool", 1, 1, to_boolean_function, {Type::boolean}},
}};

}  // namespace

std::span<const Function> string_functions() noexcept {
  return kStringFunctions;
}

}  // namespace hart::prov::cypher
