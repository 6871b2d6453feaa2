#include "tensor/dot_matrix.h"

#include <algorithm>
#include <vector>

#include "core/cpu.h"
#include "tensor/dot_matrix_kernels.h"

namespace hart::tensor {
namespace {

// A panel of rows stays in the second-level cache while the queries pass over it, a tile of
// queries in the first-level cache while the rows of the panel pass over it.
constexpr std::size_t kPanelBytes = std::size_t{192} << 10;
constexpr std::size_t kTileBytes = std::size_t{16} << 10;
// A whole number of the register blocks of the AVX2 kernel.
constexpr std::size_t kRowStep = 4;
constexpr std::size_t kQueryStep = 3;

/// As many vectors as fill `bytes`, a multiple of `step`, at least one step.
std::size_t vectors_within(std::size_t bytes, std::size_t dim, std::size_t step) noexcept {
  const std::size_t fit = bytes / (sizeof(float) * std::max<std::size_t>(1, dim));
  return std::max<std::size_t>(1, fit / step) * step;
}

}  // namespace

void dot_matrix(const float* queries, std::size_t m, const float* rows, std::size_t n,
                std::size_t dim, float* out) noexcept {
  dot_matrix(queries, m, rows, n, dim, out, n);
}

void dot_matrix(const float* queries, std::size_t m, const float* rows, std::size_t n,
                std::size_t dim, float* out, std::size_t stride) noexcept {
  const MatrixKernels& kernels = matrix_kernels();
  const std::size_t panel = vectors_within(kPanelBytes, dim, kRowStep);
  const std::size_t tile = vectors_within(kTileBytes, dim, kQueryStep);
  for (std::size_t r = 0; r < n; r += panel)
    for (std::size_t q = 0; q < m; q += tile)
      kernels.dot_fused(queries + q * dim, std::min(tile, m - q), rows + r * dim,
                        std::min(panel, n - r), dim, out + q * stride + r, stride);
}

std::span<const MatrixKernels> all_matrix_kernels() noexcept {
  static const std::vector<MatrixKernels> kernels = [] {
    std::vector<MatrixKernels> usable{scalar_matrix_kernels()};
#if defined(__x86_64__)
    if (cpu_features().avx2) usable.push_back(avx2_matrix_kernels());
#endif
    return usable;
  }();
  return kernels;
}

const MatrixKernels& matrix_kernels() noexcept {
  static const MatrixKernels& fastest = all_matrix_kernels().back();
  return fastest;
}

}  // namespace hart::tensor
