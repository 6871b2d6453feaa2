#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::tensor {

/// How a segment's elements fall into pieces of one row (or of a few short rows), of which each
/// has one context: weights of a row share their scale. A block that does not follow the rows
/// costs 2 % of the ratio.
///
/// Element i of the segment stands at position p = (phase + i) mod period of its period; pieces
/// begin where p is a multiple of `piece`, and at the start of every block.
struct RowPieces {
  std::uint32_t period = 0;
  std::uint32_t phase = 0;  ///< below period
  std::uint16_t piece = 0;

  /// The first boundary after element `i`.
  [[nodiscard]] std::uint64_t next(std::uint64_t i) const noexcept {
    const std::uint64_t position = (phase + i) % period;
    const std::uint64_t in_piece = piece - position % piece, in_period = period - position;
    return i + (in_piece < in_period ? in_piece : in_period);
  }
};

/// Pieces of 256 to 1024 elements that follow rows of `row_elements`, the segment beginning at
/// element `first_element` of its tensor.
[[nodiscard]] RowPieces choose_row_pieces(std::uint64_t first_element,
                                          std::uint64_t row_elements) noexcept;

/// Sorts pieces into at most `classes` by their mean (Lloyd's algorithm in one dimension) and
/// writes the class of each, below the returned number.
[[nodiscard]] std::size_t classify_rows(std::span<const std::uint32_t> means,
                                        std::size_t classes, std::uint8_t* class_of);

}  // namespace hart::tensor
