#include "tensor/quant_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hart::tensor {
namespace {

/// Σ w x l and Σ w l², whose quotient is the scale of least squares for the levels l.
struct Moments {
  float product = 0;
  float square = 0;

  void add(float weight, float value, int level) noexcept {
    const auto l = static_cast<float>(level);
    product += weight * value * l;
    square += weight * l * l;
  }
  /// As add, once for the level that the element leaves.
  void remove(float weight, float value, int level) noexcept {
    const auto l = static_cast<float>(level);
    product -= weight * value * l;
    square -= weight * l * l;
  }
  [[nodiscard]] float scale() const noexcept { return square > 0 ? product / square : 0; }
  /// Whether these levels leave a smaller error than `other`, in products only.
  [[nodiscard]] bool better_than(const Moments& other) const noexcept {
    return product * product * other.square > other.product * other.product * square;
  }
};

int symmetric_level(float scaled, int limit) noexcept {
  return std::clamp(nearest_int(scaled), -limit, limit - 1);
}

void store_symmetric(std::span<const float> values, float inverse, int limit,
                     std::uint8_t* levels) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i)
    levels[i] = static_cast<std::uint8_t>(limit + symmetric_level(inverse * values[i], limit));
}

/// values ≈ scale × levels + least
struct Line {
  float scale;
  float least;
};

struct WeightedSums {
  float w;
  float x;
};
WeightedSums weighted_sums(std::span<const float> values, const float* weights) noexcept {
  WeightedSums sums{weights[0], weights[0] * values[0]};
  for (std::size_t i = 1; i < values.size(); ++i) {
    sums.w += weights[i];
    sums.x += weights[i] * values[i];
  }
  return sums;
}

/// Σ w l, Σ w l² and Σ w l x.
struct AffineMoments {
  float l = 0;
  float l2 = 0;
  float xl = 0;
};

/// Rounds (values - least) × inverse to levels in [0, top].
AffineMoments affine_levels(std::span<const float> values, const float* weights, float least,
                            float inverse, int top, std::uint8_t* levels) noexcept {
  AffineMoments sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int level = std::clamp(nearest_int(inverse * (values[i] - least)), 0, top);
    levels[i] = static_cast<std::uint8_t>(level);
    const auto l = static_cast<float>(level);
    sums.l += weights[i] * l;
    sums.l2 += weights[i] * l * l;
    sums.xl += weights[i] * l * values[i];
  }
  return sums;
}

/// The line of least squares, through the origin where it would begin above it.
Line least_squares(const AffineMoments& sums, float sum_w, float sum_x) noexcept {
  const float determinant = sum_w * sums.l2 - sums.l * sums.l;
  const float least = (sums.l2 * sum_x - sums.l * sums.xl) / determinant;
  if (least > 0) return {sums.xl / sums.l2, 0};
  return {(sum_w * sums.xl - sum_x * sums.l) / determinant, least};
}

float affine_error(std::span<const float> values, const float* weights,
                   const std::uint8_t* levels, const Line& line, bool absolute) noexcept {
  float error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float difference =
        line.scale * static_cast<float>(levels[i]) + line.least - values[i];
    error += weights[i] * (absolute ? std::fabs(difference) : difference * difference);
  }
  return error;
}

/// The inverse scale near top / most whose rounded levels leave the least error.
float search_positive(std::span<const float> values, const float* weights, int top,
                      float most) noexcept {
  const auto limit = static_cast<float>(top);
  const auto error_of = [&](float inverse) {
    const float scale = 1 / inverse;
    float error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int level = std::min(top, nearest_int(inverse * values[i]));
      const float difference = values[i] - scale * static_cast<float>(level);
      error += weights[i] * difference * difference;
    }
    return error;
  };
  float inverse = limit / most;
  float least = error_of(inverse);
  for (int step = -4; step <= 4; ++step) {
    if (step == 0) continue;
    const float other = (0.1f * static_cast<float>(step) + limit) / most;
    const float error = error_of(other);
    if (!(error < least)) continue;
    least = error;
    inverse = other;
  }
  return inverse;
}

}  // namespace

float extreme_value(const float* values, std::size_t n) noexcept {
  float most = 0;
  float signed_most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::fabs(values[i]) <= most) continue;
    most = std::fabs(values[i]);
    signed_most = values[i];
  }
  return signed_most;
}

float sum_of_squares(const float* values, std::size_t n) noexcept {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += values[i] * values[i];
  return sum;
}

void weigh(const float* values, const float* importance, float variance,
           std::span<float> weights) noexcept {
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = importance[i] * std::sqrt(variance + values[i] * values[i]);
}

float fit_symmetric(std::span<const float> values, const float* weights, int limit,
                    std::uint8_t* levels) noexcept {
  std::fill_n(levels, values.size(), std::uint8_t{0});
  const float extreme = extreme_value(values.data(), values.size());
  if (std::fabs(extreme) < kLeastMagnitude) return 0;
  const auto moments = [&](float inverse) {
    Moments sums;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float weight = weights != nullptr ? weights[i] : values[i] * values[i];
      sums.add(weight, values[i], symmetric_level(inverse * values[i], limit));
    }
    return sums;
  };
  float inverse = static_cast<float>(-limit) / extreme;
  store_symmetric(values, inverse, limit, levels);
  const Moments first = moments(inverse);
  float scale = first.square != 0 ? first.product / first.square : 0;
  float best = scale * first.product;
  for (int step = -9; step <= 9; ++step) {
    if (step == 0) continue;
    inverse = -(static_cast<float>(limit) + 0.1f * static_cast<float>(step)) / extreme;
    const Moments sums = moments(inverse);
    if (!(sums.square > 0 && sums.product * sums.product > best * sums.square)) continue;
    store_symmetric(values, inverse, limit, levels);
    scale = sums.product / sums.square;
    best = scale * sums.product;
  }
  return scale;
}

float fit_symmetric_stepwise(std::span<const float> values, int limit,
                             std::uint8_t* levels) noexcept {
  const std::size_t n = values.size();
  std::fill_n(levels, n, std::uint8_t{0});
  const float extreme = extreme_value(values.data(), n);
  if (std::fabs(extreme) < kLeastMagnitude) return 0;
  const float inverse = static_cast<float>(-limit) / extreme;
  std::array<int, kMaxGroup> current;
  Moments sums;
  for (std::size_t i = 0; i < n; ++i) {
    current[i] = symmetric_level(inverse * values[i], limit);
    sums.add(values[i] * values[i], values[i], current[i]);
  }
  bool changed = true;
  for (int round = 0; round < 5 && changed; ++round) {
    changed = false;
    for (std::size_t i = 0; i < n; ++i) {
      const float weight = values[i] * values[i];
      Moments without = sums;
      without.remove(weight, values[i], current[i]);
      if (!(without.product > 0)) continue;
      const int level = symmetric_level(values[i] * without.square / without.product, limit);
      if (level == current[i]) continue;
      without.add(weight, values[i], level);
      if (!(without.square > 0 && without.better_than(sums))) continue;
      current[i] = level;
      sums = without;
      changed = true;
    }
  }
  for (std::size_t i = 0; i < n; ++i) levels[i] = static_cast<std::uint8_t>(current[i] + limit);
  return sums.scale();
}

AffineFit fit_affine(std::span<const float> values, const float* weights, int top,
                     const AffineSearch& search, std::uint8_t* levels) noexcept {
  const std::size_t n = values.size();
  const auto limit = static_cast<float>(top);
  const auto [lowest, most] = std::minmax_element(values.begin(), values.end());
  float least = std::min(*lowest, 0.0f);
  if (*most == least) {
    std::fill_n(levels, n, std::uint8_t{0});
    return {0, -least};
  }
  const auto [sum_w, sum_x] = weighted_sums(values, weights);
  float scale = 1 / (limit / (*most - least));
  (void)affine_levels(values, weights, least, limit / (*most - least), top, levels);
  float best = affine_error(values, weights, levels, {scale, least}, search.absolute);
  std::array<std::uint8_t, kMaxGroup> tried;
  for (int i = 0; i <= search.tries; ++i) {
    const float inverse =
        (search.first + search.step * static_cast<float>(i) + limit) / (*most - least);
    const auto sums = affine_levels(values, weights, least, inverse, top, tried.data());
    if (!(sum_w * sums.l2 - sums.l * sums.l > 0)) continue;
    const Line line = least_squares(sums, sum_w, sum_x);
    const float error = affine_error(values, weights, tried.data(), line, search.absolute);
    if (!(error < best)) continue;
    std::copy_n(tried.begin(), n, levels);
    best = error;
    scale = line.scale;
    least = line.least;
  }
  return {scale, -least};
}

float fit_positive(std::span<const float> values, const float* weights, int top,
                   std::uint8_t* levels) noexcept {
  const std::size_t n = values.size();
  std::fill_n(levels, n, std::uint8_t{0});
  float most = 0;
  for (const float value : values) most = std::max(most, value);
  if (most < kLeastMagnitude) return 0;
  const float inverse = search_positive(values, weights, top, most);
  Moments sums;
  for (std::size_t i = 0; i < n; ++i) {
    const int level = std::min(top, nearest_int(inverse * values[i]));
    levels[i] = static_cast<std::uint8_t>(level);
    sums.add(weights[i], values[i], level);
  }
  bool changed = true;
  for (int round = 0; round < 5 && changed; ++round) {
    changed = false;
    for (std::size_t i = 0; i < n; ++i) {
      Moments without = sums;
      without.remove(weights[i], values[i], levels[i]);
      if (!(without.product > 0 && without.square > 0)) continue;
      const int level =
          std::min(top, nearest_int(values[i] * without.square / without.product));
      if (level == levels[i]) continue;
      without.add(weights[i], values[i], level);
      if (!without.better_than(sums)) continue;
      levels[i] = static_cast<std::uint8_t>(level);
      sums = without;
      changed = true;
    }
  }
  return sums.scale();
}

}  // namespace hart::tensor
