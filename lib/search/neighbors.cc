#include "search/neighbors.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "geometry/spatialite_blob.h"

namespace hart::search {

std::vector<Hit> neighbors_in_space(store::Store& store, const store::EmbeddingModel& model,
                                    std::int64_t atom_id, std::size_t k) {
  const store::Snapshot snapshot{store.db()};
  store::Statement own = store.db().prepare(
      "SELECT spatial_key FROM my_atom_embedding WHERE embedding_model_id = ?1 AND atom_id = ?2"
      " AND spatial_key IS NOT NULL");
  if (!own.with(model.embedding_model_id, atom_id).step())
    throw Error{Fault::no_input,
                "the atom has no place in the map of " + model.name + ": run project fit"};
  const geometry::PointZM centre = geometry::decode_point(own.blob(0));
  store::Statement rows = store.db().prepare(
      "SELECT atom_id, spatial_key FROM my_atom_embedding WHERE embedding_model_id = ?1"
      " AND atom_id <> ?2 AND spatial_key IS NOT NULL");
  rows.with(model.embedding_model_id, atom_id);
  std::vector<std::pair<double, std::int64_t>> order;
  while (rows.step()) {
    const geometry::PointZM place = geometry::decode_point(rows.blob(1));
    order.emplace_back(std::hypot(place.x - centre.x, place.y - centre.y, place.z - centre.z),
                       rows.integer(0));
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(k, order.size()));
  std::partial_sort(order.begin(), end, order.end());
  std::vector<Hit> hits;
  for (auto it = order.begin(); it != end; ++it)
    hits.push_back({it->second, 1 / (1 + it->first), it->first});
  return hits;
}

}  // namespace hart::search
