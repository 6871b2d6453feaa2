#include <array>
#include <bit>
#include <cmath>

#include "tensor/quant.h"
#include "tensor/quant_levels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kMxHalf = kBlock / 2;
constexpr std::size_t kNvScales = 4;
constexpr std::size_t kNvGroup = 16;
constexpr std::size_t kNvHalf = kNvGroup / 2;

/// Half the value of an unsigned E4M3 scale, whose sign bit is ignored. 0x7F, a NaN, counts as
/// 0, yet 0xFF as 480, as in ggml.
float half_e4m3(std::uint8_t scale) noexcept {
  if (scale == 0x7F) return 0;
  const std::uint32_t exponent = scale >> 3 & 15;
  const std::uint32_t mantissa = scale & 7;
  if (exponent == 0) return static_cast<float>(mantissa) * 0x1p-10f;
  return std::bit_cast<float>((exponent + 119) << 23 | mantissa << 20);
}

void decode_pairs(const std::uint8_t* pairs, std::size_t half, float scale,
                  float* values) noexcept {
  for (std::size_t i = 0; i < half; ++i) {
    values[i] = static_cast<float>(kTwiceE2m1[pairs[i] & 15]) * scale;
    values[i + half] = static_cast<float>(kTwiceE2m1[pairs[i] >> 4]) * scale;
  }
}

void decode_mxfp4(const std::uint8_t* block, float* values) noexcept {
  decode_pairs(block + 1, kMxHalf, half_e8m0(block[0]), values);
}

void decode_nvfp4(const std::uint8_t* block, float* values) noexcept {
  for (std::size_t group = 0; group < kNvScales; ++group)
    decode_pairs(block + kNvScales + group * kNvHalf, kNvHalf, half_e4m3(block[group]),
                 values + group * kNvGroup);
}

/// The code whose value lies nearest to `value`, the first of several.
unsigned nearest_e2m1(float value, float scale) noexcept {
  unsigned best = 0;
  float least = std::fabs(static_cast<float>(kTwiceE2m1[0]) * scale - value);
  for (unsigned code = 1; code < kTwiceE2m1.size(); ++code) {
    const float error = std::fabs(static_cast<float>(kTwiceE2m1[code]) * scale - value);
    if (error >= least) continue;
    least = error;
    best = code;
  }
  return best;
}

void encode_pairs(const float* values, std::size_t half, float scale,
                  std::uint8_t* pairs) noexcept {
  for (std::size_t i = 0; i < half; ++i)
    pairs[i] = static_cast<std::uint8_t>(nearest_e2m1(values[i], scale) |
                                         nearest_e2m1(values[i + half], scale) << 4);
}

float magnitude(const float* values, std::size_t count) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (most < std::fabs(values[i])) most = std::fabs(values[i]);
  return most;
}

/// The exponent that puts the largest magnitude into E2M1's last binade, [4, 8).
std::uint8_t e8m0_for(float most) noexcept {
  if (most == 0) return 0;
  const float exponent = std::floor(std::log2(most)) - 2 + 127;
  if (!(exponent > 0)) return 0;
  return exponent < 254 ? static_cast<std::uint8_t>(exponent) : 254;
}

void encode_mxfp4(const float* values, const float* /*importance*/,
                  std::uint8_t* block) noexcept {
  block[0] = e8m0_for(magnitude(values, kBlock));
  encode_pairs(values, kMxHalf, half_e8m0(block[0]), block + 1);
}

/// An unsigned E4M3 nearest to `value`, halves upward. As in ggml a subnormal never rounds up
/// to the least normal, and all that rounds to 256 or more becomes the largest, 448.
std::uint8_t to_e4m3(float value) noexcept {
  if (!(value > 0)) return 0;
  if (value < 0x1p-6f) {
    const int steps = static_cast<int>(value * 512 + 0.5f);
    return static_cast<std::uint8_t>(steps > 7 ? 7 : steps);
  }
  // Sixteenths of a binade, rounded to eighths; the carry runs into the exponent by itself.
  const std::uint32_t sixteenths = (std::bit_cast<std::uint32_t>(value) >> 19) - (120u << 4);
  const std::uint32_t rounded = (sixteenths + 1) >> 1;
  return rounded < 15 << 3 ? static_cast<std::uint8_t>(rounded) : 0x7E;
}

void encode_nvfp4(const float* values, const float* /*importance*/,
                  std::uint8_t* block) noexcept {
  for (std::size_t group = 0; group < kNvScales; ++group, values += kNvGroup) {
    block[group] = to_e4m3(magnitude(values, kNvGroup) / 6);
    encode_pairs(values, kNvHalf, half_e4m3(block[group]), block + kNvScales + group * kNvHalf);
  }
}

}  // namespace

BlockCodec fp4_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::mxfp4:
      return {decode_mxfp4, encode_mxfp4};
    case DType::nvfp4:
      return {decode_nvfp4, encode_nvfp4};
    default:
      return {};
  }
}

}  // namespace hart::tensor
