#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "float_samples.h"
#include "tensor/block_levels.h"
#include "tensor/dtype.h"

namespace hart::tensor {

/// All types with a level layout.
inline constexpr DType kLevelTypes[] = {DType::q4_0, DType::q4_1, DType::q5_0,   DType::q5_1,
                                        DType::q8_0, DType::q2_k, DType::q3_k,   DType::q4_k,
                                        DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs,
                                        DType::mxfp4};

/// Where the binary16 numbers of a block stand.
inline std::vector<std::size_t> halves_of(DType dtype) {
  switch (dtype) {
    case DType::q2_k:
      return {80, 82};
    case DType::q3_k:
      return {108};
    case DType::q6_k:
      return {208};
    case DType::mxfp4:
      return {};
    default:
      return level_layout(dtype).has_min ? std::vector<std::size_t>{0, 2}
                                         : std::vector<std::size_t>{0};
  }
}

/// `rows` rows of blocks with random bits in every level and every scale of a group; the
/// binary16 numbers are of either sign, between 2^-9 and 2^-5.
inline std::vector<std::uint8_t> random_blocks(DType dtype, std::size_t rows,
                                               std::size_t columns, unsigned seed) {
  std::mt19937 random{seed};
  const LevelLayout layout = level_layout(dtype);
  std::vector<std::uint8_t> bytes(rows * columns / layout.block_elements * layout.block_bytes);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  for (std::size_t at = 0; at < bytes.size(); at += layout.block_bytes) {
    if (dtype == DType::mxfp4) bytes[at] = static_cast<std::uint8_t>(120 + random() % 8);
    for (const std::size_t half : halves_of(dtype))
      bytes[at + half + 1] =
          static_cast<std::uint8_t>((random() & 0x80) | (0x18 + random() % 16));
  }
  return bytes;
}

}  // namespace hart::tensor
