#include <array>
#include <cmath>

#include "core/endian.h"
#include "tensor/quant.h"
#include "tensor/quant_fit.h"
#include "tensor/quant_levels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kHalf = kBlock / 2;
constexpr std::size_t kXsGroups = kSuperBlock / kBlock;

void decode_pairs(const std::uint8_t* pairs, float scale, float* values) noexcept {
  for (std::size_t i = 0; i < kHalf; ++i) {
    values[i] = scale * static_cast<float>(kIq4Levels[pairs[i] & 15]);
    values[i + kHalf] = scale * static_cast<float>(kIq4Levels[pairs[i] >> 4]);
  }
}

void decode_iq4_nl(const std::uint8_t* block, float* values) noexcept {
  decode_pairs(block + 2, load_half(block), values);
}

void decode_iq4_xs(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const unsigned high = load_le<std::uint16_t>(block + 2);
  for (std::size_t group = 0; group < kXsGroups; ++group, values += kBlock) {
    const unsigned low = block[4 + group / 2] >> group % 2 * 4 & 15;
    const int own = static_cast<int>(low | (high >> 2 * group & 3) << 4) - 32;
    decode_pairs(block + 8 + group * kHalf, scale * static_cast<float>(own), values);
  }
}

/// The level nearest to `value`, the upper one of two equally near.
std::size_t nearest_level(float value) noexcept {
  if (value <= static_cast<float>(kIq4Levels.front())) return 0;
  if (value >= static_cast<float>(kIq4Levels.back())) return kIq4Levels.size() - 1;
  std::size_t upper = 1;
  for (std::size_t i = 1; i + 1 < kIq4Levels.size(); ++i)
    upper += static_cast<std::size_t>(value >= static_cast<float>(kIq4Levels[i]));
  const float below = value - static_cast<float>(kIq4Levels[upper - 1]);
  const float above = static_cast<float>(kIq4Levels[upper]) - value;
  return below < above ? upper - 1 : upper;
}

/// Least squares of `values` on the levels nearest to values × inverse.
struct LevelFit {
  float product = 0;  ///< Σ w level value
  float square = 0;   ///< Σ w level²
};
LevelFit fit_levels(const float* values, const float* weights, float inverse) noexcept {
  LevelFit fit;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float level = kIq4Levels[nearest_level(inverse * values[i])];
    fit.product += weights[i] * level * values[i];
    fit.square += weights[i] * level * level;
  }
  return fit;
}

/// The scale whose weighted error is least among those that put the extreme value on the lowest
/// level or a little beside it.
float search_scale(const float* values, const float* weights) noexcept {
  constexpr int tries = 7;
  const float extreme = extreme_value(values, kBlock);
  if (std::fabs(extreme) < kLeastMagnitude) return 0;
  const float lowest = kIq4Levels.front();
  LevelFit fit = fit_levels(values, weights, 1 / (-extreme / lowest));
  float scale = fit.square > 0 ? fit.product / fit.square : 0;
  float best = scale * fit.product;
  for (int step = -tries; step <= tries; ++step) {
    fit = fit_levels(values, weights, (static_cast<float>(step) + lowest) / extreme);
    if (!(fit.square > 0 && fit.product * fit.product > best * fit.square)) continue;
    scale = fit.product / fit.square;
    best = scale * fit.product;
  }
  return scale;
}

void encode_iq4_nl(const float* values, const float* importance, std::uint8_t* block) noexcept {
  std::array<float, kBlock> weights;
  if (importance != nullptr) {
    const float variance = sum_of_squares(values, kBlock) * (2.0f / kBlock);
    weigh(values, importance, variance, weights);
  } else {
    for (std::size_t i = 0; i < kBlock; ++i) weights[i] = values[i] * values[i];
  }
  const float scale = search_scale(values, weights.data());
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_half(block, scale);
  for (std::size_t i = 0; i < kHalf; ++i)
    block[2 + i] = static_cast<std::uint8_t>(nearest_level(inverse * values[i]) |
                                             nearest_level(inverse * values[i + kHalf]) << 4);
}

}  // namespace

BlockCodec iq4_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::iq4_nl:
      return {decode_iq4_nl, encode_iq4_nl};
    case DType::iq4_xs:
      return {decode_iq4_xs, nullptr};
    default:
      return {};
  }
}

}  // namespace hart::tensor
