#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/graph.h"
#include "store/embedding.h"

namespace hart::search {

struct PathOptions {
  std::size_t hops = 64;           ///< 1 … 1 000, the longest path that counts
  std::vector<std::string> types;  ///< only edges of these types; empty: of all
  Direction direction = Direction::out;
  double min_weight = 0;  ///< only edges at least as heavy
  std::size_t beam = 0;   ///< atoms gone on from a hop; 0: all, and the best path for certain
  /// Whose map guides the search; nothing: no map does.
  std::optional<store::EmbeddingModel> map;
};

/// One edge of a path.
struct PathStep {
  std::int64_t atom_id = 0;  ///< where it leads
  std::string type;
  double weight = 0;
  bool reversed = false;  ///< gone against its direction
};

struct Path {
  std::vector<PathStep> steps;  ///< from the start on; none where the start is the goal
  double cost = 0;              ///< the sum of 1 / weight over the steps
};

struct PathSearch {
  std::optional<Path> path;  ///< nothing: none was found within the hops
  std::size_t expanded =
      0;  ///< atoms whose edges were looked at, counted as often as they were
  /// The least cost of a unit of distance on the map, by which distances became lower bounds of
  /// costs; 0: the search went without a map.
  double cost_per_distance = 0;
};

/// The cheapest path from `start` to `goal` over the acting tenant's edges. An edge costs
/// 1 / weight: heavy edges are short. Of paths of equal cost the same one is found every time.
///
/// Without a beam the search is A* (Hart, Nilsson and Raphael, "A formal basis for the
/// heuristic determination of minimum cost paths", 1968). The bound on what is left is the
/// straight distance to the goal on the map, times the least cost per distance over all edges
/// that may be used; this bound is consistent, so the path found is the best. Finding the
/// factor reads those edges once. Where an end of any of them has no place on the map, no such
/// factor holds, and the search is Dijkstra's.
///
/// With a beam only so many atoms, those with the lowest cost and bound, are gone on from at
/// each hop: cheaper, and the path may not be the best, nor be found at all.
[[nodiscard]] PathSearch find_path(store::Store& store, std::int64_t start, std::int64_t goal,
                                   const PathOptions& options);

}  // namespace hart::search
