#include "nn/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hart::nn {
namespace {

/// The pair that turns `turns` times over the original context (YaRN, section 3.2).
double pair_of_turns(const RopeParameters& p, double turns) noexcept {
  return p.dims * std::log(p.original_context / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(p.base));
}

/// The share of each frequency that stays as it is; the rest of it is divided by the factor.
std::vector<double> yarn_shares(const RopeParameters& p) {
  const double low = std::max(0.0, std::floor(pair_of_turns(p, p.beta_fast)));
  const double high = std::min(p.dims - 1.0, std::ceil(pair_of_turns(p, p.beta_slow)));
  std::vector<double> shares(p.dims / 2);
  for (std::size_t i = 0; i < shares.size(); ++i)
    shares[i] =
        1 - std::clamp((static_cast<double>(i) - low) / std::max(0.001, high - low), 0.0, 1.0);
  return shares;
}

double magnitude_of(const RopeParameters& p) noexcept {
  if (p.scaling == RopeScaling::longrope) return p.attention_factor;
  if (p.scaling != RopeScaling::yarn) return 1;
  return p.attention_factor * (1 + 0.1 * std::log(std::max(1.0, p.factor)));
}

inline void turn(float& a, float& b, float cosine, float sine) noexcept {
  const float first = a;
  a = first * cosine - b * sine;
  b = first * sine + b * cosine;
}

}  // namespace

RopeTable make_rope_table(const RopeParameters& p, std::span<const float> divisors) {
  RopeTable table{std::vector<double>(p.dims / 2), magnitude_of(p)};
  const std::vector<double> shares =
      p.scaling == RopeScaling::yarn ? yarn_shares(p) : std::vector<double>{};
  for (std::size_t i = 0; i < table.frequencies.size(); ++i) {
    double& frequency = table.frequencies[i];
    frequency = std::pow(p.base, -2.0 * static_cast<double>(i) / p.dims);
    if (p.scaling == RopeScaling::linear) frequency /= p.factor;
    if (!shares.empty())
      frequency = frequency / p.factor * (1 - shares[i]) + frequency * shares[i];
    if (!divisors.empty()) frequency /= divisors[i];
  }
  return table;
}

void rope_angles(const RopeTable& table, std::uint32_t position, float* cosines,
                 float* sines) noexcept {
  for (std::size_t i = 0; i < table.frequencies.size(); ++i) {
    const double angle = position * table.frequencies[i];
    cosines[i] = static_cast<float>(table.magnitude * std::cos(angle));
    sines[i] = static_cast<float>(table.magnitude * std::sin(angle));
  }
}

void rotate_pairs(RopePairing pairing, float* x, std::size_t n_heads, std::size_t head_dim,
                  std::size_t pairs, const float* cosines, const float* sines) noexcept {
  const bool adjacent = pairing == RopePairing::adjacent;
  const std::size_t step = adjacent ? 2 : 1;
  const std::size_t apart = adjacent ? 1 : pairs;
  for (std::size_t head = 0; head < n_heads; ++head, x += head_dim)
    for (std::size_t i = 0; i < pairs; ++i)
      turn(x[step * i], x[step * i + apart], cosines[i], sines[i]);
}

}  // namespace hart::nn
