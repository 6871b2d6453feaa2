#include "nn/rope.h"

#include <cmath>

namespace hart::nn {

void rope_angles(std::span<const double> frequencies, std::uint32_t position, float* cosines,
                 float* sines) noexcept {
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double angle = position * frequencies[i];
    cosines[i] = static_cast<float>(std::cos(angle));
    sines[i] = static_cast<float>(std::sin(angle));
  }
}

void rotate_pairs(float* x, std::size_t n_heads, std::size_t head_dim, std::size_t pairs,
                  const float* cosines, const float* sines) noexcept {
  for (std::size_t head = 0; head < n_heads; ++head, x += head_dim) {
    for (std::size_t i = 0; i < pairs; ++i) {
      const float even = x[2 * i];
      const float odd = x[2 * i + 1];
      x[2 * i] = even * cosines[i] - odd * sines[i];
      x[2 * i + 1] = even * sines[i] + odd * cosines[i];
    }
  }
}

}  // namespace hart::nn
