#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hart::learn {

/// A coordinate is no further from 0: its square must be finite.
inline constexpr double kLargestCoordinate = 1e150;

/// The `k` nearest other rows of every row of a table, nearest first, equal distances by
/// ascending row.
struct NeighborTable {
  std::size_t k = 0;
  std::vector<std::uint32_t> rows;  ///< (n, k)
  std::vector<double> distances;    ///< (n, k), Euclidean
};

/// How to find them; the table is the same.
enum class NeighborMethod {
  automatic,  ///< kd_tree up to 12 columns, else brute_force
  brute_force,
  kd_tree,
};

/// Exact k nearest neighbours among `points`, (n, dim) row-major. A row is never its own
/// neighbour; its duplicates are. k is cut to n − 1. The result does not depend on `method` or
/// `threads`. Throws Error(usage) when dim is 0 or n is 2^32 or more, Error(data) when a value
/// is not finite or beyond ±1e150, whose square would not be.
/// Source: J. L. Bentley, "Multidimensional binary search trees used for associative
/// searching", CACM 18(9), 1975.
[[nodiscard]] NeighborTable nearest_neighbors(
    std::span<const double> points, std::size_t dim, std::size_t k, unsigned threads,
    NeighborMethod method = NeighborMethod::automatic);

/// The nearest of the rows offered, kept in order: for whoever fills a NeighborTable.
class NearestList {
 public:
  explicit NearestList(std::size_t k) : k_{k} { items_.reserve(k + 1); }

  struct Item {
    double distance;  ///< or its square, as long as all are
    std::uint32_t row;
    auto operator<=>(const Item&) const = default;
  };

  void clear() noexcept { items_.clear(); }
  /// Nothing that is further than this can enter the list.
  [[nodiscard]] double worst() const noexcept;
  void offer(double distance, std::uint32_t row);
  [[nodiscard]] std::span<const Item> items() const noexcept { return items_; }

 private:
  std::size_t k_;
  std::vector<Item> items_;  ///< ascending
};

}  // namespace hart::learn
