#include "search/graph_path.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "search/graph_bound.h"

namespace hart::search {
namespace {

constexpr std::size_t kMostHops = 1'000;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// A way from the start to an atom. Ways form a tree: `before` is the way it prolongs.
struct Way {
  std::int64_t atom_id = 0;
  double cost = 0;
  std::size_t hops = 0;
  std::size_t before = kNone;
  PathStep step;
};

/// The edges that lead on from an atom, cheapest to read with statements prepared once.
class EdgeReader {
 public:
  EdgeReader(store::Store& store, const PathOptions& options) {
    const auto sql = [&](const char* near, const char* far) {
      return std::string{"SELECT "} + far +
             ", weight, relation_type FROM my_atom_relation WHERE " + near + " = ?1" +
             edge_condition(options) + " ORDER BY relation_type, " + far;
    };
    if (options.direction != Direction::in)
      add(store, sql("source_atom_id", "target_atom_id"), options, false);
    if (options.direction != Direction::out)
      add(store, sql("target_atom_id", "source_atom_id"), options, true);
  }

  template <typename Visit> void for_each(std::int64_t atom_id, const Visit& visit) {
    for (auto& [statement, reversed] : statements_) {
      statement.reset();
      statement.bind(1, atom_id);
      while (statement.step())
        visit(PathStep{statement.integer(0), std::string{statement.text(2)}, statement.real(1),
                       reversed});
    }
  }

 private:
  void add(store::Store& store, const std::string& sql, const PathOptions& options,
           bool reversed) {
    statements_.emplace_back(store.db().prepare(sql), reversed);
    bind_edges(statements_.back().first, options);
  }

  std::vector<std::pair<store::Statement, bool>> statements_;
};

class PathFinder {
 public:
  PathFinder(store::Store& store, std::int64_t start, std::int64_t goal,
             const PathOptions& options)
      : options_{options},
        start_{start},
        goal_{goal},
        edges_{store, options},
        bound_{store, goal, options} {}

  PathSearch run();

 private:
  /// `by_hops`: ways of more hops than another of no higher cost alone are passed over, so that
  /// the best path within the hops is found where the best of all is longer.
  [[nodiscard]] std::size_t best_first(bool by_hops);
  [[nodiscard]] std::size_t beam();
  void prolong_into(std::size_t way, std::unordered_map<std::int64_t, Way>& next,
                    std::unordered_map<std::int64_t, double>& cheapest, std::size_t& found);
  [[nodiscard]] std::vector<Way> narrowed(std::unordered_map<std::int64_t, Way>& next,
                                          std::size_t found) const;

  [[nodiscard]] Way prolonged(std::size_t way, const PathStep& step) const {
    return {step.atom_id, ways_[way].cost + 1 / step.weight, ways_[way].hops + 1, way, step};
  }
  [[nodiscard]] double estimate(const Way& way) const { return way.cost + bound_(way.atom_id); }
  [[nodiscard]] Path path_to(std::size_t way) const;

  const PathOptions& options_;
  std::int64_t start_;
  std::int64_t goal_;
  EdgeReader edges_;
  CostBound bound_;
  std::vector<Way> ways_;
  std::size_t expanded_ = 0;
};

std::size_t PathFinder::best_first(bool by_hops) {
  // Estimate, hops and atom decide the order; the way's number makes it strict.
  using Entry = std::tuple<double, std::size_t, std::int64_t, std::size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  struct Known {
    double cost = HUGE_VAL;       ///< of the cheapest way yet
    std::size_t hops = kNone;     ///< of that way
    std::size_t settled = kNone;  ///< the fewest hops of a way gone on from
  };
  std::unordered_map<std::int64_t, Known> known;
  const auto push = [&](const Way& way) {
    Known& atom = known[way.atom_id];
    if (way.cost >= atom.cost && (!by_hops || way.hops >= atom.hops)) return;
    if (way.cost < atom.cost) {
      atom.cost = way.cost;
      atom.hops = way.hops;
    }
    queue.emplace(estimate(way), way.hops, way.atom_id, ways_.size());
    ways_.push_back(way);
  };
  ways_.clear();
  push({start_, 0, 0, kNone, {}});
  while (!queue.empty()) {
    const std::size_t number = std::get<3>(queue.top());
    queue.pop();
    const Way way = ways_[number];
    if (way.atom_id == goal_) return number;
    Known& atom = known[way.atom_id];
    // The queue brings the ways to one atom in the order of their costs.
    if (by_hops ? atom.settled <= way.hops : atom.settled != kNone) continue;
    atom.settled = way.hops;
    if (by_hops && way.hops == options_.hops) continue;
    ++expanded_;
    edges_.for_each(way.atom_id, [&](const PathStep& step) { push(prolonged(number, step)); });
  }
  return kNone;
}

void PathFinder::prolong_into(std::size_t way, std::unordered_map<std::int64_t, Way>& next,
                              std::unordered_map<std::int64_t, double>& cheapest,
                              std::size_t& found) {
  ++expanded_;
  edges_.for_each(ways_[way].atom_id, [&](const PathStep& step) {
    const Way longer = prolonged(way, step);
    const auto [known, fresh] = cheapest.try_emplace(longer.atom_id, longer.cost);
    if (!fresh && known->second <= longer.cost) return;
    known->second = longer.cost;
    if (longer.atom_id == goal_) {
      found = ways_.size();
      ways_.push_back(longer);
    } else {
      next[longer.atom_id] = longer;
    }
  });
}

std::vector<Way> PathFinder::narrowed(std::unordered_map<std::int64_t, Way>& next,
                                      std::size_t found) const {
  std::vector<std::pair<double, std::int64_t>> order;
  for (const auto& [atom_id, way] : next) {
    const double least = estimate(way);
    if (found == kNone || least < ways_[found].cost) order.emplace_back(least, atom_id);
  }
  std::sort(order.begin(), order.end());
  if (order.size() > options_.beam) order.resize(options_.beam);
  std::vector<Way> kept;
  kept.reserve(order.size());
  for (const auto& [least, atom_id] : order) kept.push_back(next[atom_id]);
  return kept;
}

std::size_t PathFinder::beam() {
  std::unordered_map<std::int64_t, double> cheapest{{start_, 0}};
  std::size_t found = kNone;
  std::size_t begin = 0;
  ways_.assign(1, Way{start_, 0, 0, kNone, {}});
  for (std::size_t hop = 0; hop < options_.hops && begin < ways_.size(); ++hop) {
    std::unordered_map<std::int64_t, Way> next;
    const std::size_t end = ways_.size();
    for (std::size_t way = begin; way < end; ++way)
      if (ways_[way].atom_id != goal_) prolong_into(way, next, cheapest, found);
    const std::vector<Way> kept = narrowed(next, found);
    begin = ways_.size();
    ways_.insert(ways_.end(), kept.begin(), kept.end());
  }
  return found;
}

Path PathFinder::path_to(std::size_t way) const {
  Path path;
  path.cost = ways_[way].cost;
  for (; ways_[way].before != kNone; way = ways_[way].before)
    path.steps.push_back(ways_[way].step);
  std::reverse(path.steps.begin(), path.steps.end());
  return path;
}

PathSearch PathFinder::run() {
  PathSearch result;
  std::size_t way = kNone;
  if (start_ == goal_) {
    result.path = Path{};
    return result;
  }
  if (options_.beam > 0) {
    way = beam();
  } else {
    way = best_first(false);
    // Only when the best path is too long do hops and cost compete.
    if (way != kNone && ways_[way].hops > options_.hops) way = best_first(true);
  }
  if (way != kNone) result.path = path_to(way);
  result.expanded = expanded_;
  result.cost_per_distance = bound_.cost_per_distance();
  return result;
}

}  // namespace

PathSearch find_path(store::Store& store, std::int64_t start, std::int64_t goal,
                     const PathOptions& options) {
  if (options.hops < 1 || options.hops > kMostHops)
    throw Error{Fault::usage, "a path takes 1 to " + std::to_string(kMostHops) + " hops"};
  const store::Snapshot snapshot{store.db()};
  return PathFinder{store, start, goal, options}.run();
}

}  // namespace hart::search
