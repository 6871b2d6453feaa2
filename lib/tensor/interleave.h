#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "tensor/dtype.h"

namespace hart::tensor {

// Sixteen rows interleaved: block b of rows 0 to 15 of a tile lie together, 16 × block_bytes
// bytes, and in them each field of the blocks is cut into units that alternate between the
// rows: unit u of row 0, of row 1, ... of row 15, then unit u + 1. A scale is a unit, levels
// come in units of four bytes. So one load brings the same levels of all sixteen rows, which is
// what fills the lanes of a processor. Tiles follow each other; rows after the last whole tile
// stay as they are. Nothing is added or lost: the bytes are permuted.

/// How the rows of a matrix of block weights lie.
enum class RowLayout : std::uint8_t {
  rows,           ///< one after the other, as files have them
  interleaved16,  ///< whole tiles of sixteen rows interleaved, the rest one after the other
};

/// True for the types whose products gain by it: q4_0, q8_0, q4_k and q6_k.
[[nodiscard]] bool has_interleaved(DType dtype) noexcept;

/// Permutes `rows`, any number of rows of `row_bytes` bytes, into `out` of the same size, which
/// must not overlap it. Throws Error(data) without has_interleaved(dtype), Error(usage) when
/// the sizes are not whole rows of whole blocks or differ.
void interleave_rows(DType dtype, std::size_t row_bytes, ByteView rows,
                     std::span<std::uint8_t> out);
/// The inverse.
void deinterleave_rows(DType dtype, std::size_t row_bytes, ByteView interleaved,
                       std::span<std::uint8_t> out);

/// Copies row `row` of interleaved rows into `out` (row_bytes), in the order files have. Throws
/// as above and Error(usage) when there is no such row.
void extract_row(DType dtype, std::size_t row_bytes, ByteView interleaved, std::size_t row,
                 std::span<std::uint8_t> out);

/// Copies the block of row `row`, below 16, out of sixteen interleaved blocks of a type that
/// has_interleaved.
void extract_block(DType dtype, const std::uint8_t* blocks, std::size_t row,
                   std::uint8_t* out) noexcept;

}  // namespace hart::tensor
