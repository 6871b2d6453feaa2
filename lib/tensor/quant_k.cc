#include "tensor/quant_k.h"

#include "core/endian.h"

namespace hart::tensor {
namespace {

/// Sixteen elements: the two bits at `shift` of each byte, times `scale`, less `min`.
void decode_two_bits(const std::uint8_t* __restrict quants, unsigned shift, float scale,
                     float min, float* __restrict values) noexcept {
  for (std::size_t i = 0; i < 16; ++i)
    values[i] = scale * static_cast<float>(quants[i] >> shift & 3) - min;
}

void decode_q2_k(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + Q2kLayout::scale);
  const float min = load_half(block + Q2kLayout::min);
  const std::uint8_t* scales = block + Q2kLayout::scales;
  for (std::size_t group = 0; group < 16; ++group, values += 16) {
    // Eight groups share 32 bytes, two bits each: groups 0 and 1 the lowest.
    const std::size_t at = group / 8 * 32 + group % 2 * 16;
    const auto shift = static_cast<unsigned>(group % 8 / 2 * 2);
    decode_two_bits(block + Q2kLayout::quants + at, shift,
                    scale * static_cast<float>(scales[group] & 15),
                    min * static_cast<float>(scales[group] >> 4), values);
  }
}

/// Sixteen elements of three bits: two at `shift` of `quants`, and where bit `bit` of `high` is
/// clear, 4 less.
void decode_three_bits(const std::uint8_t* __restrict quants,
                       const std::uint8_t* __restrict high, unsigned shift, unsigned bit,
                       float scale, float* __restrict values) noexcept {
  for (std::size_t i = 0; i < 16; ++i) {
    const int above = (high[i] >> bit & 1) << 2;
    values[i] = scale * static_cast<float>((quants[i] >> shift & 3) + above - 4);
  }
}

void decode_q3_k(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + Q3kLayout::scale);
  const auto scales = unpack_q3k_scales(block + Q3kLayout::scales);
  for (std::size_t group = 0; group < 16; ++group, values += 16) {
    const std::size_t column = group % 2 * 16;
    const auto shift = static_cast<unsigned>(group % 8 / 2 * 2);
    decode_three_bits(block + Q3kLayout::quants + group / 8 * 32 + column,
                      block + Q3kLayout::high + column, shift, static_cast<unsigned>(group / 2),
                      scale * static_cast<float>(scales[group]), values);
  }
}

void decode_nibbles(const std::uint8_t* __restrict quants, unsigned shift, float scale,
                    float min, float* __restrict values) noexcept {
  for (std::size_t i = 0; i < 32; ++i)
    values[i] = scale * static_cast<float>(quants[i] >> shift & 15) - min;
}

void decode_q4_k(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + Q4kLayout::scale);
  const float min = load_half(block + Q4kLayout::min);
  const ScalesAndMins packed = unpack_scales_and_mins(block + Q4kLayout::scales);
  for (std::size_t group = 0; group < 8; ++group, values += 32)
    decode_nibbles(block + Q4kLayout::quants + group / 2 * 32, group % 2 * 4,
                   scale * static_cast<float>(packed.scales[group]),
                   min * static_cast<float>(packed.mins[group]), values);
}

void decode_five_bits(const std::uint8_t* __restrict quants, unsigned shift,
                      const std::uint8_t* __restrict high, unsigned bit, float scale, float min,
                      float* __restrict values) noexcept {
  for (std::size_t i = 0; i < 32; ++i) {
    const int above = (high[i] >> bit & 1) << 4;
    values[i] = scale * static_cast<float>((quants[i] >> shift & 15) + above) - min;
  }
}

void decode_q5_k(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + Q5kLayout::scale);
  const float min = load_half(block + Q5kLayout::min);
  const ScalesAndMins packed = unpack_scales_and_mins(block + Q5kLayout::scales);
  for (std::size_t group = 0; group < 8; ++group, values += 32)
    decode_five_bits(block + Q5kLayout::quants + group / 2 * 32, group % 2 * 4,
                     block + Q5kLayout::high, static_cast<unsigned>(group),
                     scale * static_cast<float>(packed.scales[group]),
                     min * static_cast<float>(packed.mins[group]), values);
}

void decode_six_bits(const std::uint8_t* __restrict low, unsigned low_shift,
                     const std::uint8_t* __restrict high, unsigned high_shift, float scale,
                     float* __restrict values) noexcept {
  for (std::size_t i = 0; i < 16; ++i) {
    const int level = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
    values[i] = scale * static_cast<float>(level - 32);
  }
}

void decode_q6_k(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + Q6kLayout::scale);
  for (std::size_t group = 0; group < 16; ++group, values += 16) {
    const auto own = static_cast<std::int8_t>(block[Q6kLayout::scales + group]);
    // A half of 128 elements has 64 bytes of nibbles, the lower ones for its first 64 elements,
    // and 32 bytes that hold the upper two bits of elements i, i + 32, i + 64 and i + 96.
    const std::size_t half = group / 8;
    const std::size_t run = group % 8;
    decode_six_bits(block + Q6kLayout::quants + half * 64 + run % 4 * 16, run / 4 * 4,
                    block + Q6kLayout::high + half * 32 + run % 2 * 16, run / 2 * 2,
                    scale * static_cast<float>(own), values);
  }
}

void decode_q8_k(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const auto scale = load_le<float>(block + Q8kLayout::scale);
  for (std::size_t i = 0; i < kSuperBlock; ++i)
    values[i] =
        scale * static_cast<float>(static_cast<std::int8_t>(block[Q8kLayout::quants + i]));
}

}  // namespace

std::array<std::int8_t, 16> unpack_q3k_scales(const std::uint8_t* packed) noexcept {
  std::array<std::int8_t, 16> scales;
  for (std::size_t i = 0; i < 16; ++i) {
    const int low = i < 8 ? packed[i] & 15 : packed[i - 8] >> 4;
    const int upper = packed[8 + i % 4] >> (i / 4 * 2) & 3;
    scales[i] = static_cast<std::int8_t>((low | upper << 4) - 32);
  }
  return scales;
}

void pack_q3k_scales(const std::array<std::uint8_t, 16>& scales,
                     std::uint8_t* packed) noexcept {
  for (std::size_t i = 0; i < 8; ++i)
    packed[i] = static_cast<std::uint8_t>((scales[i] & 15) | (scales[i + 8] & 15) << 4);
  for (std::size_t i = 0; i < 4; ++i)
    packed[8 + i] =
        static_cast<std::uint8_t>(scales[i] >> 4 | scales[i + 4] >> 4 << 2 |
                                  scales[i + 8] >> 4 << 4 | scales[i + 12] >> 4 << 6);
}

ScalesAndMins unpack_scales_and_mins(const std::uint8_t* packed) noexcept {
  ScalesAndMins out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.scales[i] = packed[i] & 63;
    out.mins[i] = packed[i + 4] & 63;
    out.scales[i + 4] = static_cast<std::uint8_t>((packed[i + 8] & 15) | packed[i] >> 6 << 4);
    out.mins[i + 4] = static_cast<std::uint8_t>(packed[i + 8] >> 4 | packed[i + 4] >> 6 << 4);
  }
  return out;
}

void pack_scales_and_mins(const ScalesAndMins& unpacked, std::uint8_t* packed) noexcept {
  const auto& [scales, mins] = unpacked;
  for (std::size_t i = 0; i < 4; ++i) {
    packed[i] = static_cast<std::uint8_t>(scales[i] | scales[i + 4] >> 4 << 6);
    packed[i + 4] = static_cast<std::uint8_t>(mins[i] | mins[i + 4] >> 4 << 6);
    packed[i + 8] = static_cast<std::uint8_t>((scales[i + 4] & 15) | (mins[i + 4] & 15) << 4);
  }
}

BlockCodec k_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::q2_k:
      return {decode_q2_k, encode_q2_k};
    case DType::q3_k:
      return {decode_q3_k, encode_q3_k};
    case DType::q4_k:
      return {decode_q4_k, encode_q4_k};
    case DType::q5_k:
      return {decode_q5_k, encode_q5_k};
    case DType::q6_k:
      return {decode_q6_k, encode_q6_k};
    case DType::q8_k:
      return {decode_q8_k, encode_q8_k};
    default:
      return {};
  }
}

}  // namespace hart::tensor
