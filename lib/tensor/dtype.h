#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace hart::tensor {

/// Element types of tensors. The value is the type id of the GGUF specification, which the
/// store keeps as well; the four above 1000 are SafeTensors' own.
enum class DType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q8_1 = 9,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  q8_k = 15,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  i8 = 24,
  i16 = 25,
  i32 = 26,
  i64 = 27,
  f64 = 28,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  mxfp4 = 39,
  nvfp4 = 40,
  q1_0 = 41,
  q2_0 = 42,
  boolean = 1001,
  u8 = 1002,
  u16 = 1003,
  u32 = 1004,
  u64 = 1005,
  f8_e4m3 = 1006,
  f8_e5m2 = 1007,
};

/// Layout of a type: `block_elements` consecutive elements of a row take `block_bytes` bytes.
struct DTypeInfo {
  DType dtype;
  std::string_view name;  ///< lower case, as `f32`, `q4_0`, `bf16`
  std::uint32_t block_elements;
  std::uint32_t block_bytes;
};

/// Whether each element is a float that arithmetic runs on as it lies: f32, f16 or bf16.
[[nodiscard]] constexpr bool is_plain_float(DType dtype) noexcept {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

/// All known types, by ascending value.
[[nodiscard]] std::span<const DTypeInfo> dtypes() noexcept;
/// The layout of `dtype`, which must be a known one.
[[nodiscard]] const DTypeInfo& dtype_info(DType dtype);
/// The type with this GGUF id or this lower-case name, if there is one.
[[nodiscard]] std::optional<DType> find_dtype(std::uint32_t gguf_id) noexcept;
[[nodiscard]] std::optional<DType> find_dtype(std::string_view name) noexcept;
/// What a GGUF type id without a DType is, for a message: "tensor type 4 (q4_2) was removed
/// from the format", "tensor type 137 is a private id of a fork" (97 to 399), else "unknown
/// tensor type 43".
[[nodiscard]] std::string describe_unknown_dtype(std::uint32_t gguf_id);

/// Bytes of a tensor of `shape` (innermost dimension first; rank 0 is one element). Throws
/// Error(data) when the first dimension is not a multiple of the block or the product
/// overflows.
[[nodiscard]] std::uint64_t tensor_bytes(DType dtype, std::span<const std::uint64_t> shape);

/// A tensor whose bytes lie elsewhere: mapped from a file or a pack.
struct TensorView {
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first, as GGUF lists it
  ByteView bytes;

  /// Elements of a row and number of rows, all outer dimensions flattened. Rank 0 is (1, 1).
  [[nodiscard]] std::uint64_t columns() const noexcept { return shape.empty() ? 1 : shape[0]; }
  [[nodiscard]] std::uint64_t rows() const noexcept {
    std::uint64_t count = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) count *= shape[i];
    return count;
  }
};

}  // namespace hart::tensor
