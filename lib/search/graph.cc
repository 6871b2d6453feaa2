#include "search/graph.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "search/graph_bound.h"
#include "store/edge_guard.h"

namespace hart::search {
namespace {

constexpr std::size_t kMostHops = 64;
/// What a hop leaves of a score that spreads.
constexpr double kKept = 0.5;

/// Keeps the best way to every atom while SQLite brings the edges, level by level. An atom is
/// gone on from once, when it is first reached; until the next level begins a better way of as
/// many hops may still take the place of its first one.
class Frontier final : public store::EdgeGuard {
 public:
  Frontier(std::int64_t start, const WalkOptions& options, double heaviest)
      : options_{options}, heaviest_{heaviest} {
    reached_.try_emplace(start, Reached{start, 0, 1, start, {}});
  }

  bool admit(const store::EdgeStep& step) override;
  /// Everything reached but the start.
  [[nodiscard]] std::vector<Reached> take() const;

 private:
  [[nodiscard]] bool may_go(const store::EdgeStep& step) const;
  [[nodiscard]] double weight_of(std::int64_t atom_id);

  const WalkOptions& options_;
  double heaviest_;  ///< heavier edges count as this
  std::unordered_map<std::int64_t, Reached> reached_;
  std::size_t level_ = 0;
  std::int64_t last_from_ = 0;  ///< edges come in runs of one source
  double last_weight_ = 0;
};

bool Frontier::may_go(const store::EdgeStep& step) const {
  if (step.weight < options_.min_weight) return false;
  return options_.types.empty() || std::find(options_.types.begin(), options_.types.end(),
                                             step.type) != options_.types.end();
}

double Frontier::weight_of(std::int64_t atom_id) {
  if (atom_id != last_from_) {
    last_from_ = atom_id;
    last_weight_ = reached_.at(atom_id).weight;
  }
  return last_weight_;
}

bool Frontier::admit(const store::EdgeStep& step) {
  if (!may_go(step)) return false;
  const auto hops = static_cast<std::size_t>(step.hops);
  // A level is taken as a whole or not at all, so that the limit cuts off the farthest.
  if (hops > level_) {
    if (reached_.size() > options_.limit) return false;
    level_ = hops;
  }
  const double weight = weight_of(step.from_atom_id) * std::min(step.weight, heaviest_);
  const auto [found, fresh] = reached_.try_emplace(step.to_atom_id);
  Reached& way = found->second;
  if (!fresh && way.hops != hops) return false;
  const auto is_better = [&] {
    if (weight != way.weight) return weight > way.weight;
    return std::tie(step.from_atom_id, step.type) <
           std::make_tuple(way.from_atom_id, std::string_view{way.type});
  };
  if (fresh || is_better()) {
    way.atom_id = step.to_atom_id;
    way.hops = hops;
    way.weight = weight;
    way.from_atom_id = step.from_atom_id;
    way.type.assign(step.type);
  }
  return fresh && hops < options_.hops;
}

std::vector<Reached> Frontier::take() const {
  std::vector<Reached> all;
  all.reserve(reached_.size());
  for (const auto& [atom_id, way] : reached_)
    if (way.hops > 0) all.push_back(way);
  std::sort(all.begin(), all.end(), [](const Reached& a, const Reached& b) {
    return std::make_tuple(a.hops, -a.weight, a.atom_id) <
           std::make_tuple(b.hops, -b.weight, b.atom_id);
  });
  if (all.size() > options_.limit) all.resize(options_.limit);
  return all;
}

/// The recursive part for edges gone from `near` to `far`. The guard looks at the types again:
/// here they only narrow what is read.
std::string step_sql(const char* near, const char* far, const WalkOptions& options) {
  const std::string from = near;
  const std::string to = far;
  return " UNION ALL SELECT e." + to +
         ", r.hops + 1 FROM reached AS r CROSS JOIN my_atom_relation AS e WHERE e." + from +
         " = r.atom_id" + type_condition("e.relation_type", options.types, 3) +
         " AND CASE WHEN e.tenant_id = current_tenant()"
         " THEN edge_guard(?2, r.atom_id, e." +
         to + ", r.hops + 1, e.weight, e.relation_type) ELSE 0 END";
}

/// The order makes the queue a breadth-first one; without it SQLite promises none.
std::string walk_sql(const WalkOptions& options) {
  std::string sql = "WITH RECURSIVE reached (atom_id, hops) AS (SELECT ?1, 0";
  if (options.direction != Direction::in)
    sql += step_sql("source_atom_id", "target_atom_id", options);
  if (options.direction != Direction::out)
    sql += step_sql("target_atom_id", "source_atom_id", options);
  return sql + " ORDER BY 2) SELECT COUNT(*) FROM reached";
}

/// Walks with one statement, prepared once. SQLite reports the recursion's own rows as reads of
/// a table, which the tenant's scope refuses; the statement reads edges through the tenant's
/// view alone.
class Walker {
 public:
  Walker(store::Store& store, const WalkOptions& options)
      : options_{options},
        statement_{store.db().prepare(walk_sql(options), store::Scope::owner)} {
    if (options.hops < 1 || options.hops > kMostHops)
      throw Error{Fault::usage, "a walk takes 1 to " + std::to_string(kMostHops) + " hops"};
  }

  std::vector<Reached> run(std::int64_t start, double heaviest) {
    Frontier frontier{start, options_, heaviest};
    statement_.with(start);
    statement_.bind(2, frontier);
    bind_types(statement_, options_.types, 3);
    statement_.finish();
    return frontier.take();
  }

 private:
  const WalkOptions& options_;
  store::Statement statement_;
};

}  // namespace

std::vector<Reached> walk(store::Store& store, std::int64_t start, const WalkOptions& options) {
  return Walker{store, options}.run(start, HUGE_VAL);
}

std::vector<SeedAtom> spread(store::Store& store, const std::vector<SeedAtom>& seeds,
                             const WalkOptions& options) {
  WalkOptions both = options;
  both.direction = Direction::both;
  Walker walker{store, both};
  const store::Snapshot snapshot{store.db()};
  std::unordered_map<std::int64_t, double> scores;
  for (const SeedAtom& seed : seeds) {
    scores[seed.atom_id] += seed.score;
    for (const Reached& way : walker.run(seed.atom_id, 1))
      scores[way.atom_id] +=
          seed.score * way.weight * std::pow(kKept, static_cast<double>(way.hops));
  }
  std::vector<SeedAtom> all;
  all.reserve(scores.size());
  for (const auto& [atom_id, score] : scores) all.push_back({atom_id, score});
  std::sort(all.begin(), all.end(), [](const SeedAtom& a, const SeedAtom& b) {
    return a.score != b.score ? a.score > b.score : a.atom_id < b.atom_id;
  });
  return all;
}

}  // namespace hart::search
