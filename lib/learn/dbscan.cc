#include "learn/dbscan.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "learn/cell_grid.h"
#include "learn/disjoint_sets.h"

namespace hart::learn {
namespace {

/// Cells a thread takes at least.
constexpr std::size_t kGrain = 64;
/// Takes up what rounding does to a cell's borders: coordinates in cells are below 2^21, so
/// their rounding is below 2^-31 of a cell.
constexpr double kSlack = 1e-6;

using Index = std::uint32_t;

/// `Neighbour` is called as neighbour(a, b).
template <typename Neighbour> class Scan {
 public:
  /// `cliques`: all points of a cell are neighbours of each other.
  Scan(const CellGrid& grid, std::size_t n, bool cliques, const Neighbour& neighbour,
       const DbscanOptions& options)
      : grid_{grid},
        cliques_{cliques},
        reach_{static_cast<std::uint32_t>(std::ceil(options.eps / grid.side() * (1 + kSlack)))},
        neighbour_{neighbour},
        options_{options},
        core_(n),
        sets_{static_cast<Index>(n)} {}

  DbscanResult run() {
    for_cells(&Scan::mark_core);
    for_cells(&Scan::join_adjacent);
    for_cells(&Scan::join_distant);
    DbscanResult result;
    result.labels.assign(core_.size(), kNoise);
    // The lowest member of a set is its root, so its label is there before the others ask.
    for (std::size_t i = 0; i < core_.size(); ++i) {
      if (core_[i] == 0) continue;
      const Index root = sets_.find(static_cast<Index>(i));
      result.labels[i] =
          root == i ? static_cast<std::int32_t>(result.clusters++) : result.labels[root];
    }
    labels_ = &result.labels;
    for_cells(&Scan::label_border);
    return result;
  }

 private:
  using Step = void (Scan::*)(std::size_t cell, std::vector<Index>& around);

  void for_cells(Step step) {
    parallel_for(grid_.cells(), kGrain, options_.threads,
                 [&](std::size_t begin, std::size_t end) {
                   std::vector<Index> around;
                   for (std::size_t cell = begin; cell < end; ++cell)
                     (this->*step)(cell, around);
                 });
  }

  void mark_core(std::size_t cell, std::vector<Index>& around) {
    const auto members = grid_.members(cell);
    if (cliques_ && members.size() >= options_.min_points) {
      for (const Index point : members) core_[point] = 1;
      return;
    }
    grid_.around(cell, reach_, around);
    for (const Index point : members) core_[point] = is_core(point, around) ? 1 : 0;
  }

  bool is_core(Index point, const std::vector<Index>& around) const {
    std::size_t found = 0;
    for (const Index cell : around)
      for (const Index other : grid_.members(cell))
        if ((other == point || neighbour_(point, other)) && ++found >= options_.min_points)
          return true;
    return false;
  }

  /// The cells next to each other first: what they join, the cells further away need not test.
  void join_adjacent(std::size_t cell, std::vector<Index>& around) {
    join_cell(cell, std::min(reach_, 1u), around);
  }
  void join_distant(std::size_t cell, std::vector<Index>& around) {
    if (reach_ > 1) join_cell(cell, reach_, around);
  }

  void join_cell(std::size_t cell, std::uint32_t reach, std::vector<Index>& around) {
    const auto members = grid_.members(cell);
    const auto first =
        std::find_if(members.begin(), members.end(), [&](Index i) { return core_[i] != 0; });
    if (first == members.end()) return;
    grid_.around(cell, reach, around);
    for (const Index other : around) {
      if (other > cell) continue;  // that cell joins this one
      if (!cliques_)
        join_points(members, grid_.members(other));
      else if (other != cell)
        join_cliques(members, grid_.members(other));
      else
        for (const Index point : members)
          if (core_[point] != 0) sets_.unite(*first, point);
    }
  }

  /// Unites the core points of two cells (or of one with itself) that are neighbours.
  void join_points(std::span<const Index> members, std::span<const Index> others) {
    for (const Index a : members)
      for (const Index b : others)
        if (core_[a] != 0 && core_[b] != 0 && sets_.find(a) != sets_.find(b) &&
            neighbour_(a, b))
          sets_.unite(a, b);
  }

  /// The same where each cell's core points are one set, now or soon: one pair settles it.
  void join_cliques(std::span<const Index> members, std::span<const Index> others) {
    for (const Index a : members) {
      if (core_[a] == 0) continue;
      for (const Index b : others) {
        if (core_[b] == 0) continue;
        const bool united = sets_.find(a) == sets_.find(b);
        if (!united && !neighbour_(a, b)) continue;
        if (!united) sets_.unite(a, b);
        return;
      }
    }
  }

  void label_border(std::size_t cell, std::vector<Index>& around) {
    around.clear();
    for (const Index point : grid_.members(cell)) {
      if (core_[point] != 0) continue;
      if (around.empty()) grid_.around(cell, reach_, around);
      (*labels_)[point] = border_label(point, around);
    }
  }

  std::int32_t border_label(Index point, const std::vector<Index>& around) const {
    std::int32_t lowest = kNoise;
    for (const Index cell : around) {
      for (const Index other : grid_.members(cell)) {
        if (core_[other] == 0) continue;
        const std::int32_t label = (*labels_)[other];
        if ((lowest == kNoise || label < lowest) && neighbour_(point, other)) lowest = label;
      }
    }
    return lowest;
  }

  const CellGrid& grid_;
  bool cliques_;
  std::uint32_t reach_;
  const Neighbour& neighbour_;
  const DbscanOptions& options_;
  std::vector<std::uint8_t> core_;
  DisjointSets sets_;
  std::vector<std::int32_t>* labels_ = nullptr;
};

void check(const DbscanOptions& options) {
  if (!(options.eps > 0) || !std::isfinite(options.eps))
    throw Error{Fault::usage, "eps is not a positive number"};
  if (options.min_points == 0) throw Error{Fault::usage, "min_points is 0"};
}

}  // namespace

DbscanResult dbscan(std::span<const double> points, const DbscanOptions& options) {
  check(options);
  const double side = options.eps / std::sqrt(3.0) * (1 - kSlack);
  const CellGrid grid{points, side};
  const double limit = options.eps * options.eps;
  const auto neighbour = [&](Index a, Index b) {
    const double* p = &points[std::size_t{3} * a];
    const double* q = &points[std::size_t{3} * b];
    const double dx = p[0] - q[0], dy = p[1] - q[1], dz = p[2] - q[2];
    return dx * dx + dy * dy + dz * dz <= limit;
  };
  const bool cliques = grid.side() == side;
  return Scan{grid, points.size() / 3, cliques, neighbour, options}.run();
}

DbscanResult dbscan(std::span<const double> places, const Near& near,
                    const DbscanOptions& options) {
  check(options);
  const CellGrid grid{places, options.eps * (1 + 2 * kSlack)};
  const double limit = options.eps * options.eps * (1 + kSlack);
  const auto neighbour = [&](Index a, Index b) {
    const double* p = &places[std::size_t{3} * a];
    const double* q = &places[std::size_t{3} * b];
    const double dx = p[0] - q[0], dy = p[1] - q[1], dz = p[2] - q[2];
    return dx * dx + dy * dy + dz * dz <= limit && near(a, b);
  };
  return Scan{grid, places.size() / 3, false, neighbour, options}.run();
}

double knee_of(std::span<const double> ascending) noexcept {
  if (ascending.empty()) return 0;
  const double lowest = ascending.front(), range = ascending.back() - ascending.front();
  double knee = ascending.back(), furthest = 0;
  for (std::size_t i = 0; i < ascending.size() && range > 0; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(ascending.size() - 1);
    const double below = x - (ascending[i] - lowest) / range;
    if (below > furthest) {
      furthest = below;
      knee = ascending[i];
    }
  }
  return knee;
}

}  // namespace hart::learn
