#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "tensor/dtype.h"

namespace hart::tensor {

/// IEEE 754 binary16 to binary32, exact. A signalling NaN becomes quiet, as in hardware; its
/// sign and payload stay.
[[nodiscard]] float f16_to_f32(std::uint16_t half) noexcept;
/// binary32 to binary16, rounded to nearest, ties to even; what is too large becomes infinity.
/// A NaN becomes quiet and keeps its sign and the upper payload bits.
[[nodiscard]] std::uint16_t f32_to_f16(float value) noexcept;

/// bfloat16, the upper half of binary32: exact.
[[nodiscard]] inline float bf16_to_f32(std::uint16_t upper) noexcept {
  return std::bit_cast<float>(std::uint32_t{upper} << 16);
}
/// Rounded to nearest, ties to even. A NaN becomes quiet and keeps its sign and upper payload.
[[nodiscard]] std::uint16_t f32_to_bf16(float value) noexcept;

/// True for the types that rows can be converted from and to: f32, f16, bf16, q8_0, q4_0.
[[nodiscard]] bool is_convertible(DType dtype) noexcept;

/// Decodes a row (or any whole blocks) of `values.size()` elements, which `bytes` must hold
/// exactly. Throws Error(usage) on another size, Error(data) when the type is not convertible.
/// Source: dequantize_row_* of ggml-quants.c; the results are the same bit for bit.
void dequantize_row(DType dtype, ByteView bytes, std::span<float> values);

/// Encodes `values` into `bytes`, which must have room for exactly their blocks. Elements that
/// are not numbers become 0 in block types. Throws as dequantize_row. Source:
/// quantize_row_*_ref of ggml-quants.c; the results are the same bit for bit.
void quantize_row(DType dtype, std::span<const float> values, std::span<std::uint8_t> bytes);

}  // namespace hart::tensor
