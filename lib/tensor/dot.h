#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/dtype.h"

namespace hart::tensor {

/// True for the weight types that dot, matvec and matmul can compute with: f32, f16, bf16, q8_0
/// and q4_0.
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
  [[nodiscard]] const std::int8_t* quantized() const noexcept { return quantized_.data(); }
  [[nodiscard]] const float* scales() const noexcept { return scales_.data(); }

 private:
  std::vector<float> values_;
  std::vector<std::int8_t> quantized_;  ///< empty for float weights
  std::vector<float> scales_;           ///< one a block
};

/// Σ row[i] × x[i] over x.size() elements. `row` holds that many elements of type `weight`, the
/// type that `x` was made for; no alignment is needed. Never fails. The same bits on every
/// processor: dot_kernels.h fixes the order of the additions.
[[nodiscard]] float dot(DType weight, const std::uint8_t* row, const Activation& x) noexcept;

/// y = w x. `w` is (rows, columns), `x` has columns values, `y` receives rows. A matrix of 4
/// MiB or more is split by rows over `threads` threads; y does not depend on them. Throws
/// Error(usage) when the sizes disagree, Error(data) without has_dot(w.dtype).
void matvec(const TensorView& w, std::span<const float> x, std::span<float> y,
            unsigned threads);

/// Y = X Wᵀ. `x` is (n, columns), `y` is (n, rows), both row-major: row i of y has the bits
/// that matvec gives for row i of x, whatever n. Each block of rows of `w` is read once for all
/// of x. Throws as matvec.
void matmul(const TensorView& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads);

}  // namespace hart::tensor
