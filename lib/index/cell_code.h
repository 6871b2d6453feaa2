#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "index/cell_kernels.h"
#include "index/rotation.h"

namespace hart::index {

/// One-bit codes: the signs of a vector's rotated deviation from a mean, and what makes the
/// product of a query with them an unbiased estimate of the product with the vector. Source: J.
/// Gao and C. Long, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound
/// for approximate nearest neighbor search", SIGMOD 2024, around one mean for all vectors.
struct VectorCode {
  float factor = 0;  ///< ‖d‖² / Σ|dᵢ| of the rotated deviation d
  float add = 0;     ///< vector · mean, and what the metric adds to a product
  float error =
      0;  ///< standard deviation of the estimate for a query at distance 1 of the mean
};

class CodeMaker {
 public:
  /// `mean` has the vectors' length; it and `rotation` must outlive the maker.
  CodeMaker(const RandomRotation& rotation, std::span<const float> mean)
      : rotation_{rotation},
        mean_{mean},
        deviation_(mean.size()),
        rotated_(rotation.padded()) {}

  /// The code of `vector`, its score's constant `offset` (0 for products, −½‖vector‖² for
  /// distances) taken in. `bits` receives padded / 4 values below 16.
  VectorCode make(std::span<const float> vector, float offset, std::span<std::uint8_t> bits);

 private:
  const RandomRotation& rotation_;
  std::span<const float> mean_;
  std::vector<float> deviation_;
  std::vector<float> rotated_;
};

/// Bytes of a block of 32 codes.
[[nodiscard]] constexpr std::size_t code_block_bytes(std::size_t padded) noexcept {
  return kBlockCodes + padded / kDimsPerSegment * 16;
}

/// Puts a code at `slot` of a zeroed block.
void put_code(std::uint8_t* block, std::size_t slot, const VectorCode& code,
              std::uint32_t position, std::span<const std::uint8_t> bits) noexcept;
/// Marks the slots of a zeroed block from `used` on as empty: their estimate is never above a
/// threshold.
void close_block(std::uint8_t* block, std::size_t used) noexcept;

[[nodiscard]] std::uint32_t block_position(const std::uint8_t* block,
                                           std::size_t slot) noexcept;
[[nodiscard]] float block_error(const std::uint8_t* block, std::size_t slot) noexcept;

/// A query made ready for scans: its lookup table and what estimates leave out.
class QueryTable {
 public:
  QueryTable(const RandomRotation& rotation, std::span<const float> mean);

  void prepare(std::span<const float> query);
  [[nodiscard]] CodeQuery code_query() const noexcept;
  /// What is added to every estimate to make it a score: query · mean − ‖mean‖².
  [[nodiscard]] float base() const noexcept { return base_; }
  /// ‖query − mean‖, to which errors are in proportion.
  [[nodiscard]] float length() const noexcept { return length_; }

 private:
  const RandomRotation& rotation_;
  std::span<const float> mean_;
  float mean_square_;
  std::vector<float> deviation_;
  std::vector<float> rotated_;
  std::vector<std::uint8_t> table_;
  float step_ = 0;
  float low_ = 0;
  float base_ = 0;
  float length_ = 0;
};

}  // namespace hart::index
