#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::tensor {

// The inner loops of vector.h and vector_batch.h for one instruction set. This header has no
// inline code, so that files built for one instruction set share nothing with the rest of the
// program.
//
// Every kernel computes the same sums in the same order, so all give the same bits:
// product i is added to lane i mod 32; the 32 lanes are then added in halves (lane k and k +
// 16, k + 8, ... k + 1). Missing products at the end are zeros. Multiplication and addition
// round separately.

/// Rows need no alignment; `n` may be any number.
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
