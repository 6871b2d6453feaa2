#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>

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

/// The 8-bit floats of "FP8 Formats for Deep Learning" (Micikevicius et al., 2022), exact. E4M3
/// has no infinities: 0x7F and 0xFF are its only NaNs. E5M2 is the upper byte of binary16.
[[nodiscard]] float f8_e4m3_to_f32(std::uint8_t bits) noexcept;
[[nodiscard]] inline float f8_e5m2_to_f32(std::uint8_t bits) noexcept {
  return f16_to_f32(static_cast<std::uint16_t>(bits << 8));
}

/// True for the types that dequantize_row reads: all that dtype.h lists.
[[nodiscard]] bool is_convertible(DType dtype) noexcept;
/// True for the types that quantize_row writes: f32 f16 bf16, q4_0 to q8_1, q2_k to q8_k,
/// iq4_nl, mxfp4, nvfp4, tq1_0, tq2_0, q1_0 and q2_0. The other iq types need searches in code
/// books.
[[nodiscard]] bool can_quantize(DType dtype) noexcept;
/// Their names, separated by spaces, in the order of their ids.
[[nodiscard]] std::string quantizable_names();

/// Decodes a row (or any whole blocks) of `values.size()` elements, which `bytes` must hold
/// exactly. Integers and f64 are rounded to nearest; a bool that is not 0 is 1. Throws
/// Error(usage) on another size, Error(data) on a cut block. Source: dequantize_row_* of
/// ggml-quants.c; the results are the same bit for bit, save for the sign of a NaN.
void dequantize_row(DType dtype, ByteView bytes, std::span<float> values);

/// Encodes `values` into `bytes`, which must have room for exactly their blocks. In block types
/// a NaN counts as 0, and an infinity spoils its own block only.
///
/// `importance` is empty or has one weight ≥ 0 for each of `values`, as the mean square of the
/// activations that an importance matrix records: errors of heavy elements then count more.
/// q2_k to q6_k and iq4_nl use it, other types take no notice. Throws Error(usage) on another
/// size, Error(data) on a cut block or when the type cannot be written, naming those that can.
/// Source: ggml_quantize_chunk of ggml, quantize_row_*_ref of ggml-quants.c for the types that
/// it leaves out; the results are the same bit for bit, importance included, for finite values
/// whose scales neither vanish nor overflow.
void quantize_row(DType dtype, std::span<const float> values, std::span<std::uint8_t> bytes,
                  std::span<const float> importance = {});

}  // namespace hart::tensor
