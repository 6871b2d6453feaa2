#pragma once

#include <cstddef>
#include <cstdint>

#include "core/endian.h"
#include "tensor/convert.h"
#include "tensor/dtype.h"

namespace hart::tensor {

/// Elements of a super-block, the unit of the k-, iq- and ternary types.
inline constexpr std::size_t kSuperBlock = 256;
/// Elements of a block of the 4-, 5- and 8-bit types and of iq4_nl and mxfp4.
inline constexpr std::size_t kBlock = 32;

/// The binary16 number at `at`, which need not be aligned.
[[nodiscard]] inline float load_half(const std::uint8_t* at) noexcept {
  return f16_to_f32(load_le<std::uint16_t>(at));
}
/// Stores `value` rounded to binary16 and returns what a reader will find there.
inline float store_half(std::uint8_t* at, float value) noexcept {
  const std::uint16_t half = f32_to_f16(value);
  store_le(at, half);
  return f16_to_f32(half);
}

/// Decodes one block of `dtype_info(...).block_bytes` bytes into its elements.
using DecodeBlock = void (*)(const std::uint8_t* block, float* values) noexcept;
/// Encodes the elements of one block. None of them is NaN; `importance` is null or holds one
/// weight ≥ 0 an element, which types that cannot use it ignore.
using EncodeBlock = void (*)(const float* values, const float* importance,
                             std::uint8_t* block) noexcept;

struct BlockCodec {
  DecodeBlock decode = nullptr;
  EncodeBlock encode = nullptr;  ///< null where a type can only be decoded
};

// The codecs of a family, each in its own file; empty for a type of another family. Layouts are
// those of the block structures in ggml-common.h, arithmetic and its order that of
// dequantize_row_* and quantize_row_*_ref in ggml-quants.c, so that results are the same bit
// for bit.

/// q4_0 q4_1 q5_0 q5_1 q8_0 q8_1: 32 elements, one scale, in *_1 a second number.
[[nodiscard]] BlockCodec legacy_codec(DType dtype) noexcept;
/// q2_k q3_k q4_k q5_k q6_k q8_k: 256 elements, quantised scales of 16 or 32 elements each.
[[nodiscard]] BlockCodec k_codec(DType dtype) noexcept;
/// iq1_s iq1_m iq2_xxs iq2_xs iq2_s iq3_xxs iq3_s: runs of 4 or 8 elements from a code book.
[[nodiscard]] BlockCodec iq_codec(DType dtype) noexcept;
/// iq4_nl iq4_xs: four bits that name one of 16 unevenly spaced levels.
[[nodiscard]] BlockCodec iq4_codec(DType dtype) noexcept;
/// mxfp4 nvfp4: 4-bit floats (E2M1) with an 8-bit float for a scale.
[[nodiscard]] BlockCodec fp4_codec(DType dtype) noexcept;
/// tq1_0 tq2_0 q1_0 q2_0: one, two or three values around zero.
[[nodiscard]] BlockCodec ternary_codec(DType dtype) noexcept;

}  // namespace hart::tensor
