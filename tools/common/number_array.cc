#include "common/number_array.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.h"
#include "core/error.h"

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

/// A row of digits that is being read.
struct Digits {
  std::uint64_t value = 0;
  std::size_t count = 0;
  const char* stop = nullptr;  ///< behind the last one
};

constexpr std::size_t kMostDigits = 19;  ///< whose value stays below 2^64

constexpr std::array<std::uint32_t, 8> kSmallPowersOfTen{
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};

/// The value of eight digits, or of fewer behind bytes of which the low half is 0. Three
/// multiplications join neighbours to pairs, pairs to fours and fours to eight.
std::uint64_t join_digits(std::uint64_t bytes) noexcept {
  bytes = (bytes & 0x0F0F0F0F0F0F0F0F) * (10 << 8 | 1) >> 8;
  bytes = (bytes & 0x00FF00FF00FF00FF) * (100 << 16 | 1) >> 16;
  return (bytes & 0x0000FFFF0000FFFF) * (std::uint64_t{10'000} << 32 | 1) >> 32;
}

/// Reads up to eight digits at once, of eight characters that are there. Returns whether all
/// were digits: their high half is 3, and still is when 6 is added.
inline bool read_eight(Digits& digits) noexcept {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bytes;
  std::memcpy(&bytes, digits.stop, sizeof bytes);
  const std::uint64_t others =
      ((bytes & 0xF0F0F0F0F0F0F0F0) ^ 0x3030303030303030) |
      (((bytes + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) ^ 0x3030303030303030);
  if (others == 0) {
    digits.value = digits.value * 100'000'000 + join_digits(bytes);
    digits.count += 8;
    digits.stop += 8;
    return true;
  }
  const auto count = static_cast<std::size_t>(std::countr_zero(others)) / 8;
  // Shifts out what follows the digits, in two steps since it may be all of the 64 bits.
  const std::size_t half_shift = 4 * (8 - count);
  bytes = bytes << half_shift << half_shift;
  digits.value = digits.value * kSmallPowersOfTen[count] + join_digits(bytes);
  digits.count += count;
  digits.stop += count;
  return false;
}

/// Appends what follows to `digits`. Their value is right when they are 19 at most in all.
inline void read_digits(const char* end, Digits& digits) noexcept {
  while (end - digits.stop >= 8)
    if (!read_eight(digits)) return;
  while (digits.stop < end && is_digit(*digits.stop)) {
    digits.value = digits.value * 10 + static_cast<std::uint64_t>(*digits.stop - '0');
    ++digits.count;
    ++digits.stop;
  }
}

/// The same for the digits before the point: mostly one.
inline void read_first_digits(const char* end, Digits& digits) noexcept {
  if (end - digits.stop >= 2 && is_digit(*digits.stop) && digits.stop[1] == '.') {
    digits.value = static_cast<std::uint64_t>(*digits.stop - '0');
    digits.count = 1;
    ++digits.stop;
  } else {
    read_digits(end, digits);
  }
}

constexpr std::array<double, 19> kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                              1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                              1e14, 1e15, 1e16, 1e17, 1e18};

/// Reads a number without an exponent, of at most 19 digits. Returns where it ends; null when
/// it is another, or its value is not certain: then `read_number` has to.
///
/// The division below rounds twice, so that its result lies within three units in the last
/// place of the correctly rounded binary64. Both round to the same binary32, unless the middle
/// between two of those lies so near: in the 29 bits that are dropped it is 2^28.
const char* read_short_number(const char* at, const char* end, float& number) noexcept {
  const bool negative = at < end && *at == '-';
  Digits digits;
  digits.stop = at + negative;
  read_first_digits(end, digits);
  const std::size_t before = digits.count;
  if (before == 0 || (before > 1 && at[negative] == '0')) return nullptr;
  if (digits.stop < end && *digits.stop == '.') {
    ++digits.stop;
    read_digits(end, digits);
    if (digits.count == before) return nullptr;
  }
  if (digits.count > kMostDigits) return nullptr;
  if (digits.stop < end && (*digits.stop == 'e' || *digits.stop == 'E' || *digits.stop == '.'))
    return nullptr;
  // No value but 0 is below 10^-18 here, and none above 10^19: all are normal as binary32.
  const double value = static_cast<double>(digits.value) / kPowersOfTen[digits.count - before];
  constexpr std::uint64_t kDropped = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t kMiddle = std::uint64_t{1} << 28;
  constexpr std::uint64_t kUncertain = 4;
  const std::uint64_t dropped = std::bit_cast<std::uint64_t>(value) & kDropped;
  if (dropped - (kMiddle - kUncertain) <= 2 * kUncertain) return nullptr;
  number = static_cast<float>(negative ? -value : value);
  return digits.stop;
}

/// Reads "[ number, … ]" from its bracket on. Returns where it ends, or null.
const char* read_array(const char* at, const char* end, std::vector<float>& numbers) {
  do {
    float number = 0;
    const char* const begin = skip_blanks(at + 1, end);
    at = read_short_number(begin, end, number);
    if (at == nullptr) at = read_number(begin, end, number);
    if (at == nullptr) return nullptr;
    numbers.push_back(number);
    at = skip_blanks(at, end);
  } while (at < end && *at == ',');
  return at < end && *at == ']' ? at + 1 : nullptr;
}

/// Reads a string without escapes from its quote on. Returns where it ends, or null.
const char* read_string(const char* at, const char* end, std::string_view& string) noexcept {
  if (at == end || *at != '"') return nullptr;
  const auto* const quote = static_cast<const char*>(
      std::memchr(at + 1, '"', static_cast<std::size_t>(end - at - 1)));
  if (quote == nullptr) return nullptr;
  string = {at + 1, static_cast<std::size_t>(quote - at - 1)};
  return quote + 1;
}

bool decode_floats(std::string_view base64, std::vector<float>& numbers) {
  ByteBuffer bytes;
  try {
    bytes = from_base64(base64);
  } catch (const Error&) {
    return false;  // among others on a backslash, as an escape begins with
  }
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) return false;
  numbers.resize(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  for (const float number : numbers)
    if (!std::isfinite(number)) return false;
  return true;
}

/// Reads `{"dtype":"f32","base64":"…"}` from its brace on. Returns where it ends, or null.
const char* read_packed(const char* at, const char* end, std::vector<float>& numbers) {
  std::string_view dtype;
  std::string_view base64;
  for (int member = 0; member < 2; ++member) {
    std::string_view key;
    at = read_string(skip_blanks(at + 1, end), end, key);
    if (at == nullptr || (key != "dtype" && key != "base64")) return nullptr;
    at = skip_blanks(at, end);
    if (at == end || *at != ':') return nullptr;
    at = read_string(skip_blanks(at + 1, end), end, key == "dtype" ? dtype : base64);
    if (at == nullptr) return nullptr;
    at = skip_blanks(at, end);
    if (at == end || *at != (member == 0 ? ',' : '}')) return nullptr;
  }
  return dtype == "f32" && decode_floats(base64, numbers) ? at + 1 : nullptr;
}

/// Where the value of the only `"key"` in `text` begins; null when there is none. A quote that
/// is escaped stands inside a string, any other before a colon ends a key.
const char* find_value(std::string_view text, std::string_view key) {
  const std::string quoted = '"' + std::string{key} + '"';
  const std::size_t found = text.find(quoted);
  if (found == std::string_view::npos || (found > 0 && text[found - 1] == '\\')) return nullptr;
  if (text.find(quoted, found + 1) != std::string_view::npos) return nullptr;
  const char* const end = text.data() + text.size();
  const char* at = skip_blanks(text.data() + found + quoted.size(), end);
  if (at == end || *at != ':') return nullptr;
  at = skip_blanks(at + 1, end);
  return at < end ? at : nullptr;
}

}  // namespace

bool take_numbers(std::string& text, std::string_view key, std::vector<float>& numbers) {
  const char* const begin = find_value(text, key);
  if (begin == nullptr || (*begin != '[' && *begin != '{')) return false;
  std::vector<float> read;
  read.reserve(numbers.capacity());
  const char* const end = text.data() + text.size();
  const char* const stop =
      *begin == '[' ? read_array(begin, end, read) : read_packed(begin, end, read);
  if (stop == nullptr) return false;
  text.replace(static_cast<std::size_t>(begin - text.data()),
               static_cast<std::size_t>(stop - begin), "null");
  numbers = std::move(read);
  return true;
}

}  // namespace hart::cli
