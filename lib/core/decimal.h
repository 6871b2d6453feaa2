#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hart {

/// Exact decimals are whole numbers with a number of decimal places that the context fixes: the
/// value 1 250 000 with 6 places is 1.25. Money, rates and units have 6 places ("micros"),
/// multipliers 4. No value ever passes through floating point.
inline constexpr int kMicroPlaces = 6;
inline constexpr int kMultiplierPlaces = 4;
/// The most places that a decimal may have.
inline constexpr int kMaxDecimalPlaces = 18;

/// Parses an optional minus sign, digits, and optionally a point and at most `places` digits:
/// "12", "-0.5". No exponent, no plus sign, no spaces. Throws Error(data, "<what>: ...") on any
/// other text, on more places than `places`, and on a value that does not fit.
[[nodiscard]] std::int64_t parse_decimal(std::string_view text, int places,
                                         const std::string& what);

/// The inverse, with all `places` digits: 1 250 000 with 6 places is "1.250000".
[[nodiscard]] std::string format_decimal(std::int64_t value, int places);

/// The same without the zeros at the end: "1.25", "3".
[[nodiscard]] std::string format_decimal_short(std::int64_t value, int places);

/// One factor of a product: `value` × 10^-places.
struct DecimalFactor {
  std::int64_t value;
  int places;
};

/// The product of the factors, computed exactly and rounded once, half to even, to `places`. At
/// most five factors; their places sum to at least `places`. Throws Error(data, "<what>: ...")
/// when the result does not fit.
[[nodiscard]] std::int64_t multiply_decimals(std::span<const DecimalFactor> factors, int places,
                                             const std::string& what);

/// a + b. Throws Error(data, "<what>: sum is out of range").
[[nodiscard]] std::int64_t add_decimals(std::int64_t a, std::int64_t b, const char* what);

}  // namespace hart
