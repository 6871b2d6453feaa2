#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "index/cell_code.h"
#include "index/near_cells.h"
#include "index/rotation.h"

namespace hart::index {

/// Assigns rows to many cells, nearly as Assigner does: all cells are estimated by one-bit
/// codes of their centroids and those with the best estimates compared, which is several times
/// cheaper than to compare all. Unlike a search through groups of cells it does not ask that
/// cells near to each other exist: rows around centres without any order keep their cells.
class CodeAssigner {
 public:
  /// `centroids`, (cells, dim) row-major, must outlive it.
  CodeAssigner(std::span<const float> centroids, std::size_t dim);

  /// As Assigner::assign.
  void assign(const float* rows, std::size_t n, unsigned threads, std::uint32_t* cells,
              float* scores, std::uint32_t* second) const;

 private:
  struct Estimate {
    float score = 0;
    std::uint32_t cell = 0;
  };
  void code_centroids();
  void estimate(const CodeQuery& query, std::vector<Estimate>& best) const;

  std::span<const float> centroids_;
  std::size_t dim_;
  std::size_t cells_;
  RandomRotation rotation_;
  std::vector<float> mean_;
  std::vector<float> half_squares_;  ///< by cell
  std::vector<std::uint8_t> blocks_;
};

}  // namespace hart::index
