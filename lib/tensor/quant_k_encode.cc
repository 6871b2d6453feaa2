#include <algorithm>
#include <array>
#include <cmath>

#include "core/endian.h"
#include "tensor/quant_fit.h"
#include "tensor/quant_k.h"

namespace hart::tensor {
namespace {

using Levels = std::array<std::uint8_t, kSuperBlock>;

/// Levels of a group under the scales as stored; left as they are when the scale is 0.
void round_to_levels(std::span<const float> values, float scale, float offset, int low,
                     int high, std::uint8_t* levels) noexcept {
  if (scale == 0) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int level = nearest_int((values[i] + offset) / scale);
    levels[i] = static_cast<std::uint8_t>(std::clamp(level, low, high) - low);
  }
}

/// 256 levels of two bits: byte i of a half holds elements i, i + 32, i + 64 and i + 96.
void store_two_bits(const Levels& levels, std::uint8_t* at) noexcept {
  for (std::size_t i = 0; i < kSuperBlock / 4; ++i) {
    const std::uint8_t* column = &levels[i / 32 * 128 + i % 32];
    at[i] = static_cast<std::uint8_t>((column[0] & 3) | (column[32] & 3) << 2 |
                                      (column[64] & 3) << 4 | (column[96] & 3) << 6);
  }
}

/// The lower four bits of 256 levels: byte i of a quarter holds elements i and i + 32.
void store_nibbles(const Levels& levels, std::uint8_t* at) noexcept {
  for (std::size_t i = 0; i < kSuperBlock / 2; ++i) {
    const std::uint8_t* column = &levels[i / 32 * 64 + i % 32];
    at[i] = static_cast<std::uint8_t>((column[0] & 15) | (column[32] & 15) << 4);
  }
}

/// Bit `bit` of 256 levels: byte i holds elements i, i + 32, …, the first lowest.
void store_one_bit(const Levels& levels, unsigned bit, std::uint8_t* at) noexcept {
  for (std::size_t i = 0; i < 32; ++i) {
    unsigned byte = 0;
    for (std::size_t group = 0; group < 8; ++group)
      byte |= static_cast<unsigned>(levels[group * 32 + i] >> bit & 1) << group;
    at[i] = static_cast<std::uint8_t>(byte);
  }
}

/// First fits of the `groups` parts of a super-block, each with its own scale and offset.
template <std::size_t groups> struct GroupFits {
  std::array<float, groups> scales;
  std::array<float, groups> offsets;
  std::array<float, groups> weights;  ///< Σ of the elements' weights
  Levels levels;
};

/// What distinguishes the types with offsets, without importance weights and with them.
struct AffineType {
  int top;           ///< largest level
  int scale_levels;  ///< largest stored scale or offset
  AffineSearch plain;
  AffineSearch weighted;
  float spread;  ///< of the variance that importance weights are softened by
};
constexpr AffineType kQ2k{3, 15, {-0.5f, 0.1f, 15, true}, {-0.9f, 0.05f, 36, false}, 1};
constexpr AffineType kQ4k{15, 63, {-1.0f, 0.1f, 20, false}, {-0.9f, 0.05f, 36, false}, 2};
constexpr AffineType kQ5k{31, 63, {-0.5f, 0.1f, 15, false}, {-0.9f, 0.05f, 36, false}, 2};

/// Weights of a group when no importance is given: magnitudes, for q2_k as they are, for the
/// others with the group's root mean square added.
void weigh_by_magnitude(std::span<const float> values, bool add_mean,
                        std::span<float> weights) noexcept {
  const auto n = static_cast<float>(values.size());
  const float mean = add_mean ? std::sqrt(sum_of_squares(values.data(), values.size()) / n) : 0;
  for (std::size_t i = 0; i < values.size(); ++i) weights[i] = mean + std::fabs(values[i]);
}

template <std::size_t groups>
GroupFits<groups> fit_groups(const float* values, const float* importance,
                             const AffineType& type) noexcept {
  constexpr std::size_t size = kSuperBlock / groups;
  GroupFits<groups> fits;
  const float variance = importance == nullptr
                             ? 0
                             : type.spread * sum_of_squares(values, kSuperBlock) / kSuperBlock;
  std::array<float, size> weights;
  for (std::size_t group = 0; group < groups; ++group) {
    const std::span part{values + group * size, size};
    if (importance != nullptr)
      weigh(part.data(), importance + group * size, variance, weights);
    else
      weigh_by_magnitude(part, !type.plain.absolute, weights);
    fits.weights[group] = 0;
    for (const float weight : weights) fits.weights[group] += weight;
    const AffineSearch& search = importance != nullptr ? type.weighted : type.plain;
    const AffineFit fit =
        fit_affine(part, weights.data(), type.top, search, &fits.levels[group * size]);
    fits.scales[group] = fit.scale;
    fits.offsets[group] = fit.offset;
  }
  return fits;
}

/// Scales (or offsets) as levels of one scale, which is returned: with importance by least
/// squares, without it so that the largest takes the top level.
template <std::size_t groups>
float quantize_scales(const std::array<float, groups>& scales,
                      const std::array<float, groups>& weights, int top, bool weighted,
                      std::array<std::uint8_t, groups>& levels) noexcept {
  if (weighted) return fit_positive(scales, weights.data(), top, levels.data());
  float most = 0;
  for (const float scale : scales)
    if (scale > most) most = scale;
  const auto limit = static_cast<float>(top);
  const float inverse = most > 0 ? limit / most : 0;
  for (std::size_t group = 0; group < groups; ++group)
    levels[group] =
        static_cast<std::uint8_t>(std::clamp(nearest_int(inverse * scales[group]), 0, top));
  return most / limit;
}

/// The common part of q4_k and q5_k: stores scales and minima, returns the final levels.
Levels encode_affine(const float* values, const float* importance, const AffineType& type,
                     std::uint8_t* block) noexcept {
  auto fits = fit_groups<8>(values, importance, type);
  ScalesAndMins packed;
  const bool weighted = importance != nullptr;
  const float scale = store_half(
      block + Q4kLayout::scale,
      quantize_scales(fits.scales, fits.weights, type.scale_levels, weighted, packed.scales));
  const float min = store_half(
      block + Q4kLayout::min,
      quantize_scales(fits.offsets, fits.weights, type.scale_levels, weighted, packed.mins));
  pack_scales_and_mins(packed, block + Q4kLayout::scales);
  for (std::size_t group = 0; group < 8; ++group)
    round_to_levels({values + group * 32, 32}, scale * static_cast<float>(packed.scales[group]),
                    min * static_cast<float>(packed.mins[group]), 0, type.top,
                    &fits.levels[group * 32]);
  return fits.levels;
}

static_assert(Q4kLayout::scale == Q5kLayout::scale && Q4kLayout::min == Q5kLayout::min &&
              Q4kLayout::scales == Q5kLayout::scales);

/// First fits of q3_k and q6_k, whose groups of 16 have a scale of either sign and no offset.
struct SymmetricFits {
  std::array<float, 16> scales;
  Levels levels;

  /// The scale of largest magnitude with its sign.
  [[nodiscard]] float extreme() const noexcept { return extreme_value(scales.data(), 16); }
};

/// The 6-bit scales of q3_k, 32 more than what they stand for, and the scale of theirs.
float fit_q3k(const float* values, const float* importance, SymmetricFits& fits,
              std::array<std::uint8_t, 16>& scales) noexcept {
  std::array<float, 16> weights;
  std::array<float, 16> sums{};
  const float variance =
      importance == nullptr ? 0 : 2 * sum_of_squares(values, kSuperBlock) / kSuperBlock;
  for (std::size_t group = 0; group < 16; ++group) {
    const std::span part{values + group * 16, 16};
    std::uint8_t* levels = &fits.levels[group * 16];
    if (importance == nullptr) {
      fits.scales[group] = fit_symmetric_stepwise(part, 4, levels);
      continue;
    }
    weigh(part.data(), importance + group * 16, variance, weights);
    for (const float weight : weights) sums[group] += weight;
    fits.scales[group] = fit_symmetric(part, weights.data(), 4, levels);
  }
  if (importance != nullptr) return fit_symmetric(fits.scales, sums.data(), 32, scales.data());
  scales.fill(0);
  const float extreme = fits.extreme();
  if (extreme == 0) return 0;
  const float inverse = -32.0f / extreme;
  for (std::size_t group = 0; group < 16; ++group)
    scales[group] = static_cast<std::uint8_t>(
        std::clamp(nearest_int(inverse * fits.scales[group]), -32, 31) + 32);
  return 1 / inverse;
}

}  // namespace

void encode_q2_k(const float* values, const float* importance, std::uint8_t* block) noexcept {
  auto fits = fit_groups<16>(values, importance, kQ2k);
  std::array<std::uint8_t, 16> scales;
  std::array<std::uint8_t, 16> mins;
  const bool weighted = importance != nullptr;
  const float scale = store_half(
      block + Q2kLayout::scale,
      quantize_scales(fits.scales, fits.weights, kQ2k.scale_levels, weighted, scales));
  const float min = store_half(
      block + Q2kLayout::min,
      quantize_scales(fits.offsets, fits.weights, kQ2k.scale_levels, weighted, mins));
  for (std::size_t group = 0; group < 16; ++group) {
    block[Q2kLayout::scales + group] =
        static_cast<std::uint8_t>(scales[group] | mins[group] << 4);
    round_to_levels({values + group * 16, 16}, scale * static_cast<float>(scales[group]),
                    min * static_cast<float>(mins[group]), 0, kQ2k.top,
                    &fits.levels[group * 16]);
  }
  store_two_bits(fits.levels, block + Q2kLayout::quants);
}

void encode_q3_k(const float* values, const float* importance, std::uint8_t* block) noexcept {
  SymmetricFits fits;
  std::array<std::uint8_t, 16> scales;
  const float scale =
      store_half(block + Q3kLayout::scale, fit_q3k(values, importance, fits, scales));
  pack_q3k_scales(scales, block + Q3kLayout::scales);
  for (std::size_t group = 0; group < 16; ++group)
    round_to_levels({values + group * 16, 16}, scale * static_cast<float>(scales[group] - 32),
                    0, -4, 3, &fits.levels[group * 16]);
  store_one_bit(fits.levels, 2, block + Q3kLayout::high);
  store_two_bits(fits.levels, block + Q3kLayout::quants);
}

void encode_q4_k(const float* values, const float* importance, std::uint8_t* block) noexcept {
  store_nibbles(encode_affine(values, importance, kQ4k, block), block + Q4kLayout::quants);
}

void encode_q5_k(const float* values, const float* importance, std::uint8_t* block) noexcept {
  const Levels levels = encode_affine(values, importance, kQ5k, block);
  store_one_bit(levels, 4, block + Q5kLayout::high);
  store_nibbles(levels, block + Q5kLayout::quants);
}

void encode_q6_k(const float* values, const float* importance, std::uint8_t* block) noexcept {
  SymmetricFits fits;
  for (std::size_t group = 0; group < 16; ++group)
    fits.scales[group] = fit_symmetric(
        {values + group * 16, 16}, importance == nullptr ? nullptr : importance + group * 16,
        32, &fits.levels[group * 16]);
  const float extreme = fits.extreme();
  if (std::fabs(extreme) < kLeastMagnitude) {
    std::fill_n(block, dtype_info(DType::q6_k).block_bytes, std::uint8_t{0});
    return;
  }
  const float inverse = -128.0f / extreme;
  const float scale = store_half(block + Q6kLayout::scale, 1 / inverse);
  for (std::size_t group = 0; group < 16; ++group) {
    const int own = std::clamp(nearest_int(inverse * fits.scales[group]), -128, 127);
    block[Q6kLayout::scales + group] = static_cast<std::uint8_t>(own);
    round_to_levels({values + group * 16, 16}, scale * static_cast<float>(own), 0, -32, 31,
                    &fits.levels[group * 16]);
  }
  for (std::size_t i = 0; i < kSuperBlock / 4; ++i) {
    const std::uint8_t* column = &fits.levels[i / 32 * 128 + i % 32];
    std::uint8_t* low = block + Q6kLayout::quants + i / 32 * 64 + i % 32;
    low[0] = static_cast<std::uint8_t>((column[0] & 15) | (column[64] & 15) << 4);
    low[32] = static_cast<std::uint8_t>((column[32] & 15) | (column[96] & 15) << 4);
    block[Q6kLayout::high + i] = static_cast<std::uint8_t>(
        column[0] >> 4 | column[32] >> 4 << 2 | column[64] >> 4 << 4 | column[96] >> 4 << 6);
  }
}

void encode_q8_k(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  std::fill_n(block, dtype_info(DType::q8_k).block_bytes, std::uint8_t{0});
  const float extreme = extreme_value(values, kSuperBlock);
  if (extreme == 0) return;
  const float inverse = -127.0f / extreme;
  for (std::size_t i = 0; i < kSuperBlock; ++i)
    block[Q8kLayout::quants + i] =
        static_cast<std::uint8_t>(std::min(127, nearest_int(inverse * values[i])));
  for (std::size_t group = 0; group < 16; ++group) {
    int sum = 0;
    for (std::size_t i = 0; i < 16; ++i)
      sum += static_cast<std::int8_t>(block[Q8kLayout::quants + group * 16 + i]);
    store_le(block + Q8kLayout::sums + 2 * group, static_cast<std::int16_t>(sum));
  }
  store_le(block, 1 / inverse);
}

}  // namespace hart::tensor
