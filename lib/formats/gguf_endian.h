#pragma once

#include <span>

#include "core/bytes.h"
#include "tensor/dtype.h"

namespace hart::formats {

/// Numbers within a block: `count` of `width` bytes each, the first at byte `offset`, each
/// `stride` bytes after the one before.
struct BlockField {
  std::uint32_t offset;
  std::uint32_t width;  ///< 2, 4 or 8
  std::uint32_t count = 1;
  std::uint32_t stride = width;
};

/// The fields of a block of `dtype` whose bytes stand in the other order in a big-endian file,
/// by ascending offset, without overlap. A field is as wide as ggml's scalar code reads it,
/// which its declaration does not always tell: the fifth bits of Q5_0 are one 32-bit word, and
/// every other word of IQ2_XXS's codes is four bytes. What is read byte by byte is no field.
/// Empty for types made of bytes alone. Source: the block structures in ggml-common.h and the
/// dequantize_row_* functions of ggml-quants.c.
[[nodiscard]] std::span<const BlockField> swapped_fields(tensor::DType dtype) noexcept;

/// Turns whole blocks of `dtype` from one byte order to the other, in place; its own inverse.
/// Throws Error(data) when `blocks` are not whole blocks.
void swap_byte_order(tensor::DType dtype, std::span<std::uint8_t> blocks);

}  // namespace hart::formats
