#include <algorithm>
#include <cmath>
#include <limits>

#include "core/endian.h"
#include "tensor/quant.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kHalf = kBlock / 2;

// Where the fields of a block begin: the scale always at 0, then in *_1 the minimum (or, in
// q8_1, the scaled sum), then in q5_* one word of fifth bits.
constexpr std::size_t kSecond = 2;
constexpr std::size_t kQ4_0Levels = 2;
constexpr std::size_t kQ4_1Levels = 4;
constexpr std::size_t kQ5_0High = 2;
constexpr std::size_t kQ5_0Levels = 6;
constexpr std::size_t kQ5_1High = 4;
constexpr std::size_t kQ5_1Levels = 8;
constexpr std::size_t kQ8_0Levels = 2;
constexpr std::size_t kQ8_1Levels = 4;

void decode_q4_0(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block);
  for (std::size_t i = 0; i < kHalf; ++i) {
    const int pair = block[kQ4_0Levels + i];
    values[i] = static_cast<float>((pair & 15) - 8) * scale;
    values[i + kHalf] = static_cast<float>((pair >> 4) - 8) * scale;
  }
}

void decode_q4_1(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block);
  const float least = load_half(block + kSecond);
  for (std::size_t i = 0; i < kHalf; ++i) {
    const int pair = block[kQ4_1Levels + i];
    values[i] = static_cast<float>(pair & 15) * scale + least;
    values[i + kHalf] = static_cast<float>(pair >> 4) * scale + least;
  }
}

/// Element i of a 5-bit block: its low four bits from the pairs, the fifth from bit i of
/// `high`.
int five_bits(const std::uint8_t* pairs, std::uint32_t high, std::size_t i) noexcept {
  const int low = i < kHalf ? pairs[i] & 15 : pairs[i - kHalf] >> 4;
  return low | static_cast<int>(high >> i & 1) << 4;
}

void decode_q5_0(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block);
  const auto high = load_le<std::uint32_t>(block + kQ5_0High);
  for (std::size_t i = 0; i < kBlock; ++i)
    values[i] = static_cast<float>(five_bits(block + kQ5_0Levels, high, i) - 16) * scale;
}

void decode_q5_1(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block);
  const float least = load_half(block + kSecond);
  const auto high = load_le<std::uint32_t>(block + kQ5_1High);
  for (std::size_t i = 0; i < kBlock; ++i)
    values[i] = static_cast<float>(five_bits(block + kQ5_1Levels, high, i)) * scale + least;
}

template <std::size_t levels>
void decode_q8(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block);
  for (std::size_t i = 0; i < kBlock; ++i)
    values[i] = static_cast<float>(static_cast<std::int8_t>(block[levels + i])) * scale;
}

/// The value of largest magnitude with its sign, the first of several.
float extreme(const float* values) noexcept {
  float most = 0;
  float signed_most = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (std::fabs(values[i]) <= most) continue;
    most = std::fabs(values[i]);
    signed_most = values[i];
  }
  return signed_most;
}

/// ⌊shifted⌋ cut to [0, top]; `otherwise` for what an infinity or an overflow left undefined.
int to_level(float shifted, int top, int otherwise) noexcept {
  const bool defined = shifted >= 0 && shifted < static_cast<float>(top + 2);
  return defined ? std::min(top, static_cast<int>(shifted)) : otherwise;
}

void encode_q4_0(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const float scale = extreme(values) / -8;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_half(block, scale);
  for (std::size_t i = 0; i < kHalf; ++i) {
    const int low = to_level(values[i] * inverse + 8.5f, 15, 8);
    const int high = to_level(values[i + kHalf] * inverse + 8.5f, 15, 8);
    block[kQ4_0Levels + i] = static_cast<std::uint8_t>(low | high << 4);
  }
}

/// Stores 32 five-bit levels as a word of fifth bits and 16 bytes of nibbles after it.
void store_five_bits(const int* levels, std::uint8_t* at) noexcept {
  std::uint32_t high = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    high |= static_cast<std::uint32_t>(levels[i] >> 4) << i;
  store_le(at, high);
  for (std::size_t i = 0; i < kHalf; ++i)
    at[sizeof high + i] =
        static_cast<std::uint8_t>((levels[i] & 15) | (levels[i + kHalf] & 15) << 4);
}

void encode_q5_0(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const float scale = extreme(values) / -16;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_half(block, scale);
  int levels[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i)
    levels[i] = to_level(values[i] * inverse + 16.5f, 31, 16);
  store_five_bits(levels, block + kQ5_0High);
}

struct Line {
  float least;
  float scale;
  float inverse;
};

/// Spreads the levels 0 to `top` from the least value to the largest.
Line spread(const float* values, int top) noexcept {
  float least = std::numeric_limits<float>::max();
  float most = std::numeric_limits<float>::lowest();
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  const float scale = (most - least) / static_cast<float>(top);
  return {least, scale, scale != 0 ? 1 / scale : 0};
}

void encode_q4_1(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const Line line = spread(values, 15);
  store_half(block, line.scale);
  store_half(block + kSecond, line.least);
  const auto level = [&](float value) {
    return to_level((value - line.least) * line.inverse + 0.5f, 15, 0);
  };
  for (std::size_t i = 0; i < kHalf; ++i)
    block[kQ4_1Levels + i] =
        static_cast<std::uint8_t>(level(values[i]) | level(values[i + kHalf]) << 4);
}

void encode_q5_1(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const Line line = spread(values, 31);
  store_half(block, line.scale);
  store_half(block + kSecond, line.least);
  int levels[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i)
    levels[i] = to_level((values[i] - line.least) * line.inverse + 0.5f, 31, 0);
  store_five_bits(levels, block + kQ5_1High);
}

/// Stores 32 levels from -127 to 127 and returns their scale.
float store_eight_bits(const float* values, std::uint8_t* at) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < kBlock; ++i) most = std::max(most, std::fabs(values[i]));
  const float scale = most / 127;
  const float inverse = scale != 0 ? 1 / scale : 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float scaled = std::round(values[i] * inverse);
    const bool fits = std::fabs(scaled) <= 127;
    at[i] = static_cast<std::uint8_t>(fits ? static_cast<int>(scaled) : 0);
  }
  return scale;
}

void encode_q8_0(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  store_half(block, store_eight_bits(values, block + kQ8_0Levels));
}

void encode_q8_1(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const float scale = store_eight_bits(values, block + kQ8_1Levels);
  int sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += static_cast<std::int8_t>(block[kQ8_1Levels + i]);
  store_half(block, scale);
  store_half(block + kSecond, static_cast<float>(sum) * scale);
}

}  // namespace

BlockCodec legacy_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::q4_0:
      return {decode_q4_0, encode_q4_0};
    case DType::q4_1:
      return {decode_q4_1, encode_q4_1};
    case DType::q5_0:
      return {decode_q5_0, encode_q5_0};
    case DType::q5_1:
      return {decode_q5_1, encode_q5_1};
    case DType::q8_0:
      return {decode_q8<kQ8_0Levels>, encode_q8_0};
    case DType::q8_1:
      return {decode_q8<kQ8_1Levels>, encode_q8_1};
    default:
      return {};
  }
}

}  // namespace hart::tensor
