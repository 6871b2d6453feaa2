#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::tensor {

// The inner loops of dot.h and vector.h for one instruction set. This header has no inline
// code, so that files built for one instruction set share nothing with the rest of the program.
//
// Every kernel computes the same sums in the same order, so all give the same bits:
// - Floats: product i is added to lane i mod 32; the 32 lanes are then added in halves (lane k
// and
//   k + 16, k + 8, ... k + 1). Missing products at the end are zeros. Multiplication and
//   addition round separately: a fused one would differ on machines that have none.
// - Blocks of 32: in block b the exact integer sum of four neighbouring products is lane j of
// 8; it
//   is converted, multiplied by (weight scale × activation scale) and added to lane j of the
//   accumulator b mod 2. The two accumulators are added, then their lanes in halves.

/// Rows need no alignment; `n` may be any number for floats and counts blocks for block types.
struct DotKernels {
  const char* name;
  float (*dot_f32)(const std::uint8_t* row, const float* x, std::size_t n) noexcept;
  float (*dot_f16)(const std::uint8_t* row, const float* x, std::size_t n) noexcept;
  float (*dot_bf16)(const std::uint8_t* row, const float* x, std::size_t n) noexcept;
  /// The row's values are integers in [-128, 127].
  float (*dot_i8)(const std::uint8_t* row, const float* x, std::size_t n) noexcept;
  /// Exact. Precondition: n < 131 072, so that no sum of products overflows.
  std::int32_t (*dot_i8_i8)(const std::uint8_t* a, const std::uint8_t* b,
                            std::size_t n) noexcept;
  /// `q` are n × 32 activations in [-127, 127], `scales` one factor a block.
  float (*dot_q8_0)(const std::uint8_t* row, const std::int8_t* q, const float* scales,
                    std::size_t n) noexcept;
  float (*dot_q4_0)(const std::uint8_t* row, const std::int8_t* q, const float* scales,
                    std::size_t n) noexcept;
  float (*squared_l2)(const float* a, const float* b, std::size_t n) noexcept;
};

/// Those that this processor can run and HART_CPU does not switch off, the scalar definition
/// first, the fastest last.
[[nodiscard]] std::span<const DotKernels> all_dot_kernels() noexcept;
/// The fastest of them.
[[nodiscard]] const DotKernels& dot_kernels() noexcept;

[[nodiscard]] DotKernels scalar_dot_kernels() noexcept;
/// To be called on a processor with AVX2, FMA and F16C only: its own code uses them too.
[[nodiscard]] DotKernels avx2_dot_kernels() noexcept;

}  // namespace hart::tensor
