#include "learn/isolation_forest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>
#include <unordered_set>

#include "core/error.h"
#include "core/parallel.h"
#include "learn/beta.h"

namespace hart::learn {
namespace {

constexpr std::uint32_t kLeaf = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kScoreGrain = 256;

/// `count` different numbers below `n`, ascending.
/// Source: R. W. Floyd, in J. Bentley, "Programming pearls: a sample of brilliance", CACM
/// 30(9), 1987.
std::vector<std::size_t> draw(std::size_t n, std::size_t count, std::mt19937_64& random) {
  std::unordered_set<std::size_t> drawn;
  for (std::size_t last = n - count; last < n; ++last) {
    const std::size_t candidate = random() % (last + 1);
    drawn.insert(drawn.contains(candidate) ? last : candidate);
  }
  std::vector<std::size_t> rows{drawn.begin(), drawn.end()};
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

/// Grows one tree on a copy of its subsample.
class IsolationForest::Grower {
 public:
  Grower(std::vector<double> rows, std::size_t dim, std::mt19937_64& random)
      : rows_{std::move(rows)},
        dim_{dim},
        random_{random},
        order_(rows_.size() / dim),
        columns_(dim) {
    std::iota(order_.begin(), order_.end(), 0u);
    std::iota(columns_.begin(), columns_.end(), 0u);
  }

  std::vector<Node> grow() {
    nodes_.resize(1);
    split(0, order_, 0, static_cast<std::size_t>(std::bit_width(order_.size() - 1)));
    return std::move(nodes_);
  }

 private:
  struct Cut {
    std::uint32_t column;
    double value;
  };

  /// `depth_left` is how many more splits the limit allows: recursion is that deep at most.
  void split(std::size_t node, std::span<std::uint32_t> members, std::size_t depth,
             std::size_t depth_left) {
    Cut cut{kLeaf, 0};
    if (members.size() < 2 || depth_left == 0 || !choose(members, cut)) {
      nodes_[node] = {kLeaf, 0,
                      static_cast<double>(depth) + average_path_length(members.size())};
      return;
    }
    const auto middle = std::partition(members.begin(), members.end(), [&](std::uint32_t row) {
      return at(row, cut.column) < cut.value;
    });
    const auto below = static_cast<std::size_t>(middle - members.begin());
    const std::size_t children = nodes_.size();
    nodes_[node] = {cut.column, static_cast<std::uint32_t>(children), cut.value};
    nodes_.resize(children + 2);
    split(children, members.first(below), depth + 1, depth_left - 1);
    split(children + 1, members.subspan(below), depth + 1, depth_left - 1);
  }

  /// A column whose values differ, each as likely, and a value between its extremes, such that
  /// both sides get rows. False when all rows are equal.
  bool choose(std::span<const std::uint32_t> members, Cut& cut) {
    for (std::size_t left = columns_.size(); left > 0; --left) {
      std::swap(columns_[random_() % left], columns_[left - 1]);
      cut.column = columns_[left - 1];
      double lowest = at(members[0], cut.column), highest = lowest;
      for (const std::uint32_t row : members) {
        lowest = std::min(lowest, at(row, cut.column));
        highest = std::max(highest, at(row, cut.column));
      }
      if (lowest == highest) continue;
      const double share = uniform_01(random_);
      cut.value = lowest * (1 - share) + highest * share;
      // Rounding may meet an extreme or pass it.
      if (!(cut.value > lowest && cut.value <= highest)) cut.value = highest;
      return true;
    }
    return false;
  }

  [[nodiscard]] double at(std::uint32_t row, std::uint32_t column) const noexcept {
    return rows_[row * dim_ + column];
  }

  std::vector<double> rows_;  ///< (subsample, dim)
  std::size_t dim_;
  std::mt19937_64& random_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> columns_;
  std::vector<Node> nodes_;
};

IsolationForest IsolationForest::fit(std::size_t n, std::size_t dim, const RowReader& row,
                                     const IsolationForestOptions& options) {
  if (n == 0 || dim == 0) throw Error{Fault::usage, "an isolation forest needs values"};
  if (options.trees == 0 || options.subsample == 0)
    throw Error{Fault::usage, "an isolation forest needs trees and rows to grow them on"};
  const std::size_t subsample = std::min(n, options.subsample);
  IsolationForest forest;
  forest.dim_ = dim;
  forest.normaliser_ = average_path_length(subsample);
  forest.trees_.resize(options.trees);
  parallel_for(options.trees, 1, options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t tree = begin; tree < end; ++tree) {
      // A sequence of its own for each tree, whoever grows it.
      std::seed_seq seeds{static_cast<std::uint32_t>(options.seed),
                          static_cast<std::uint32_t>(options.seed >> 32),
                          static_cast<std::uint32_t>(tree)};
      std::mt19937_64 random{seeds};
      std::vector<double> rows(subsample * dim);
      std::size_t filled = 0;
      for (const std::size_t drawn : draw(n, subsample, random))
        row(drawn, std::span{rows}.subspan(dim * filled++, dim));
      if (!std::all_of(rows.begin(), rows.end(), [](double x) { return std::isfinite(x); }))
        throw Error{Fault::data, "a value is not finite"};
      forest.trees_[tree] = Grower{std::move(rows), dim, random}.grow();
    }
  });
  return forest;
}

double IsolationForest::score(std::span<const double> row) const noexcept {
  if (normaliser_ == 0) return 0.5;
  double depths = 0;
  for (const std::vector<Node>& tree : trees_) {
    const Node* node = tree.data();
    while (node->column != kLeaf)
      node = &tree[node->below + (row[node->column] < node->value ? 0 : 1)];
    depths += node->value;
  }
  return std::exp2(-depths / static_cast<double>(trees_.size()) / normaliser_);
}

std::vector<double> IsolationForest::scores(std::size_t n, const RowReader& row,
                                            unsigned threads) const {
  std::vector<double> scores(n);
  parallel_for(n, kScoreGrain, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> values(dim_);
    for (std::size_t i = begin; i < end; ++i) {
      row(i, values);
      scores[i] = score(values);
    }
  });
  return scores;
}

double average_path_length(std::size_t n) noexcept {
  if (n < 2) return 0;
  if (n == 2) return 1;
  const auto others = static_cast<double>(n - 1);
  return 2 * (std::log(others) + std::numbers::egamma) - 2 * others / static_cast<double>(n);
}

}  // namespace hart::learn
