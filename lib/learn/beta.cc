#include "learn/beta.h"

#include <cmath>
#include <numbers>

namespace hart::learn {
namespace {

/// A standard normal variate, by Box and Muller's transform.
double normal(std::mt19937_64& random) noexcept {
  const double radius = std::sqrt(-2 * std::log(uniform_01(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform_01(random));
}

/// A gamma variate of `shape` >= 1 and scale 1.
double gamma(double shape, std::mt19937_64& random) noexcept {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random);
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(uniform_01(random)) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace

double uniform_01(std::mt19937_64& random) noexcept {
  return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

double BetaPosterior::mean() const noexcept {
  return (static_cast<double>(successes) + 1) / (static_cast<double>(successes + failures) + 2);
}

double BetaPosterior::sample(std::mt19937_64& random) const noexcept {
  const double x = gamma(static_cast<double>(successes) + 1, random);
  const double y = gamma(static_cast<double>(failures) + 1, random);
  return x / (x + y);
}

}  // namespace hart::learn
