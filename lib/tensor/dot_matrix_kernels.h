#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::tensor {

// The inner loops of dot_matrix.h and vector_batch.h for one instruction set. This header has
// no inline code, so that files built for one instruction set share nothing with the rest of
// the program.
//
// Two definitions of a sum of products, both the same bits on every processor:
// - fused: product i is added to lane i mod 8 by a fused multiply-add; the 8 lanes are then
//   added in halves (lane k and k + 4, k + 2, k + 1). Missing products at the end are zeros.
// - split: as `dot_f32` and `squared_l2` of dot_kernels.h do it, 32 lanes, each product and
// each
//   addition rounded: bit for bit what those give for one pair.

/// `m` queries and `n` rows of `dim` binary32 values each; the result of query q and row r goes
/// to out[q * stride + r]. Made for tiles that fit the caches: the caller cuts them.
using TileKernel = void(const float* queries, std::size_t m, const float* rows, std::size_t n,
                        std::size_t dim, float* out, std::size_t stride) noexcept;

/// Decodes `n` values to binary32, exactly.
using WidenKernel = void(const std::uint8_t* values, std::size_t n, float* out) noexcept;

struct MatrixKernels {
  const char* name;
  TileKernel* dot_fused;
  TileKernel* dot_split;
  TileKernel* squared_l2_split;
  WidenKernel* widen_f16;
  WidenKernel* widen_bf16;
  WidenKernel* widen_i8;
};

/// Those that this processor can run and HART_CPU does not switch off, the scalar definition
/// first, the fastest last.
[[nodiscard]] std::span<const MatrixKernels> all_matrix_kernels() noexcept;
/// The fastest of them.
[[nodiscard]] const MatrixKernels& matrix_kernels() noexcept;

[[nodiscard]] MatrixKernels scalar_matrix_kernels() noexcept;
/// To be called on a processor with AVX2 and FMA only: its own code uses them too.
[[nodiscard]] MatrixKernels avx2_matrix_kernels() noexcept;

}  // namespace hart::tensor
