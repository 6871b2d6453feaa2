#include <algorithm>
#include <array>
#include <cmath>

#include "tensor/quant.h"
#include "tensor/quant_iq_grid.h"

namespace hart::tensor {
namespace {

// tq1_0: five elements a byte in runs of 32 and of 16 bytes, then four elements a byte.
constexpr std::size_t kTq1High = 48;
constexpr std::size_t kTq1Scale = 52;
constexpr std::size_t kTq2Scale = 64;
constexpr std::size_t kQ1Elements = 128;
constexpr std::size_t kQ2Elements = 64;

/// A stretch of a tq1_0 block: byte m of `bytes` holds elements m, m + bytes, m + 2 × bytes, …
/// as the digits of a fraction in base 3, the first the most significant.
struct TritRun {
  std::size_t at, bytes, digits;
};
constexpr std::array kTritRuns{TritRun{0, 32, 5}, TritRun{32, 16, 5}, TritRun{kTq1High, 4, 4}};

void decode_tq1_0(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block + kTq1Scale);
  constexpr std::array<std::uint8_t, 5> powers{1, 3, 9, 27, 81};
  for (const TritRun& run : kTritRuns) {
    for (std::size_t digit = 0; digit < run.digits; ++digit, values += run.bytes) {
      for (std::size_t m = 0; m < run.bytes; ++m) {
        // The product modulo 256 drops the digits before this one; its triple shows it above.
        const auto rest = static_cast<std::uint8_t>(block[run.at + m] * powers[digit]);
        values[m] = static_cast<float>((rest * 3 >> 8) - 1) * scale;
      }
    }
  }
}

void decode_tq2_0(const std::uint8_t* __restrict block, float* __restrict values) noexcept {
  const float scale = load_half(block + kTq2Scale);
  for (std::size_t group = 0; group < kSuperBlock / 32; ++group) {
    const std::uint8_t* bytes = block + group / 4 * 32;
    const std::size_t shift = group % 4 * 2;
    for (std::size_t i = 0; i < 32; ++i)
      values[group * 32 + i] = static_cast<float>((bytes[i] >> shift & 3) - 1) * scale;
  }
}

void decode_q1_0(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  for (std::size_t at = 0; at < kQ1Elements / 8; ++at) {
    // A set bit is plus here, minus in kSigns.
    const GridRow<8>& minus = kSigns[block[2 + at]];
    for (std::size_t i = 0; i < 8; ++i)
      values[at * 8 + i] = -scale * static_cast<float>(minus[i]);
  }
}

void decode_q2_0(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  for (std::size_t i = 0; i < kQ2Elements; ++i)
    values[i] = static_cast<float>((block[2 + i / 4] >> i % 4 * 2 & 3) - 1) * scale;
}

float magnitude(const float* values, std::size_t count) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::fabs(values[i]));
  return most;
}

/// value × inverse to the nearest integer, halves away from zero, and one more: 0 to 2 for what
/// lies within the scale. What an infinity left undefined is 1, the zero.
unsigned to_trit(float value, float inverse) noexcept {
  const float rounded = std::round(value * inverse);
  return std::fabs(rounded) <= 1 ? static_cast<unsigned>(static_cast<int>(rounded) + 1) : 1;
}

void encode_tq1_0(const float* values, const float* /*importance*/,
                  std::uint8_t* block) noexcept {
  const float scale = magnitude(values, kSuperBlock);
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_half(block + kTq1Scale, scale);
  for (const TritRun& run : kTritRuns) {
    for (std::size_t m = 0; m < run.bytes; ++m) {
      unsigned number = 0;
      for (std::size_t digit = 0; digit < 5; ++digit)
        number = number * 3 +
                 (digit < run.digits ? to_trit(values[m + digit * run.bytes], inverse) : 0);
      // number / 3^5 as a fraction of 256, rounded up so that its digits come out again.
      block[run.at + m] = static_cast<std::uint8_t>((number * 256 + 242) / 243);
    }
    values += run.digits * run.bytes;
  }
}

void encode_tq2_0(const float* values, const float* /*importance*/,
                  std::uint8_t* block) noexcept {
  const float scale = magnitude(values, kSuperBlock);
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_half(block + kTq2Scale, scale);
  for (std::size_t at = 0; at < kTq2Scale; ++at) {
    const float* column = values + at / 32 * 128 + at % 32;
    unsigned byte = 0;
    for (std::size_t digit = 0; digit < 4; ++digit)
      byte |= to_trit(column[digit * 32], inverse) << 2 * digit;
    block[at] = static_cast<std::uint8_t>(byte);
  }
}

void encode_q1_0(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  float sum = 0;
  for (std::size_t i = 0; i < kQ1Elements; ++i) sum += std::fabs(values[i]);
  store_half(block, sum / kQ1Elements);
  for (std::size_t at = 0; at < kQ1Elements / 8; ++at) {
    unsigned byte = 0;
    for (std::size_t bit = 0; bit < 8; ++bit)
      byte |= static_cast<unsigned>(values[at * 8 + bit] >= 0) << bit;
    block[2 + at] = static_cast<std::uint8_t>(byte);
  }
}

void encode_q2_0(const float* values, const float* /*importance*/,
                 std::uint8_t* block) noexcept {
  const float scale = magnitude(values, kQ2Elements);
  const float inverse = scale > 0 ? 1 / scale : 0;
  store_half(block, scale);
  for (std::size_t at = 0; at < kQ2Elements / 4; ++at) {
    unsigned byte = 0;
    for (std::size_t k = 0; k < 4; ++k) byte |= to_trit(values[at * 4 + k], inverse) << 2 * k;
    block[2 + at] = static_cast<std::uint8_t>(byte);
  }
}

}  // namespace

BlockCodec ternary_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::tq1_0:
      return {decode_tq1_0, encode_tq1_0};
    case DType::tq2_0:
      return {decode_tq2_0, encode_tq2_0};
    case DType::q1_0:
      return {decode_q1_0, encode_q1_0};
    case DType::q2_0:
      return {decode_q2_0, encode_q2_0};
    default:
      return {};
  }
}

}  // namespace hart::tensor
