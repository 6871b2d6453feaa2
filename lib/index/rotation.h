#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hart::index {

/// A random rotation of vectors of one length, made from a seed: rounds of random signs and
/// Walsh–Hadamard transforms of overlapping parts. It keeps lengths and angles and spreads
/// every vector evenly over the axes, which one bit an axis needs. Costs O(dims log dims).
/// Source: N. Ailon and B. Chazelle, "The fast Johnson–Lindenstrauss transform", SIAM J.
/// Comput. 39, 2009.
class RandomRotation {
 public:
  /// `dims` ≥ 1.
  RandomRotation(std::size_t dims, std::uint64_t seed);

  /// Length of what comes out: `dims` rounded up to a multiple of 64.
  [[nodiscard]] std::size_t padded() const noexcept { return padded_; }
  [[nodiscard]] static std::size_t padded_length(std::size_t dims) noexcept;

  /// Rotates `vector` (dims) into `out` (padded). The same bits on every processor.
  void apply(std::span<const float> vector, std::span<float> out) const noexcept;

 private:
  std::size_t dims_;
  std::size_t padded_;
  std::size_t part_;          ///< the largest power of two that is not above `padded_`
  std::vector<float> signs_;  ///< (rounds, part): ±1 / √part
};

}  // namespace hart::index
