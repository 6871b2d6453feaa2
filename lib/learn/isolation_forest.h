#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace hart::learn {

/// Copies row `row` of a table into `out`, as many values as the table has columns. Called from
/// several threads at once.
using RowReader = std::function<void(std::size_t row, std::span<double> out)>;

struct IsolationForestOptions {
  std::size_t trees = 100;
  std::size_t subsample = 256;  ///< rows a tree is grown on, at most
  std::uint64_t seed = 1;
  unsigned threads = 1;  ///< never changes the result
};

/// Trees that split a subsample by random columns at random values until each row stands alone:
/// rows that stand alone after few splits are anomalies. Scores do not change when a column is
/// scaled or shifted.
/// Source: F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation forest", ICDM 2008.
class IsolationForest {
 public:
  /// Grows the trees on `n` rows of `dim` values each. A tree is cut at the depth of
  /// ⌈log₂ subsample⌉. Reads subsample rows a tree, each drawn without replacement. Throws
  /// Error(usage) when there are no rows, columns, trees or a subsample of 0, Error(data) when
  /// a value is not finite.
  [[nodiscard]] static IsolationForest fit(std::size_t n, std::size_t dim, const RowReader& row,
                                           const IsolationForestOptions& options);

  /// 2^(−E(h) / c(subsample)) in (0, 1), where h is the depth at which `row` (dim) ends in a
  /// tree, plus c of the rows of the leaf: near 1 is an anomaly, below 0.5 is none. 0.5 for a
  /// forest of one row. Precondition: row.size() is the fitted dim.
  [[nodiscard]] double score(std::span<const double> row) const noexcept;

  /// The scores of rows 0 … n − 1.
  [[nodiscard]] std::vector<double> scores(std::size_t n, const RowReader& row,
                                           unsigned threads) const;

 private:
  /// A split, or a leaf, whose column is kLeaf and whose value is the path length it adds.
  struct Node {
    std::uint32_t column = 0;
    std::uint32_t below = 0;  ///< node of the rows with a value below; the next is the others'
    double value = 0;
  };
  class Grower;

  std::size_t dim_ = 0;
  double normaliser_ = 0;  ///< c(subsample)
  std::vector<std::vector<Node>> trees_;
};

/// c(n): the mean depth at which a search that finds nothing ends in a binary search tree of
/// `n` random keys, 2 H(n − 1) − 2 (n − 1) / n with H(i) = ln i + 0.5772156649; 1 for n = 2, 0
/// below. Source: Liu et al. 2008, equation 1.
[[nodiscard]] double average_path_length(std::size_t n) noexcept;

}  // namespace hart::learn
