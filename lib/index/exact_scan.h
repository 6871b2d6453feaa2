#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/exact.h"
#include "index/metric.h"
#include "index/top_k.h"
#include "index/vector_block.h"

namespace hart::index {

/// The nearest rows of each query among the blocks that it is shown. Each block is read from
/// memory once for all queries. The blocks may come in any order, and neither it nor the number
/// of threads or of queries changes a result: a distance has the bits that DistanceFrom gives.
class ExactScan {
 public:
  /// All queries have vectors of `dim` values; what they refer to must outlive the scan.
  ExactScan(std::span<const VectorQuery> queries, std::size_t dim, unsigned threads);

  /// `block` has vectors of the queries' length.
  void visit(const VectorBlock& block);

  /// Rows that were shown.
  [[nodiscard]] std::uint64_t scanned() const noexcept { return scanned_; }
  /// A list a query, nearest first.
  [[nodiscard]] std::vector<std::vector<Neighbor>> results() const;

 private:
  /// Queries that need the same figure of a row, their vectors side by side.
  struct Group {
    bool squared_l2 = false;
    std::vector<std::size_t> queries;
    std::vector<float> vectors;  ///< (queries, dim)
  };
  struct Tile;

  void scan_part(const VectorBlock& block, std::size_t begin, std::size_t end,
                 std::span<TopK> nearest) const;
  void scan_tile(const Tile& tile, const Group& group, std::span<float> figures,
                 std::span<TopK> nearest) const;
  [[nodiscard]] std::size_t tile_rows() const noexcept;

  std::span<const VectorQuery> queries_;
  std::size_t dim_;
  unsigned threads_;
  std::vector<DistanceFrom> distances_;  ///< (queries)
  std::vector<Group> groups_;            ///< none of them empty
  bool norms_needed_ = false;
  std::vector<TopK> nearest_;  ///< (queries)
  std::uint64_t scanned_ = 0;
};

}  // namespace hart::index
