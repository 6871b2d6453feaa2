#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/architecture.h"

namespace hart::nn {

enum class RopeScaling : std::uint8_t {
  none,
  linear,    ///< every frequency divided by the factor
  yarn,      ///< B. Peng et al., "YaRN", 2023: low frequencies divided, high ones kept
  longrope,  ///< Y. Ding et al., "LongRoPE", 2024: a divisor for each frequency
};

/// Rotary position embeddings (J. Su et al., "RoFormer", 2021) and how they are stretched.
struct RopeParameters {
  std::uint32_t dims = 0;  ///< of a head that are turned: even
  double base = 10000;
  RopeScaling scaling = RopeScaling::none;
  double factor = 1;
  std::uint32_t original_context = 0;  ///< positions before the stretching
  double attention_factor = 1;         ///< what the yarn and longrope scalings multiply by
  double beta_fast = 32;               ///< yarn: turns over the context above which ...
  double beta_slow = 1;                ///< ... and below which frequencies are kept, divided
};

/// What turns a head: radians a position for each of dims / 2 pairs, and the factor that
/// cosines and sines are multiplied with.
struct RopeTable {
  std::vector<double> frequencies;
  double magnitude = 1;
};

/// `divisors` (dims / 2 or none) divide the frequencies beside the scaling.
[[nodiscard]] RopeTable make_rope_table(const RopeParameters& parameters,
                                        std::span<const float> divisors);

/// cosines[i], sines[i] = magnitude * cos, sin of position * frequencies[i], in double.
void rope_angles(const RopeTable& table, std::uint32_t position, float* cosines,
                 float* sines) noexcept;

/// Turns `pairs` pairs of each head of `x` (n_heads, head_dim) by the angles of its position;
/// what is behind the first 2 * pairs numbers of a head stays. RoFormer's equation 34.
void rotate_pairs(RopePairing pairing, float* x, std::size_t n_heads, std::size_t head_dim,
                  std::size_t pairs, const float* cosines, const float* sines) noexcept;

}  // namespace hart::nn
