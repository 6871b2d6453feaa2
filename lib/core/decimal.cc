#include "core/decimal.h"

#include <array>
#include <cassert>
#include <limits>

#include "core/error.h"

namespace hart {
namespace {

constexpr std::uint64_t kMaxMagnitude = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// magnitude × 10 + digit; false when it would pass 2^63 - 1.
bool push_digit(std::uint64_t& magnitude, unsigned digit) {
  if (magnitude > (kMaxMagnitude - digit) / 10) return false;
  magnitude = magnitude * 10 + digit;
  return true;
}

/// An unsigned integer of 320 bits, least significant limb first: five factors of 63 bits fit.
class WideUnsigned {
 public:
  void multiply(std::uint64_t factor) noexcept {
    unsigned __int128 carry = 0;
    for (std::uint64_t& limb : limbs_) {
      carry += static_cast<unsigned __int128>(limb) * factor;
      limb = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    assert(carry == 0);
  }

  /// Divides by ten and returns the remainder.
  unsigned divide_by_ten() noexcept {
    unsigned __int128 rest = 0;
    for (std::size_t i = limbs_.size(); i-- > 0;) {
      rest = rest << 64 | limbs_[i];
      limbs_[i] = static_cast<std::uint64_t>(rest / 10);
      rest %= 10;
    }
    return static_cast<unsigned>(rest);
  }

  [[nodiscard]] bool fits_64() const noexcept {
    for (std::size_t i = 1; i < limbs_.size(); ++i)
      if (limbs_[i] != 0) return false;
    return true;
  }
  [[nodiscard]] std::uint64_t low() const noexcept { return limbs_[0]; }

 private:
  std::array<std::uint64_t, 5> limbs_{1};
};

std::uint64_t magnitude_of(std::int64_t value) noexcept {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

}  // namespace

std::int64_t parse_decimal(std::string_view text, int places, const std::string& what) {
  assert(places >= 0 && places <= kMaxDecimalPlaces);
  const auto fail = [&](const char* cause) {
    throw Error{Fault::data, what + ": '" + std::string{text} + "' " + cause};
  };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);

  const std::size_t point = rest.find('.');
  const std::string_view whole = rest.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view{} : rest.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()))
    fail("is not a decimal number");
  for (const char c : whole)
    if (!is_digit(c)) fail("is not a decimal number");
  for (const char c : fraction)
    if (!is_digit(c)) fail("is not a decimal number");
  if (fraction.size() > static_cast<std::size_t>(places)) fail("has too many decimal places");

  std::uint64_t magnitude = 0;
  for (const char c : whole)
    if (!push_digit(magnitude, static_cast<unsigned>(c - '0'))) fail("is out of range");
  for (int i = 0; i < places; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const unsigned digit = at < fraction.size() ? static_cast<unsigned>(fraction[at] - '0') : 0;
    if (!push_digit(magnitude, digit)) fail("is out of range");
  }
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

std::string format_decimal(std::int64_t value, int places) {
  assert(places >= 0 && places <= kMaxDecimalPlaces);
  std::string digits = std::to_string(magnitude_of(value));
  const auto fraction = static_cast<std::size_t>(places);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (fraction > 0) digits.insert(digits.size() - fraction, 1, '.');
  return value < 0 ? '-' + digits : digits;
}

std::string format_decimal_short(std::int64_t value, int places) {
  std::string text = format_decimal(value, places);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::int64_t multiply_decimals(std::span<const DecimalFactor> factors, int places,
                               const std::string& what) {
  assert(factors.size() <= 5);
  WideUnsigned product;
  int surplus = -places;
  bool negative = false;
  for (const DecimalFactor& factor : factors) {
    product.multiply(magnitude_of(factor.value));
    surplus += factor.places;
    negative ^= factor.value < 0;
  }
  assert(surplus >= 0);

  // Only the last digit dropped and whether anything nonzero went before it decide the
  // rounding.
  unsigned dropped = 0;
  bool sticky = false;
  for (; surplus > 0; --surplus) {
    sticky |= dropped != 0;
    dropped = product.divide_by_ten();
  }
  const auto fail = [&] { throw Error{Fault::data, what + ": product is out of range"}; };
  if (!product.fits_64() || product.low() > kMaxMagnitude) fail();
  std::uint64_t magnitude = product.low();
  const bool odd = (magnitude & 1) != 0;
  if (dropped > 5 || (dropped == 5 && (sticky || odd))) ++magnitude;
  if (magnitude > kMaxMagnitude) fail();
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

std::int64_t add_decimals(std::int64_t a, std::int64_t b, const char* what) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    throw Error{Fault::data, std::string{what} + ": sum is out of range"};
  return sum;
}

}  // namespace hart
