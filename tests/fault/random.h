#pragma once

#include <cstdint>

namespace hart::fault {

/// A stream of numbers that a seed determines on every machine.
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014 (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// In [0, n); n > 0.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  /// True `percent` times of a hundred.
  bool chance(unsigned percent) noexcept { return below(100) < percent; }
  /// In [0, 1).
  double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// A stream of its own for a part of the work.
  Random split() noexcept { return Random{next()}; }

 private:
  std::uint64_t state_;
};

}  // namespace hart::fault
