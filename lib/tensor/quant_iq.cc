#include <array>
#include <bit>

#include "core/endian.h"
#include "tensor/quant.h"
#include "tensor/quant_iq_grid.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kGroups = kSuperBlock / 32;  // of 32 elements, four runs of eight

/// Seven stored signs and an eighth that makes the number of minus signs even.
std::uint32_t even_signs(std::uint32_t seven) noexcept {
  return seven | static_cast<std::uint32_t>(std::popcount(seven) & 1) << 7;
}

/// A run of a row. `signs` has 1 and -1.
template <std::size_t length>
void decode_run(const GridRow<length>& row, float scale, const std::int8_t* __restrict signs,
                float* __restrict values) noexcept {
  for (std::size_t i = 0; i < length; ++i)
    values[i] = scale * static_cast<float>(row[i] * signs[i]);
}

/// Bit i of `signs` set means that element i is negative.
void decode_run(const GridRow<8>& row, float scale, std::uint32_t signs,
                float* values) noexcept {
  decode_run(row, scale, kSigns[signs].data(), values);
}

/// Two rows of four make a run of eight.
void decode_run(const GridRow<4>& first, const GridRow<4>& second, float scale,
                std::uint32_t signs, float* values) noexcept {
  decode_run(first, scale, kSigns[signs].data(), values);
  decode_run(second, scale, kSigns[signs].data() + 4, values + 4);
}

/// Scale of the 2-bit types from four bits: eighths of odd multiples.
float iq2_scale(float scale, unsigned bits) noexcept {
  return scale * (0.5f + static_cast<float>(bits)) * 0.25f;
}

void decode_iq2_xxs(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* rows = block + 2;
  for (std::size_t group = 0; group < kGroups; ++group, rows += 8) {
    const auto packed = load_le<std::uint32_t>(rows + 4);  // 4 × 7 signs, 4 bits of scale
    const float own = iq2_scale(scale, packed >> 28);
    for (std::size_t run = 0; run < 4; ++run, values += 8)
      decode_run(kIq2XxsGrid[rows[run]], own, even_signs(packed >> 7 * run & 127), values);
  }
}

void decode_iq2_xs(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* scales = block + 66;
  for (std::size_t run = 0; run < 32; ++run, values += 8) {
    const auto packed = load_le<std::uint16_t>(block + 2 + 2 * run);  // 9 of row, 7 signs
    const unsigned own = scales[run / 4] >> run % 4 / 2 * 4 & 15;
    decode_run(kIq2XsGrid[packed & 511], iq2_scale(scale, own), even_signs(packed >> 9),
               values);
  }
}

void decode_iq2_s(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* rows = block + 2;
  const std::uint8_t* signs = block + 34;
  const std::uint8_t* high = block + 66;
  const std::uint8_t* scales = block + 74;
  for (std::size_t run = 0; run < 32; ++run, values += 8) {
    const std::size_t row = rows[run] | (high[run / 4] >> run % 4 * 2 & 3) << 8;
    const unsigned own = scales[run / 4] >> run % 4 / 2 * 4 & 15;
    decode_run(kIq2SGrid[row], iq2_scale(scale, own), signs[run], values);
  }
}

void decode_iq3_xxs(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* rows = block + 2;
  const std::uint8_t* packed_signs = block + 66;
  for (std::size_t group = 0; group < kGroups; ++group, packed_signs += 4) {
    const auto packed = load_le<std::uint32_t>(packed_signs);
    const float own = scale * (0.5f + static_cast<float>(packed >> 28)) * 0.5f;
    for (std::size_t run = 0; run < 4; ++run, rows += 2, values += 8)
      decode_run(kIq3XxsGrid[rows[0]], kIq3XxsGrid[rows[1]], own,
                 even_signs(packed >> 7 * run & 127), values);
  }
}

void decode_iq3_s(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* rows = block + 2;
  const std::uint8_t* high = block + 66;
  const std::uint8_t* signs = block + 74;
  const std::uint8_t* scales = block + 106;
  for (std::size_t run = 0; run < 32; ++run, rows += 2, values += 8) {
    const unsigned upper = high[run / 4] >> run % 4 * 2;
    const unsigned nibble = scales[run / 8] >> run / 4 % 2 * 4 & 15;
    const float own = scale * static_cast<float>(1 + 2 * nibble);
    decode_run(kIq3SGrid[rows[0] | (upper & 1) << 8],
               kIq3SGrid[rows[1] | (upper >> 1 & 1) << 8], own, signs[run], values);
  }
}

/// A run of the 1-bit types: each element is off its row's value by an eighth, all to one side.
void decode_iq1_run(std::size_t row, float scale, bool below,
                    float* __restrict values) noexcept {
  const float delta = below ? -0.125f : 0.125f;
  for (std::size_t i = 0; i < 8; ++i)
    values[i] = scale * (static_cast<float>(kIq1Grid[row][i]) + delta);
}

void decode_iq1_s(const std::uint8_t* block, float* values) noexcept {
  const float scale = load_half(block);
  const std::uint8_t* rows = block + 2;
  for (std::size_t group = 0; group < kGroups; ++group, rows += 4) {
    // 4 × 3 upper bits of the rows, 3 bits of scale, the side.
    const unsigned packed = load_le<std::uint16_t>(block + 34 + 2 * group);
    const float own = scale * static_cast<float>(2 * (packed >> 12 & 7) + 1);
    for (std::size_t run = 0; run < 4; ++run, values += 8)
      decode_iq1_run(rows[run] | (packed >> 3 * run & 7) << 8, own, packed >> 15 != 0, values);
  }
}

void decode_iq1_m(const std::uint8_t* block, float* values) noexcept {
  const std::uint8_t* high = block + 32;
  std::array<unsigned, 4> packed;  // each four scales of three bits, a quarter of the block's
  for (std::size_t i = 0; i < 4; ++i) packed[i] = load_le<std::uint16_t>(block + 48 + 2 * i);
  const unsigned half =
      packed[0] >> 12 | packed[1] >> 12 << 4 | packed[2] >> 12 << 8 | packed[3] >> 12 << 12;
  const float scale = f16_to_f32(static_cast<std::uint16_t>(half));
  for (std::size_t run = 0; run < 32; ++run, values += 8) {
    const unsigned bits = packed[run / 8] >> run % 8 / 2 * 3 & 7;
    const unsigned nibble = high[run / 2] >> run % 2 * 4;  // 3 upper bits of the row, the side
    decode_iq1_run(block[run] | (nibble & 7) << 8, scale * static_cast<float>(2 * bits + 1),
                   (nibble & 8) != 0, values);
  }
}

}  // namespace

BlockCodec iq_codec(DType dtype) noexcept {
  switch (dtype) {
    case DType::iq1_s:
      return {decode_iq1_s, nullptr};
    case DType::iq1_m:
      return {decode_iq1_m, nullptr};
    case DType::iq2_xxs:
      return {decode_iq2_xxs, nullptr};
    case DType::iq2_xs:
      return {decode_iq2_xs, nullptr};
    case DType::iq2_s:
      return {decode_iq2_s, nullptr};
    case DType::iq3_xxs:
      return {decode_iq3_xxs, nullptr};
    case DType::iq3_s:
      return {decode_iq3_s, nullptr};
    default:
      return {};
  }
}

}  // namespace hart::tensor
