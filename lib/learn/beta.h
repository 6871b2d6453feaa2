#pragma once

#include <cstdint>
#include <random>

namespace hart::learn {

/// Uniform in (0, 1), from 53 bits: the same on every platform, unlike the standard library's
/// distributions.
[[nodiscard]] double uniform_01(std::mt19937_64& random) noexcept;

/// What counts of successes and failures say about a success rate, from a uniform prior:
/// Beta(successes + 1, failures + 1).
struct BetaPosterior {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;

  /// Laplace's rule of succession: (s + 1) / (s + f + 2).
  [[nodiscard]] double mean() const noexcept;

  /// One draw, in (0, 1), as X / (X + Y) of two gamma variates.
  /// Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables",
  /// ACM TOMS 26(3), 2000.
  [[nodiscard]] double sample(std::mt19937_64& random) const noexcept;
};

}  // namespace hart::learn
