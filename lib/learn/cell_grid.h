#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "geometry/hilbert.h"

namespace hart::learn {

/// Points of three dimensions sorted into the cells of a cubic grid, the cells in the order of
/// their positions on the Hilbert curve: cells that are near in space are mostly near in
/// memory.
class CellGrid {
 public:
  /// `points` is (n, 3), row-major, n < 2^32. The sides of the cells are `side`, or longer
  /// where that would make more than 2^21 cells along an axis. Throws Error(data) when a
  /// coordinate is not finite, Error(usage) when there are too many points.
  CellGrid(std::span<const double> points, double side);

  [[nodiscard]] double side() const noexcept { return side_; }
  [[nodiscard]] std::size_t cells() const noexcept { return keys_.size(); }
  /// The points of a cell, ascending.
  [[nodiscard]] std::span<const std::uint32_t> members(std::size_t cell) const noexcept {
    return {&members_[first_[cell]], first_[cell + 1] - first_[cell]};
  }
  /// Replaces `found` by the cells at most `reach` cells away along each axis, `cell` first.
  void around(std::size_t cell, std::uint32_t reach, std::vector<std::uint32_t>& found) const;

 private:
  void sort_points(std::span<const double> points);
  void index_blocks();

  /// A cube of several cells, which follow each other.
  struct Block {
    geometry::Cell key;
    std::size_t begin, end;  ///< into keys_
  };
  [[nodiscard]] const Block* find_block(const geometry::Cell& key) const noexcept;

  double side_ = 0;
  std::array<double, 3> origin_{};
  std::vector<geometry::Cell> keys_;    ///< (cells)
  std::vector<std::size_t> first_;      ///< (cells + 1), into members_
  std::vector<std::uint32_t> members_;  ///< (n), points by cell
  std::vector<Block> blocks_;           ///< in the order of the curve
  std::vector<std::uint32_t> slots_;    ///< hash table of blocks_; a power of two long
};

}  // namespace hart::learn
