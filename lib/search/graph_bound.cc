#include "search/graph_bound.h"

#include <algorithm>
#include <cmath>

#include "geometry/spatialite_blob.h"

namespace hart::search {
namespace {

/// Keeps a bound below the cost it bounds, whatever the rounding of distances and quotients.
constexpr double kSlack = 1 - 1e-9;

/// The measure, M, is no dimension of the space.
double distance(const geometry::PointZM& a, const geometry::PointZM& b) {
  return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

}  // namespace

std::string type_condition(const std::string& column, const std::vector<std::string>& types,
                           int first) {
  if (types.empty()) return {};
  std::string list;
  for (std::size_t i = 0; i < types.size(); ++i)
    list += (i == 0 ? "?" : ", ?") + std::to_string(first + static_cast<int>(i));
  return " AND " + column + " IN (" + list + ")";
}

void bind_types(store::Statement& statement, const std::vector<std::string>& types, int first) {
  for (std::size_t i = 0; i < types.size(); ++i)
    statement.bind(first + static_cast<int>(i), types[i]);
}

std::string edge_condition(const PathOptions& options) {
  std::string sql = " AND weight >= ?2";
  return sql + type_condition("relation_type", options.types, 3);
}

void bind_edges(store::Statement& statement, const PathOptions& options) {
  statement.bind(2, options.min_weight);
  bind_types(statement, options.types, 3);
}

CostBound::CostBound(store::Store& store, std::int64_t goal, const PathOptions& options) {
  if (!options.map) return;
  read_places(store, options.map->embedding_model_id);
  const auto place = places_.find(goal);
  if (place == places_.end()) return;
  goal_ = place->second;
  cost_per_distance_ = least_cost_per_distance(store, options);
}

void CostBound::read_places(store::Store& store, std::int64_t embedding_model_id) {
  store::Statement rows = store.db().prepare(
      "SELECT atom_id, spatial_key FROM my_atom_embedding"
      " WHERE embedding_model_id = ? AND spatial_key IS NOT NULL");
  rows.with(embedding_model_id);
  while (rows.step()) places_.emplace(rows.integer(0), geometry::decode_point(rows.blob(1)));
}

double CostBound::least_cost_per_distance(store::Store& store, const PathOptions& options) {
  store::Statement edges = store.db().prepare(
      "SELECT source_atom_id, target_atom_id, weight FROM my_atom_relation WHERE ?1" +
      edge_condition(options));
  edges.bind(1, 1);
  bind_edges(edges, options);
  double least = HUGE_VAL;
  while (edges.step()) {
    const auto source = places_.find(edges.integer(0));
    const auto target = places_.find(edges.integer(1));
    if (source == places_.end() || target == places_.end()) return 0;
    const double length = distance(source->second, target->second);
    if (length > 0) least = std::min(least, 1 / edges.real(2) / length);
  }
  return std::isfinite(least) ? least * kSlack : 0;
}

double CostBound::operator()(std::int64_t atom_id) const {
  if (cost_per_distance_ == 0) return 0;
  const auto place = places_.find(atom_id);
  return place == places_.end() ? 0 : distance(place->second, *goal_) * cost_per_distance_;
}

}  // namespace hart::search
