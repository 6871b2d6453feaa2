#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace hart::tensor {

/// Stored vectors side by side: (n, dim), row-major, of a type that `has_vector_rows` knows. No
/// alignment is needed.
struct VectorRows {
  DType dtype = DType::f32;
  const std::uint8_t* values = nullptr;
  std::size_t n = 0;
  std::size_t dim = 0;
  const float* scales = nullptr;  ///< (n); for i8 alone: a row's integers are times its scale

  [[nodiscard]] std::size_t row_bytes() const noexcept;
  /// Rows [first, first + count).
  [[nodiscard]] VectorRows part(std::size_t first, std::size_t count) const noexcept;
};

/// True for f32, f16, bf16 and i8.
[[nodiscard]] bool has_vector_rows(DType dtype) noexcept;

// The functions below take `m` queries, (m, dim) binary32 values, and write the figure of query
// q and row r to out[q * rows.n + r]. A batch reads each row from memory once. One thread. A
// pair gives the same bits whatever m, n and the processor; for f32 those of `dot` and
// `squared_l2` of vector.h. Precondition: has_vector_rows(rows.dtype).

/// Σ queryᵢ rowᵢ; for i8 the sum over the integers, times the row's scale.
void dot_batch(const float* queries, std::size_t m, const VectorRows& rows, float* out);
/// Σ (queryᵢ − rowᵢ)²; for i8 each integer is first multiplied by the row's scale.
void squared_l2_batch(const float* queries, std::size_t m, const VectorRows& rows, float* out);
/// Σ rowᵢ² of each row into `out` (n); for i8 exact over the integers, then times the scale
/// twice. Precondition for i8: dim < 131 072.
void squares_of_rows(const VectorRows& rows, float* out);

/// a · b over `dim` integers. Precondition: dim < 131 072.
[[nodiscard]] std::int32_t dot_i8(const std::int8_t* a, const std::int8_t* b,
                                  std::size_t dim) noexcept;

/// The row's integers and its scale, the largest magnitude over 127: each value is off by half
/// a scale at most. A row of zeros has the scale 0. Precondition: the values are finite.
[[nodiscard]] float quantize_i8(const float* values, std::size_t dim,
                                std::int8_t* out) noexcept;

}  // namespace hart::tensor
