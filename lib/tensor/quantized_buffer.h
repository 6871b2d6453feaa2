#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensor/gemm_kernels.h"

namespace hart::tensor {

/// Room for activations in 8 bits, which grows to the largest that it was asked for and is
/// filled again without an allocation.
class QuantizedBuffer {
 public:
  /// Makes room for `n` vectors of `columns` values. What view() gave before is no longer
  /// valid.
  void resize(std::size_t n, std::size_t columns);
  [[nodiscard]] const QuantizedRows& view() const noexcept { return view_; }

 private:
  std::vector<std::int8_t> values_;
  std::vector<float> floats_;
  std::vector<std::int32_t> sums_;
  QuantizedRows view_{};
};

}  // namespace hart::tensor
