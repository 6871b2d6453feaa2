#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace hart::tensor {

/// How a block type is made of groups: value i of a group is scale × level i + min, where the
/// levels are integers in [-128, 127].
struct LevelLayout {
  std::size_t block_elements = 0;  ///< 0 for a type that is not made so
  std::size_t block_bytes = 0;
  std::size_t group = 0;  ///< values that share a scale: 16 or 32
  bool has_min = false;   ///< else every min is 0
};

/// The layout of q4_0 q4_1 q5_0 q5_1 q8_0, q2_k q3_k q4_k q5_k q6_k, iq4_nl iq4_xs and mxfp4.
[[nodiscard]] LevelLayout level_layout(DType dtype) noexcept;

/// The parts of one block: `levels` (block_elements), `scales` and `mins` (block_elements /
/// group). Precondition: the type has a level layout. scale × level + min, each operation
/// rounded, is what dequantize_row gives.
void unpack_levels(DType dtype, const std::uint8_t* block, std::int8_t* levels, float* scales,
                   float* mins) noexcept;

}  // namespace hart::tensor
