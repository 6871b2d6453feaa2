#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hart::tensor {

/// A row of a code book: the values of consecutive elements, before sign and scale.
template <std::size_t length> using GridRow = std::array<std::int8_t, length>;

// The code books of the iq types, spelt out: an index stored in a block names a row.
extern const std::array<GridRow<8>, 2048> kIq1Grid;
extern const std::array<GridRow<8>, 256> kIq2XxsGrid;
extern const std::array<GridRow<8>, 512> kIq2XsGrid;
extern const std::array<GridRow<8>, 1024> kIq2SGrid;
extern const std::array<GridRow<4>, 256> kIq3XxsGrid;
extern const std::array<GridRow<4>, 512> kIq3SGrid;

/// Row b has -1 where bit i of b is set, else 1.
extern const std::array<GridRow<8>, 256> kSigns;

}  // namespace hart::tensor
