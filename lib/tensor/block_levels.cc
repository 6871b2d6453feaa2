#include "tensor/block_levels.h"

#include <algorithm>

#include "core/endian.h"
#include "tensor/quant.h"
#include "tensor/quant_k.h"
#include "tensor/quant_levels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kHalf = kBlock / 2;
constexpr std::size_t kGroups = kSuperBlock / kBlock;

std::int8_t narrow(int level) noexcept {
  return static_cast<std::int8_t>(level);
}

/// 32 nibbles, the lower ones of 16 bytes first; level(nibble, i) makes the level.
template <typename Level>
void unpack_pairs(const std::uint8_t* pairs, std::int8_t* levels, Level level) noexcept {
  for (std::size_t i = 0; i < kHalf; ++i) {
    levels[i] = narrow(level(pairs[i] & 15, i));
    levels[i + kHalf] = narrow(level(pairs[i] >> 4, i + kHalf));
  }
}

void unpack_five_bits(const std::uint8_t* at, int offset, std::int8_t* levels) noexcept {
  const auto high = load_le<std::uint32_t>(at);
  unpack_pairs(at + sizeof high, levels, [&](int low, std::size_t i) {
    return low + (static_cast<int>(high >> i & 1) << 4) - offset;
  });
}

/// One block of 32 elements, its scale and its min.
void unpack_small(DType dtype, const std::uint8_t* block, std::int8_t* levels, float& scale,
                  float& min) noexcept {
  const auto plain = [](int offset) {
    return [offset](int nibble, std::size_t) { return nibble - offset; };
  };
  min = 0;
  if (dtype == DType::mxfp4) {
    scale = half_e8m0(block[0]);
    return unpack_pairs(block + 1, levels,
                        [](int nibble, std::size_t) { return kTwiceE2m1[nibble]; });
  }
  scale = load_half(block);
  switch (dtype) {
    case DType::q4_0:
      return unpack_pairs(block + 2, levels, plain(8));
    case DType::q5_0:
      return unpack_five_bits(block + 2, 16, levels);
    case DType::iq4_nl:
      return unpack_pairs(block + 2, levels,
                          [](int nibble, std::size_t) { return kIq4Levels[nibble]; });
    case DType::q4_1:
      min = load_half(block + 2);
      return unpack_pairs(block + 4, levels, plain(0));
    case DType::q5_1:
      min = load_half(block + 2);
      return unpack_five_bits(block + 4, 0, levels);
    default:  // q8_0
      std::transform(block + 2, block + 2 + kBlock, levels,
                     [](std::uint8_t level) { return narrow(level); });
  }
}

void unpack_q2_k(const std::uint8_t* block, std::int8_t* levels, float* scales,
                 float* mins) noexcept {
  const float scale = load_half(block + Q2kLayout::scale);
  const float min = load_half(block + Q2kLayout::min);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const unsigned quads = block[Q2kLayout::quants + i / 128 * 32 + i % 32];
    levels[i] = narrow(static_cast<int>(quads >> i % 128 / 32 * 2 & 3));
  }
  for (std::size_t group = 0; group < 16; ++group) {
    const std::uint8_t packed = block[Q2kLayout::scales + group];
    scales[group] = scale * static_cast<float>(packed & 15);
    mins[group] = -(min * static_cast<float>(packed >> 4));
  }
}

void unpack_q3_k(const std::uint8_t* block, std::int8_t* levels, float* scales) noexcept {
  const float scale = load_half(block + Q3kLayout::scale);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const unsigned quads = block[Q3kLayout::quants + i / 128 * 32 + i % 32];
    const unsigned above = block[Q3kLayout::high + i % 32] >> i / 32 & 1;
    levels[i] = narrow(static_cast<int>((quads >> i % 128 / 32 * 2 & 3) + 4 * above) - 4);
  }
  const auto own = unpack_q3k_scales(block + Q3kLayout::scales);
  for (std::size_t group = 0; group < 16; ++group)
    scales[group] = scale * static_cast<float>(own[group]);
}

/// q4_k, and q5_k where `high` is not null. Both have their scales at the same place.
void unpack_q45_k(const std::uint8_t* block, const std::uint8_t* quants,
                  const std::uint8_t* high, std::int8_t* levels, float* scales,
                  float* mins) noexcept {
  const float scale = load_half(block + Q4kLayout::scale);
  const float min = load_half(block + Q4kLayout::min);
  const ScalesAndMins own = unpack_scales_and_mins(block + Q4kLayout::scales);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const unsigned low = quants[i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15;
    const unsigned above = high == nullptr ? 0 : high[i % 32] >> i / 32 & 1;
    levels[i] = narrow(static_cast<int>(low + 16 * above));
  }
  for (std::size_t group = 0; group < kGroups; ++group) {
    scales[group] = scale * static_cast<float>(own.scales[group]);
    mins[group] = -(min * static_cast<float>(own.mins[group]));
  }
}

void unpack_q6_k(const std::uint8_t* block, std::int8_t* levels, float* scales) noexcept {
  const float scale = load_half(block + Q6kLayout::scale);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    // Halves of 128 elements: 64 bytes of nibbles, the lower ones for the first 64 elements,
    // and 32 bytes with two bits for each of the elements i, i + 32, i + 64 and i + 96.
    const std::size_t half = i / 128, run = i % 128;
    const unsigned low = block[Q6kLayout::quants + half * 64 + run % 64] >> run / 64 * 4 & 15;
    const unsigned above = block[Q6kLayout::high + half * 32 + run % 32] >> run / 32 * 2 & 3;
    levels[i] = narrow(static_cast<int>(low + 16 * above) - 32);
  }
  for (std::size_t group = 0; group < 16; ++group)
    scales[group] =
        scale * static_cast<float>(static_cast<std::int8_t>(block[Q6kLayout::scales + group]));
}

void unpack_iq4_xs(const std::uint8_t* block, std::int8_t* levels, float* scales) noexcept {
  const float scale = load_half(block);
  const unsigned high = load_le<std::uint16_t>(block + 2);
  for (std::size_t group = 0; group < kGroups; ++group) {
    const unsigned low = block[4 + group / 2] >> group % 2 * 4 & 15;
    const int own = static_cast<int>(low | (high >> 2 * group & 3) << 4) - 32;
    scales[group] = scale * static_cast<float>(own);
    unpack_pairs(block + 8 + group * kHalf, levels + group * kBlock,
                 [](int nibble, std::size_t) { return kIq4Levels[nibble]; });
  }
}

}  // namespace

LevelLayout level_layout(DType dtype) noexcept {
  switch (dtype) {
    case DType::q4_0:
      return {kBlock, 18, kBlock, false};
    case DType::q4_1:
      return {kBlock, 20, kBlock, true};
    case DType::q5_0:
      return {kBlock, 22, kBlock, false};
    case DType::q5_1:
      return {kBlock, 24, kBlock, true};
    case DType::q8_0:
      return {kBlock, 34, kBlock, false};
    case DType::iq4_nl:
      return {kBlock, 18, kBlock, false};
    case DType::mxfp4:
      return {kBlock, 17, kBlock, false};
    case DType::q2_k:
      return {kSuperBlock, 84, 16, true};
    case DType::q3_k:
      return {kSuperBlock, 110, 16, false};
    case DType::q4_k:
      return {kSuperBlock, 144, kBlock, true};
    case DType::q5_k:
      return {kSuperBlock, 176, kBlock, true};
    case DType::q6_k:
      return {kSuperBlock, 210, 16, false};
    case DType::iq4_xs:
      return {kSuperBlock, 136, kBlock, false};
    default:
      return {};
  }
}

void unpack_levels(DType dtype, const std::uint8_t* block, std::int8_t* levels, float* scales,
                   float* mins) noexcept {
  const LevelLayout layout = level_layout(dtype);
  if (!layout.has_min) std::fill_n(mins, layout.block_elements / layout.group, 0.0f);
  switch (dtype) {
    case DType::q2_k:
      return unpack_q2_k(block, levels, scales, mins);
    case DType::q3_k:
      return unpack_q3_k(block, levels, scales);
    case DType::q4_k:
      return unpack_q45_k(block, block + Q4kLayout::quants, nullptr, levels, scales, mins);
    case DType::q5_k:
      return unpack_q45_k(block, block + Q5kLayout::quants, block + Q5kLayout::high, levels,
                          scales, mins);
    case DType::q6_k:
      return unpack_q6_k(block, levels, scales);
    case DType::iq4_xs:
      return unpack_iq4_xs(block, levels, scales);
    default:
      return unpack_small(dtype, block, levels, scales[0], mins[0]);
  }
}

}  // namespace hart::tensor
