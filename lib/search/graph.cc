#include "search/graph.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/error.h"
#include "search/graph_bound.h"
#include "search/graph_frontier.h"

namespace hart::search {
namespace {

constexpr std::size_t kMostHops = 64;
/// What a hop leaves of a score that spreads.
constexpr double kKept = 0.5;

/// The edges of one range of atoms from `near` to `far`.
std::string edges_sql(const char* near, const char* far, const WalkOptions& options) {
  const std::string from = near;
  // Of each atom's edges only those of the types are read, which lie together.
  const std::string place =
      options.types.empty() ? " BETWEEN f.first AND f.last" : " = f.first";
  return "(SELECT take_edge(?1, e." + from + ", e." + far +
         ", e.weight, e.relation_type) FROM my_atom_relation AS e WHERE e." + from + place +
         type_condition("e.relation_type", options.types, 2) + ")";
}

std::string walk_sql(const WalkOptions& options) {
  std::string sql = "SELECT ";
  if (options.direction != Direction::in)
    sql += edges_sql("source_atom_id", "target_atom_id", options);
  if (options.direction == Direction::both) sql += ", ";
  if (options.direction != Direction::out)
    sql += edges_sql("target_atom_id", "source_atom_id", options);
  return sql + " FROM edge_frontier(?1) AS f";
}

/// Walks with one statement, prepared once. The tenant's scope knows no table `edge_frontier`;
/// the statement reads edges through the tenant's view alone.
class Walker {
 public:
  Walker(store::Store& store, const WalkOptions& options)
      : options_{options},
        statement_{store.db().prepare(walk_sql(options), store::Scope::owner)} {
    if (options.hops < 1 || options.hops > kMostHops)
      throw Error{Fault::usage, "a walk takes 1 to " + std::to_string(kMostHops) + " hops"};
  }

  std::vector<Reached> run(std::int64_t start, double heaviest) {
    Frontier frontier{start, options_, heaviest, options_.types.empty()};
    statement_.bind(1, frontier);
    bind_types(statement_, options_.types, 2);
    statement_.finish();
    return frontier.reached();
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
