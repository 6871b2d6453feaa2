#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace hart::tensor {

// The inner loops of dot.h for one instruction set: products of rows of block weights with
// activations in 8 bits, and of rows of float weights. This header has no inline code, so that
// files built for one instruction set share nothing with the rest of the program.
//
// Every kernel computes the same sums in the same order, so all give the same bits, one row or
// many, one vector of activations or many, whatever the layout of the rows. A row is made of
// groups of 16 or 32 levels with a scale and a min (block_levels.h), a vector of activations of
// blocks of 32 integers with a scale. For group g, which lies in the activations' block b:
// - the products of levels and integers are summed exactly, a whole number;
// - lane g mod 8 of eight becomes fma(scale of g × scale of b, whole number, lane), where the
//   product of the scales is rounded;
// - in types with mins it then becomes fma(min of g, sum of the group's integers × scale of b,
//   lane), where that product is rounded.
// The eight lanes start at zero and are added in halves: lane k and k + 4, k + 2, k + 1.

/// Rows of a vector of activations are padded to whole chunks, with zeros.
inline constexpr std::size_t kChunk = 256;
/// Rows that the interleaved layout (interleave.h) and the tiles of products take together.
inline constexpr std::size_t kTileRows = 16;

/// `n` vectors of activations, each padded to `columns`, a multiple of kChunk.
struct QuantizedRows {
  std::size_t n;
  std::size_t columns;
  std::int8_t* values;       ///< (n, columns), in [-127, 127]
  float* scales;             ///< (n, columns / 32)
  std::int32_t* sums_of_16;  ///< (n, columns / 16): sums of values
  std::int32_t* sums_of_32;  ///< (n, columns / 32)
  float* scaled_sums_of_16;  ///< (n, columns / 16): sums × scales
  float* scaled_sums_of_32;  ///< (n, columns / 32)
};

/// `n` rows of a float type or one with a level layout, or whole tiles of kTileRows interleaved
/// rows.
struct WeightRows {
  DType dtype;
  const std::uint8_t* bytes;  ///< no alignment is needed
  std::size_t row_bytes;
  std::size_t n;
  std::size_t columns;
};

struct GemmKernels {
  const char* name;
  /// y[row] = the product of a row of f32, f16 or bf16 with `x`, by the fused definition of
  /// dot_matrix_kernels.h.
  void (*float_rows)(const WeightRows& w, const float* x, float* y) noexcept;
  /// Quantises `columns` values, whole blocks of 32, into row `i` of `out`, pads it and adds
  /// up its sums. Each block becomes integers times its largest magnitude over 127, to nearest,
  /// ties to even; a block with a value that is not finite, ones times NaN.
  void (*quantize)(const float* values, std::size_t columns, const QuantizedRows& out,
                   std::size_t i) noexcept;
  /// y[i * stride + row] = the product of a row of `w` and vector i of `x`. `panel` is room for
  /// panel_bytes(w.columns) bytes, 64-byte aligned; it may be null when x.n < kTileVectors.
  void (*rows)(const WeightRows& w, const QuantizedRows& x, float* y, std::size_t stride,
               std::uint8_t* panel) noexcept;
  /// The same for interleaved rows, of the types that have them.
  void (*interleaved)(const WeightRows& w, const QuantizedRows& x, float* y,
                      std::size_t stride) noexcept;
};

/// From so many vectors on, a tile of rows is unpacked once for all of them.
inline constexpr std::size_t kTileVectors = 4;

/// Room for the levels, scales and mins of a tile of rows.
[[nodiscard]] std::size_t panel_bytes(std::size_t columns) noexcept;

/// Those that this processor can run and HART_CPU does not switch off, the scalar definition
/// first, the fastest last.
[[nodiscard]] std::span<const GemmKernels> all_gemm_kernels() noexcept;
/// The fastest of them.
[[nodiscard]] const GemmKernels& gemm_kernels() noexcept;

[[nodiscard]] GemmKernels scalar_gemm_kernels() noexcept;
/// To be called on a processor with AVX2, FMA and F16C only: its own code uses them too.
[[nodiscard]] GemmKernels avx2_gemm_kernels() noexcept;
/// To be called on a processor that also has AVX-512 F, BW, DQ, VL and VNNI only.
[[nodiscard]] GemmKernels avx512_gemm_kernels() noexcept;

}  // namespace hart::tensor
