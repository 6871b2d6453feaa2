#include "common/number_array.h"

#include <charconv>
#include <cmath>
#include <cstddef>

namespace hart::cli {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

const char* skip_blanks(const char* at, const char* end) noexcept {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) ++at;
  return at;
}

/// Reads a JSON number: std::from_chars alone would take "nan", ".5", "1." and "01".
/// Returns where it ends, or null.
const char* read_number(const char* at, const char* end, float& number) noexcept {
  const char* digits = at < end && *at == '-' ? at + 1 : at;
  if (digits == end || !is_digit(*digits)) return nullptr;
  if (*digits == '0' && digits + 1 < end && is_digit(digits[1])) return nullptr;
  double value = 0;
  const auto [stop, error] = std::from_chars(at, end, value);
  if (error != std::errc{} || stop[-1] == '.') return nullptr;
  for (const char* c = digits; c < stop; ++c)
    if (*c == '.' && !is_digit(c[1])) return nullptr;
  number = static_cast<float>(value);
  return std::isfinite(number) ? stop : nullptr;
}

/// Reads "[ number, … ]" from its bracket on. Returns where it ends, or null.
const char* read_array(const char* at, const char* end, std::vector<float>& numbers) {
  do {
    float number = 0;
    at = read_number(skip_blanks(at + 1, end), end, number);
    if (at == nullptr) return nullptr;
    numbers.push_back(number);
    at = skip_blanks(at, end);
  } while (at < end && *at == ',');
  return at < end && *at == ']' ? at + 1 : nullptr;
}

/// The end of the only `"key"` in `text`, where a colon and a bracket follow; else null. A
/// quote that is escaped stands inside a string, any other before a colon ends a key.
const char* find_array(std::string_view text, std::string_view key) {
  const std::string quoted = '"' + std::string{key} + '"';
  const std::size_t found = text.find(quoted);
  if (found == std::string_view::npos || (found > 0 && text[found - 1] == '\\')) return nullptr;
  if (text.find(quoted, found + 1) != std::string_view::npos) return nullptr;
  const char* const end = text.data() + text.size();
  const char* at = skip_blanks(text.data() + found + quoted.size(), end);
  if (at == end || *at != ':') return nullptr;
  at = skip_blanks(at + 1, end);
  return at < end && *at == '[' ? at : nullptr;
}

}  // namespace

bool take_numbers(std::string& text, std::string_view key, std::vector<float>& numbers) {
  const char* const begin = find_array(text, key);
  if (begin == nullptr) return false;
  std::vector<float> read;
  read.reserve(numbers.capacity());
  const char* const stop = read_array(begin, text.data() + text.size(), read);
  if (stop == nullptr) return false;
  text.replace(static_cast<std::size_t>(begin - text.data()),
               static_cast<std::size_t>(stop - begin), "null");
  numbers = std::move(read);
  return true;
}

}  // namespace hart::cli
