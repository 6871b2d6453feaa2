#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hart::tensor {

/// The sixteen levels of iq4_nl and iq4_xs, denser near zero (kvalues_iq4nl in ggml-common.h).
inline constexpr std::array<std::int8_t, 16> kIq4Levels{
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Twice the values of E2M1, the 4-bit float of the OCP Microscaling Formats specification 1.0:
/// a sign, two bits of exponent, one of mantissa. Types that use it halve their scale to match.
inline constexpr std::array<std::int8_t, 16> kTwiceE2m1{0, 1,  2,  3,  4,  6,  8,  12,
                                                        0, -1, -2, -3, -4, -6, -8, -12};

/// 2^(exponent - 128), half of what an E8M0 scale says; the first two are subnormal. The 255
/// that the specification calls NaN is taken for a power as well, as ggml does.
[[nodiscard]] inline float half_e8m0(std::uint8_t exponent) noexcept {
  const std::uint32_t bits =
      exponent < 2 ? 0x00200000u << exponent : static_cast<std::uint32_t>(exponent - 1) << 23;
  return std::bit_cast<float>(bits);
}

}  // namespace hart::tensor
