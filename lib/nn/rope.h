#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::nn {

/// cosines[i], sines[i] = cos, sin of position * frequencies[i], computed in double.
void rope_angles(std::span<const double> frequencies, std::uint32_t position, float* cosines,
                 float* sines) noexcept;

/// Rotates the adjacent pairs (2i, 2i + 1) of each head of `x` (n_heads, head_dim) by the
/// angles of its position, for i < pairs; what is behind them stays. This is the pairing of
/// GGUF's architecture "llama". Source: J. Su et al., "RoFormer", 2021, equation 34.
void rotate_pairs(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t pairs,
                  const float* cosines, const float* sines) noexcept;

}  // namespace hart::nn
