#pragma once

#include <cstdint>
#include <string>

namespace hart::bill {

/// An exact decimal between int64 micros and a price: a whole number with as many places as its
/// name says, up to 1.7 × 10^38 / 10^places.
using Wide = __int128;

/// Places of a quantity that multipliers were applied to: 6 of units, 4 of each multiplier.
inline constexpr int kQuantityPlaces = 18;
/// Places of a quantity × a rate.
inline constexpr int kChargePlaces = 24;

/// a × b and a + b. Throw Error(data, "<what>: ... is out of range").
[[nodiscard]] Wide multiply_wide(Wide a, Wide b, const char* what);
[[nodiscard]] Wide add_wide(Wide a, Wide b, const char* what);

/// 10^places, places in [0, 38].
[[nodiscard]] Wide power_of_ten(int places) noexcept;

/// dividend / divisor rounded to a whole number, half to even. Precondition: divisor > 0.
[[nodiscard]] Wide divide_half_even(Wide dividend, Wide divisor) noexcept;

/// A value of `places` (>= 6) as micros that are a multiple of 10^-keep, `keep` in [0, 6]:
/// rounded once, half to even. Throws Error(data) when it does not fit.
[[nodiscard]] std::int64_t round_to_micros(Wide value, int places, int keep, const char* what);

/// Without the zeros at the end: "1.25", "3".
[[nodiscard]] std::string format_wide(Wide value, int places);

}  // namespace hart::bill
