#include "search/map_relations.h"

#include <algorithm>
#include <map>
#include <optional>

#include "store/relation.h"

namespace hart::search {

std::vector<MapEdge> map_edges(store::Store& store, const std::vector<MapPoint>& points) {
  const auto find = [&](std::int64_t atom_id) -> std::optional<std::size_t> {
    const auto at = std::lower_bound(
        points.begin(), points.end(), atom_id,
        [](const MapPoint& point, std::int64_t id) { return point.atom_id < id; });
    if (at == points.end() || at->atom_id != atom_id) return std::nullopt;
    return static_cast<std::size_t>(at - points.begin());
  };
  std::map<std::pair<std::size_t, std::size_t>, double> heaviest;
  store::for_each_relation(store, {}, [&](const store::Relation& edge) {
    const auto source = find(edge.source_atom_id);
    const auto target = source ? find(edge.target_atom_id) : std::nullopt;
    if (!target || *source == *target) return;
    double& weight = heaviest[std::minmax(*source, *target)];
    weight = std::max(weight, edge.weight);
  });
  std::vector<MapEdge> edges;
  edges.reserve(heaviest.size());
  for (const auto& [ends, weight] : heaviest)
    edges.push_back({ends.first, ends.second, weight});
  return edges;
}

}  // namespace hart::search
