#include "tensor/vector_batch.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/dot_kernels.h"
#include "tensor/dot_matrix_kernels.h"

namespace hart::tensor {
namespace {

// Decoded rows stay in the first-level cache while the queries pass over them; so does a tile
// of queries while a panel of rows in the second-level cache passes over it.
constexpr std::size_t kDecodedFloats = 4096;
constexpr std::size_t kTileFloats = 4096;
constexpr std::size_t kPanelFloats = std::size_t{48} << 10U;
// A whole number of the register blocks of the AVX2 kernel.
constexpr std::size_t kStep = 3;

std::size_t vectors_within(std::size_t floats, std::size_t dim) noexcept {
  return std::max<std::size_t>(1, floats / std::max<std::size_t>(1, dim) / kStep) * kStep;
}

void run_tiles(TileKernel* kernel, const float* queries, std::size_t m, const float* rows,
               std::size_t n, std::size_t dim, float* out, std::size_t stride) noexcept {
  const std::size_t panel = vectors_within(kPanelFloats, dim);
  const std::size_t tile = vectors_within(kTileFloats, dim);
  for (std::size_t r = 0; r < n; r += panel)
    for (std::size_t q = 0; q < m; q += tile)
      kernel(queries + q * dim, std::min(tile, m - q), rows + r * dim, std::min(panel, n - r),
             dim, out + q * stride + r, stride);
}

using RowDot = float (*)(const std::uint8_t*, const float*, std::size_t) noexcept;

RowDot row_dot(DType dtype) noexcept {
  const DotKernels& kernels = dot_kernels();
  switch (dtype) {
    case DType::f16:
      return kernels.dot_f16;
    case DType::bf16:
      return kernels.dot_bf16;
    case DType::i8:
      return kernels.dot_i8;
    default:
      return kernels.dot_f32;
  }
}

WidenKernel* widening(DType dtype) noexcept {
  const MatrixKernels& kernels = matrix_kernels();
  switch (dtype) {
    case DType::f16:
      return kernels.widen_f16;
    case DType::bf16:
      return kernels.widen_bf16;
    default:
      return kernels.widen_i8;
  }
}

/// Decodes rows a few at a time and calls visit(first, decoded values, count).
template <typename Visit> void for_decoded(const VectorRows& rows, Visit visit) {
  WidenKernel* widen = widening(rows.dtype);
  const std::size_t step = std::min(rows.n, vectors_within(kDecodedFloats, rows.dim));
  std::vector<float> decoded(step * rows.dim);
  for (std::size_t first = 0; first < rows.n; first += step) {
    const VectorRows some = rows.part(first, std::min(step, rows.n - first));
    widen(some.values, some.n * rows.dim, decoded.data());
    visit(first, decoded.data(), some);
  }
}

/// A single query: the rows pass through once, so decoding them apart would only cost.
void dot_one(const float* query, const VectorRows& rows, float* out) noexcept {
  const RowDot dot = row_dot(rows.dtype);
  for (std::size_t r = 0; r < rows.n; ++r)
    out[r] = dot(rows.values + r * rows.row_bytes(), query, rows.dim);
}

const float* f32_values(const VectorRows& rows) noexcept {
  return reinterpret_cast<const float*>(rows.values);
}

/// The products, i8 without their scales.
void unscaled_dots(const float* queries, std::size_t m, const VectorRows& rows, float* out) {
  TileKernel* kernel = matrix_kernels().dot_split;
  if (m == 1) return dot_one(queries, rows, out);
  if (rows.dtype == DType::f32)
    return run_tiles(kernel, queries, m, f32_values(rows), rows.n, rows.dim, out, rows.n);
  for_decoded(rows, [&](std::size_t first, const float* decoded, const VectorRows& some) {
    kernel(queries, m, decoded, some.n, rows.dim, out + first, rows.n);
  });
}

}  // namespace

std::size_t VectorRows::row_bytes() const noexcept {
  return dim * (dtype == DType::f32 ? 4 : dtype == DType::i8 ? 1 : 2);
}

VectorRows VectorRows::part(std::size_t first, std::size_t count) const noexcept {
  return {dtype, values + first * row_bytes(), count, dim,
          scales == nullptr ? nullptr : scales + first};
}

bool has_vector_rows(DType dtype) noexcept {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 ||
         dtype == DType::i8;
}

void dot_batch(const float* queries, std::size_t m, const VectorRows& rows, float* out) {
  if (m == 0 || rows.n == 0) return;
  unscaled_dots(queries, m, rows, out);
  if (rows.dtype != DType::i8) return;
  for (std::size_t q = 0; q < m; ++q)
    for (std::size_t r = 0; r < rows.n; ++r) out[q * rows.n + r] *= rows.scales[r];
}

void squared_l2_batch(const float* queries, std::size_t m, const VectorRows& rows, float* out) {
  if (m == 0 || rows.n == 0) return;
  TileKernel* kernel = matrix_kernels().squared_l2_split;
  if (rows.dtype == DType::f32) {
    if (m > 1)
      return run_tiles(kernel, queries, m, f32_values(rows), rows.n, rows.dim, out, rows.n);
    for (std::size_t r = 0; r < rows.n; ++r)
      out[r] = dot_kernels().squared_l2(f32_values(rows) + r * rows.dim, queries, rows.dim);
    return;
  }
  for_decoded(rows, [&](std::size_t first, float* decoded, const VectorRows& some) {
    if (some.scales != nullptr)
      for (std::size_t i = 0; i < some.n * rows.dim; ++i)
        decoded[i] *= some.scales[i / rows.dim];
    kernel(queries, m, decoded, some.n, rows.dim, out + first, rows.n);
  });
}

void squares_of_rows(const VectorRows& rows, float* out) {
  if (rows.n == 0) return;
  const DotKernels& kernels = dot_kernels();
  const auto squares_of = [&](const float* values, std::size_t n, float* to) {
    for (std::size_t r = 0; r < n; ++r) {
      const float* row = values + r * rows.dim;
      to[r] = kernels.dot_f32(reinterpret_cast<const std::uint8_t*>(row), row, rows.dim);
    }
  };
  if (rows.dtype == DType::f32) return squares_of(f32_values(rows), rows.n, out);
  if (rows.dtype == DType::i8) {
    for (std::size_t r = 0; r < rows.n; ++r) {
      const std::uint8_t* row = rows.values + r * rows.dim;
      const auto sum = static_cast<float>(kernels.dot_i8_i8(row, row, rows.dim));
      out[r] = sum * rows.scales[r] * rows.scales[r];
    }
    return;
  }
  for_decoded(rows, [&](std::size_t first, const float* decoded, const VectorRows& some) {
    squares_of(decoded, some.n, out + first);
  });
}

std::int32_t dot_i8(const std::int8_t* a, const std::int8_t* b, std::size_t dim) noexcept {
  return dot_kernels().dot_i8_i8(reinterpret_cast<const std::uint8_t*>(a),
                                 reinterpret_cast<const std::uint8_t*>(b), dim);
}

float quantize_i8(const float* values, std::size_t dim, std::int8_t* out) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < dim; ++i) most = std::max(most, std::fabs(values[i]));
  const float scale = most / 127;
  for (std::size_t i = 0; i < dim; ++i) {
    const float steps = scale > 0 ? values[i] / scale : 0;
    out[i] = static_cast<std::int8_t>(std::clamp(std::lrint(steps), -127L, 127L));
  }
  return scale;
}

}  // namespace hart::tensor
