#include <cmath>

#include "core/endian.h"
#include "tensor/convert.h"
#include "tensor/dot_kernels.h"
#include "tensor/dot_matrix_kernels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kLanes = 8;

float fused_product(const float* a, const float* b, std::size_t dim) noexcept {
  float sums[kLanes] = {};
  for (std::size_t i = 0; i < dim; i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k)
      // A zero for what is missing is not idle: it turns a lane of -0 into +0.
      sums[k] = i + k < dim ? std::fma(a[i + k], b[i + k], sums[k]) : sums[k] + 0.0f;
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  return sums[0];
}

template <typename Pair>
void for_pairs(const float* queries, std::size_t m, const float* rows, std::size_t n,
               std::size_t dim, float* out, std::size_t stride, Pair pair) noexcept {
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t q = 0; q < m; ++q)
      out[q * stride + r] = pair(queries + q * dim, rows + r * dim);
}

void dot_fused(const float* queries, std::size_t m, const float* rows, std::size_t n,
               std::size_t dim, float* out, std::size_t stride) noexcept {
  for_pairs(queries, m, rows, n, dim, out, stride, [&](const float* query, const float* row) {
    return fused_product(query, row, dim);
  });
}

void dot_split(const float* queries, std::size_t m, const float* rows, std::size_t n,
               std::size_t dim, float* out, std::size_t stride) noexcept {
  const DotKernels scalar = scalar_dot_kernels();
  for_pairs(queries, m, rows, n, dim, out, stride, [&](const float* query, const float* row) {
    return scalar.dot_f32(reinterpret_cast<const std::uint8_t*>(row), query, dim);
  });
}

void squared_l2_split(const float* queries, std::size_t m, const float* rows, std::size_t n,
                      std::size_t dim, float* out, std::size_t stride) noexcept {
  const DotKernels scalar = scalar_dot_kernels();
  for_pairs(queries, m, rows, n, dim, out, stride, [&](const float* query, const float* row) {
    return scalar.squared_l2(row, query, dim);
  });
}

void widen_f16(const std::uint8_t* values, std::size_t n, float* out) noexcept {
  for (std::size_t i = 0; i < n; ++i)
    out[i] = f16_to_f32(load_le<std::uint16_t>(values + 2 * i));
}

void widen_bf16(const std::uint8_t* values, std::size_t n, float* out) noexcept {
  for (std::size_t i = 0; i < n; ++i)
    out[i] = bf16_to_f32(load_le<std::uint16_t>(values + 2 * i));
}

void widen_i8(const std::uint8_t* values, std::size_t n, float* out) noexcept {
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<float>(static_cast<std::int8_t>(values[i]));
}

}  // namespace

MatrixKernels scalar_matrix_kernels() noexcept {
  return {"scalar", dot_fused, dot_split, squared_l2_split, widen_f16, widen_bf16, widen_i8};
}

}  // namespace hart::tensor
