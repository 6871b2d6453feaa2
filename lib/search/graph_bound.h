#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "geometry/point.h"
#include "search/graph_path.h"

namespace hart::search {

/// A lower bound of what any path from an atom to the goal costs: the straight distance on the
/// map times the least cost per distance of all edges that may be used. It is consistent: by
/// the triangle inequality it falls along an edge by no more than the edge costs.
class CostBound {
 public:
  /// Reads the edges and the places once. Without a map, or where an edge has an end that the
  /// map has not placed, every bound is 0.
  CostBound(store::Store& store, std::int64_t goal, const PathOptions& options);

  [[nodiscard]] double operator()(std::int64_t atom_id) const;
  [[nodiscard]] double cost_per_distance() const noexcept { return cost_per_distance_; }

 private:
  void read_places(store::Store& store, std::int64_t embedding_model_id);
  [[nodiscard]] double least_cost_per_distance(store::Store& store, const PathOptions& options);

  std::unordered_map<std::int64_t, geometry::PointZM> places_;
  std::optional<geometry::PointZM> goal_;
  double cost_per_distance_ = 0;
};

/// " AND COLUMN IN (?3, ?4)": one parameter a type from `first` on; empty without types.
[[nodiscard]] std::string type_condition(const std::string& column,
                                         const std::vector<std::string>& types, int first);
void bind_types(store::Statement& statement, const std::vector<std::string>& types, int first);

/// " AND weight >= ?2 AND relation_type IN …": the edges that may be used, for parameters bound
/// by `bind_edges`.
[[nodiscard]] std::string edge_condition(const PathOptions& options);
void bind_edges(store::Statement& statement, const PathOptions& options);

}  // namespace hart::search
