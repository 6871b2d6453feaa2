#include "bill/exact.h"

#include <algorithm>
#include <limits>

#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

[[noreturn]] void throw_range(const char* what, const char* of) {
  throw Error{Fault::data, std::string{what} + ": " + of + " is out of range"};
}

}  // namespace

Wide multiply_wide(Wide a, Wide b, const char* what) {
  Wide product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw_range(what, "product");
  return product;
}

Wide add_wide(Wide a, Wide b, const char* what) {
  Wide sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw_range(what, "sum");
  return sum;
}

Wide power_of_ten(int places) noexcept {
  Wide power = 1;
  for (int i = 0; i < places; ++i) power *= 10;
  return power;
}

Wide divide_half_even(Wide dividend, Wide divisor) noexcept {
  Wide quotient = dividend / divisor;
  Wide rest = dividend % divisor;
  const int sign = rest < 0 ? -1 : 1;
  if (rest < 0) rest = -rest;
  // Compared with what is left to the divisor, so that nothing is doubled past the range.
  const Wide missing = divisor - rest;
  if (rest > missing || (rest == missing && quotient % 2 != 0)) quotient += sign;
  return quotient;
}

std::int64_t round_to_micros(Wide value, int places, int keep, const char* what) {
  const Wide kept = divide_half_even(value, power_of_ten(places - keep));
  const Wide micros = multiply_wide(kept, power_of_ten(kMicroPlaces - keep), what);
  if (micros > std::numeric_limits<std::int64_t>::max() ||
      micros < -Wide{std::numeric_limits<std::int64_t>::max()})
    throw_range(what, "amount");
  return static_cast<std::int64_t>(micros);
}

std::string format_wide(Wide value, int places) {
  const bool negative = value < 0;
  std::string digits;
  for (Wide rest = negative ? -value : value; rest > 0; rest /= 10)
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  const auto fraction = static_cast<std::size_t>(places);
  if (digits.size() <= fraction) digits.append(fraction + 1 - digits.size(), '0');
  std::ranges::reverse(digits);
  if (fraction > 0) {
    digits.insert(digits.size() - fraction, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative ? '-' + digits : digits;
}

}  // namespace hart::bill
