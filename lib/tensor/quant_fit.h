#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::tensor {

// Searches for the scale of a group of at most kMaxGroup elements. They follow ggml-quants.c
// operation by operation (make_qx_quants, make_q3_quants, make_qkx2_quants, make_qp_quants), so
// that scales and levels are the same bit for bit; the sums are therefore in the order of the
// elements and in binary32.

inline constexpr std::size_t kMaxGroup = 32;

/// Groups whose values all lie below this count as zeros.
inline constexpr float kLeastMagnitude = 1e-15f;

/// The nearest integer, ties to even, of |value| < 2^22. Anything else gives some integer in
/// [-2^22, 2^22), the same everywhere.
[[nodiscard]] inline int nearest_int(float value) noexcept {
  // 1.5 × 2^23 makes the unit the last bit of the mantissa, so the addition rounds.
  const auto bits = std::bit_cast<std::uint32_t>(value + 12582912.0f);
  return static_cast<int>(bits & 0x7FFFFF) - 0x400000;
}

/// The value of largest magnitude with its sign, the first of several; 0 of none.
[[nodiscard]] float extreme_value(const float* values, std::size_t n) noexcept;
[[nodiscard]] float sum_of_squares(const float* values, std::size_t n) noexcept;
/// weights[i] = importance[i] √(variance + values[i]²)
void weigh(const float* values, const float* importance, float variance,
           std::span<float> weights) noexcept;

/// Scale s so that values ≈ s (levels - limit), levels in [0, 2 limit): the best by weighted
/// squares of eighteen that stretch the extreme value a little, over the levels they round to.
/// Without `weights` a value weighs its square. Of zeros: 0, and all levels 0.
float fit_symmetric(std::span<const float> values, const float* weights, int limit,
                    std::uint8_t* levels) noexcept;

/// As fit_symmetric without weights, but improved element by element from the first guess for
/// at most five rounds.
float fit_symmetric_stepwise(std::span<const float> values, int limit,
                             std::uint8_t* levels) noexcept;

/// The inverse scales that fit_affine tries: (first + step i + top) over the range of the
/// values, for i from 0 to tries.
struct AffineSearch {
  float first;
  float step;
  int tries;
  bool absolute;  ///< judge by weighted absolute errors, not by squares
};
struct AffineFit {
  float scale;
  float offset;  ///< ≥ 0, subtracted
};
/// values ≈ scale × levels - offset, levels in [0, top].
AffineFit fit_affine(std::span<const float> values, const float* weights, int top,
                     const AffineSearch& search, std::uint8_t* levels) noexcept;

/// Scale s so that values ≈ s levels, levels in [0, top], of values ≥ 0.
float fit_positive(std::span<const float> values, const float* weights, int top,
                   std::uint8_t* levels) noexcept;

}  // namespace hart::tensor
