#include "index/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "index/cell_kernels.h"

namespace hart::index {
namespace {

/// Where parts overlap, every second round turns the other end.
constexpr std::size_t kRoundsWhole = 3;
constexpr std::size_t kRoundsInParts = 6;

}  // namespace

std::size_t RandomRotation::padded_length(std::size_t dims) noexcept {
  return (dims + 63) / 64 * 64;
}

RandomRotation::RandomRotation(std::size_t dims, std::uint64_t seed)
    : dims_{dims}, padded_{padded_length(dims)}, part_{std::bit_floor(padded_)} {
  std::mt19937_64 random{seed};
  const float scale = 1 / std::sqrt(static_cast<float>(part_));
  const std::size_t rounds = part_ == padded_ ? kRoundsWhole : kRoundsInParts;
  signs_.resize(rounds * part_);
  for (float& sign : signs_) sign = (random() & 1U) != 0 ? scale : -scale;
}

void RandomRotation::apply(std::span<const float> vector, std::span<float> out) const noexcept {
  std::copy(vector.begin(), vector.end(), out.begin());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(dims_), out.end(), 0.0F);
  const CellKernels& kernels = cell_kernels();
  for (std::size_t round = 0; round * part_ < signs_.size(); ++round) {
    float* part = out.data() + (round % 2 == 0 ? 0 : padded_ - part_);
    const float* signs = signs_.data() + round * part_;
    for (std::size_t i = 0; i < part_; ++i) part[i] *= signs[i];
    kernels.hadamard(part, part_);
  }
}

}  // namespace hart::index
