#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "index/atom_set.h"
#include "search/graph.h"
#include "search/spatial_filter.h"
#include "search/where.h"
#include "store/catalog.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// What lies within some hops of an atom, along edges in either direction, the atom included.
struct Neighbourhood {
  std::int64_t atom_id = 0;
  std::size_t hops = 1;            ///< 1 … 64
  std::vector<std::string> types;  ///< only along edges of these types; empty: of all
};

/// What a hit must be besides near. Conditions are joined by AND.
struct Filter {
  std::optional<store::Modality> modality;  ///< the tenant holds the atom as this
  std::optional<TimeUs> since;              ///< in an object created at or after
  std::optional<TimeUs> until;              ///< in an object created before
  std::optional<WhereExpression> where;     ///< in an object that this is true of
  SpatialFilter spatial;                    ///< where the query's model places the atom
  std::optional<Neighbourhood> near;        ///< among these atoms, or in an object of theirs

  [[nodiscard]] bool empty() const noexcept {
    return !modality && !of_objects() && spatial.empty() && !near;
  }
  /// Whether it asks something of the objects that hold the atom.
  [[nodiscard]] bool of_objects() const noexcept { return since || until || where; }
};

/// What a record of the query keeps of `filter`; equal for equal filters.
[[nodiscard]] Json filter_json(const Filter& filter);
/// The inverse. Throws Error(data) on what `filter_json` would not write.
[[nodiscard]] Filter filter_from_json(const Json& json);

/// The acting tenant's atoms that `filter` lets through, to be tested before an atom becomes a
/// candidate. A condition on objects admits objects, their structures and the structures'
/// direct components: what `find_occurrence` finds an object for; a neighbourhood also admits
/// these for the objects that it reaches. In a store that is shown as it was only what was held
/// then is admitted, whatever the filter. Throws Error(usage) on a spatial condition without a
/// model, and as `atoms_in_space` does.
[[nodiscard]] index::AtomSet admitted_atoms(store::Store& store, const Filter& filter,
                                            const std::optional<store::EmbeddingModel>& model);

}  // namespace hart::search
