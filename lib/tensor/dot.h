#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/interleave.h"
#include "tensor/quantized_buffer.h"

namespace hart::tensor {

/// True for the weight types that dot, matvec and matmul can compute with: f32 f16 bf16, q4_0
/// q4_1 q5_0 q5_1 q8_0, q2_k q3_k q4_k q5_k q6_k, iq4_nl iq4_xs and mxfp4.
[[nodiscard]] bool has_dot(DType weight) noexcept;

/// A vector of activations, made ready once for products with many rows. For float weights the
/// values stay as they are. For block weights each 32 values become integers in [-127, 127]
/// times one binary32 scale, the largest magnitude over 127, rounded to nearest, ties to even;
/// values that are not finite make the results not finite.
class Activation {
 public:
  /// `values` are copied. Throws Error(data) without has_dot(weight), Error(usage) when a block
  /// type is given values that are not whole blocks.
  Activation(std::span<const float> values, DType weight);

  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] const float* values() const noexcept { return values_.data(); }
  /// The integers and one scale each 32 of them; for block weights only.
  [[nodiscard]] const std::int8_t* quantized() const noexcept { return rows().values; }
  [[nodiscard]] const float* scales() const noexcept { return rows().scales; }
  [[nodiscard]] const QuantizedRows& rows() const noexcept { return quantized_.view(); }

 private:
  std::vector<float> values_;
  QuantizedBuffer quantized_;
};

/// Σ row[i] × x[i] over x.size() elements. `row` holds that many elements of type `weight`, the
/// type that `x` was made for; no alignment is needed. Never fails. The same bits on every
/// processor: gemm_kernels.h fixes the order of the additions for block weights, the fused
/// definition of dot_matrix_kernels.h for float ones.
[[nodiscard]] float dot(DType weight, const std::uint8_t* row, const Activation& x) noexcept;

/// A matrix of weights and how its rows lie.
struct WeightMatrix {
  TensorView view;
  RowLayout layout = RowLayout::rows;
};

/// y = w x. `w` is (rows, columns), `x` has columns values, `y` receives rows. Where a matrix
/// is large enough its rows are shared by `threads` threads; y depends neither on them nor on
/// the layout of the rows. Throws Error(usage) when the sizes disagree, Error(data) without
/// has_dot(w.dtype) or, for interleaved rows, has_interleaved(w.dtype).
void matvec(const TensorView& w, std::span<const float> x, std::span<float> y,
            unsigned threads);
void matvec(const WeightMatrix& w, std::span<const float> x, std::span<float> y,
            unsigned threads);

/// Y = X Wᵀ. `x` is (n, columns), `y` is (n, rows), both row-major: row i of y has the bits
/// that matvec gives for row i of x, whatever n. Each tile of rows of `w` is read once for all
/// of x. Throws as matvec. A thread that calls it again needs no new memory.
void matmul(const TensorView& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads);
void matmul(const WeightMatrix& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads);

}  // namespace hart::tensor
