#include "learn/nearest_neighbors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"

namespace hart::learn {
namespace {

constexpr std::size_t kMostTreeColumns = 12;
constexpr std::size_t kLeafRows = 16;
constexpr std::size_t kQueryGrain = 64;
constexpr std::size_t kTileRows = 256;

/// The same sum, in the same order, whatever the method.
double squared_distance(const double* a, const double* b, std::size_t dim) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

struct Table {
  std::span<const double> points;
  std::size_t dim;

  [[nodiscard]] std::size_t rows() const noexcept { return points.size() / dim; }
  [[nodiscard]] const double* row(std::size_t i) const noexcept { return &points[i * dim]; }
};

/// Rows split at the median of the column with the widest extent, down to leaves of few rows. A
/// node is a range of `order_`; its children are its halves.
class KdTree {
 public:
  explicit KdTree(const Table& table) : table_{table}, order_(table.rows()) {
    std::iota(order_.begin(), order_.end(), 0u);
    build(0, order_.size());
  }

  void search(std::uint32_t query, NearestList& nearest) const {
    visit(0, bound(0, table_.row(query)), 0, order_.size(), query, nearest);
  }

  /// The rows, leaf by leaf: who asks for them in this order finds the tree in the cache.
  [[nodiscard]] std::span<const std::uint32_t> order() const noexcept { return order_; }

 private:
  struct Node {
    std::size_t below = 0;  ///< nodes of the halves; 0 for a leaf
    std::size_t above = 0;
  };

  std::size_t build(std::size_t begin, std::size_t end) {
    const std::size_t node = nodes_.size();
    nodes_.push_back({});
    append_box(begin, end);
    if (end - begin <= kLeafRows) return node;
    const std::size_t column = widest(node);
    const std::size_t middle = begin + (end - begin) / 2;
    const auto at = [&](std::size_t i) {
      return order_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    std::nth_element(at(begin), at(middle), at(end), [&](std::uint32_t a, std::uint32_t b) {
      const double x = table_.row(a)[column], y = table_.row(b)[column];
      return x < y || (x == y && a < b);
    });
    const std::size_t below = build(begin, middle), above = build(middle, end);
    nodes_[node].below = below;
    nodes_[node].above = above;
    return node;
  }

  void append_box(std::size_t begin, std::size_t end) {
    const std::size_t dim = table_.dim;
    const double* first = table_.row(order_[begin]);
    boxes_.insert(boxes_.end(), first, first + dim);
    boxes_.insert(boxes_.end(), first, first + dim);
    double* box = boxes_.data() + boxes_.size() - 2 * dim;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const double* row = table_.row(order_[i]);
      for (std::size_t c = 0; c < dim; ++c) {
        box[c] = std::min(box[c], row[c]);
        box[dim + c] = std::max(box[dim + c], row[c]);
      }
    }
  }

  [[nodiscard]] std::size_t widest(std::size_t node) const noexcept {
    const double* box = box_of(node);
    std::size_t best = 0;
    for (std::size_t c = 1; c < table_.dim; ++c)
      if (box[table_.dim + c] - box[c] > box[table_.dim + best] - box[best]) best = c;
    return best;
  }

  [[nodiscard]] const double* box_of(std::size_t node) const noexcept {
    return &boxes_[2 * table_.dim * node];
  }

  /// Never above the squared distance, as computed, of any row in the box: each term rounds as
  /// its counterpart does, and rounding keeps order.
  [[nodiscard]] double bound(std::size_t node, const double* query) const noexcept {
    const double* box = box_of(node);
    double sum = 0;
    for (std::size_t c = 0; c < table_.dim; ++c) {
      const double gap = std::max({box[c] - query[c], query[c] - box[table_.dim + c], 0.0});
      sum += gap * gap;
    }
    return sum;
  }

  /// `nearer` is the bound of the node.
  void visit(std::size_t node, double nearer, std::size_t begin, std::size_t end,
             std::uint32_t query, NearestList& nearest) const {
    // A row as far as the worst of the list may still have a lower number.
    if (nearer > nearest.worst()) return;
    const double* point = table_.row(query);
    if (nodes_[node].below == 0) {
      for (std::size_t i = begin; i < end; ++i)
        if (order_[i] != query)
          nearest.offer(squared_distance(point, table_.row(order_[i]), table_.dim), order_[i]);
      return;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    const std::size_t below = nodes_[node].below, above = nodes_[node].above;
    const double to_below = bound(below, point), to_above = bound(above, point);
    if (to_below <= to_above) {
      visit(below, to_below, begin, middle, query, nearest);
      visit(above, to_above, middle, end, query, nearest);
    } else {
      visit(above, to_above, middle, end, query, nearest);
      visit(below, to_below, begin, middle, query, nearest);
    }
  }

  Table table_;
  std::vector<std::uint32_t> order_;
  std::vector<Node> nodes_;
  std::vector<double> boxes_;  ///< (nodes, 2, dim): lowest values, then highest
};

void store_row(const NearestList& nearest, std::size_t row, NeighborTable& table) {
  for (std::size_t i = 0; i < nearest.items().size(); ++i) {
    table.rows[row * table.k + i] = nearest.items()[i].row;
    table.distances[row * table.k + i] = std::sqrt(nearest.items()[i].distance);
  }
}

/// Rows [begin, end) against all, a tile of rows at a time, which stays in the cache.
void scan_rows(const Table& table, std::size_t begin, std::size_t end, NeighborTable& found) {
  std::vector<NearestList> nearest(end - begin, NearestList{found.k});
  for (std::size_t tile = 0; tile < table.rows(); tile += kTileRows) {
    const std::size_t tile_end = std::min(table.rows(), tile + kTileRows);
    for (std::size_t query = begin; query < end; ++query)
      for (std::size_t i = tile; i < tile_end; ++i)
        if (i != query)
          nearest[query - begin].offer(
              squared_distance(table.row(query), table.row(i), table.dim),
              static_cast<std::uint32_t>(i));
  }
  for (std::size_t query = begin; query < end; ++query)
    store_row(nearest[query - begin], query, found);
}

void check(std::span<const double> points, std::size_t dim) {
  if (dim == 0) throw Error{Fault::usage, "points without columns"};
  if (points.size() / dim >= std::numeric_limits<std::uint32_t>::max())
    throw Error{Fault::usage, "too many points"};
  for (const double value : points)
    if (!(std::abs(value) <= kLargestCoordinate))
      throw Error{Fault::data, "a value is not finite, or too large to be squared"};
}

}  // namespace

NeighborTable nearest_neighbors(std::span<const double> points, std::size_t dim, std::size_t k,
                                unsigned threads, NeighborMethod method) {
  check(points, dim);
  const Table table{points, dim};
  const std::size_t n = table.rows();
  NeighborTable found;
  found.k = std::min(k, n == 0 ? 0 : n - 1);
  if (found.k == 0) return found;
  found.rows.resize(n * found.k);
  found.distances.resize(n * found.k);
  if (method == NeighborMethod::automatic)
    method = dim <= kMostTreeColumns ? NeighborMethod::kd_tree : NeighborMethod::brute_force;
  if (method == NeighborMethod::brute_force) {
    parallel_for(n, kQueryGrain, threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t at = begin; at < end; at += kTileRows)
        scan_rows(table, at, std::min(end, at + kTileRows), found);
    });
    return found;
  }
  const KdTree tree{table};
  parallel_for(n, kQueryGrain, threads, [&](std::size_t begin, std::size_t end) {
    NearestList nearest{found.k};
    for (const std::uint32_t query : tree.order().subspan(begin, end - begin)) {
      nearest.clear();
      tree.search(query, nearest);
      store_row(nearest, query, found);
    }
  });
  return found;
}

double NearestList::worst() const noexcept {
  return items_.size() < k_ ? std::numeric_limits<double>::infinity() : items_.back().distance;
}

void NearestList::offer(double distance, std::uint32_t row) {
  const Item item{distance, row};
  if (items_.size() == k_) {
    if (k_ == 0 || !(item < items_.back())) return;
    items_.pop_back();
  }
  items_.insert(std::upper_bound(items_.begin(), items_.end(), item), item);
}

}  // namespace hart::learn
