#include "tensor/quant_iq_grid.h"

#include "tensor/quant_iq1_codes.h"
#include "tensor/quant_iq2_codes.h"
#include "tensor/quant_iq3_codes.h"

namespace hart::tensor {
namespace {

/// Spells out codes whose fields of 16 / `length` or fewer bits index `levels`.
template <std::size_t length, std::size_t rows, std::size_t n_levels>
constexpr std::array<GridRow<length>, rows> spell_out(
    const std::array<std::uint16_t, rows>& codes,
    const std::array<std::int8_t, n_levels>& levels) {
  constexpr unsigned bits = n_levels <= 4 ? 2 : 3;
  std::array<GridRow<length>, rows> grid{};
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < length; ++i)
      grid[row][i] = levels[codes[row] >> bits * i & ((1u << bits) - 1)];
  return grid;
}

constexpr std::array<GridRow<8>, 256> signs_of_bits() {
  std::array<GridRow<8>, 256> rows{};
  for (std::size_t byte = 0; byte < rows.size(); ++byte)
    for (std::size_t bit = 0; bit < 8; ++bit) rows[byte][bit] = byte >> bit & 1 ? -1 : 1;
  return rows;
}

constexpr std::array<std::int8_t, 3> kIq1Levels{-1, 0, 1};
constexpr std::array<std::int8_t, 3> kIq2Levels{8, 25, 43};
constexpr std::array<std::int8_t, 8> kIq3XxsLevels{4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::array<std::int8_t, 8> kIq3SLevels{1, 3, 5, 7, 9, 11, 13, 15};

}  // namespace

constinit const std::array<GridRow<8>, 2048> kIq1Grid = spell_out<8>(kIq1Codes, kIq1Levels);
constinit const std::array<GridRow<8>, 256> kIq2XxsGrid =
    spell_out<8>(kIq2XxsCodes, kIq2Levels);
constinit const std::array<GridRow<8>, 512> kIq2XsGrid = spell_out<8>(kIq2XsCodes, kIq2Levels);
constinit const std::array<GridRow<8>, 1024> kIq2SGrid = spell_out<8>(kIq2SCodes, kIq2Levels);
constinit const std::array<GridRow<4>, 256> kIq3XxsGrid =
    spell_out<4>(kIq3XxsCodes, kIq3XxsLevels);
constinit const std::array<GridRow<4>, 512> kIq3SGrid = spell_out<4>(kIq3SCodes, kIq3SLevels);
constinit const std::array<GridRow<8>, 256> kSigns = signs_of_bits();

}  // namespace hart::tensor
