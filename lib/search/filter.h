#pragma once

#include <optional>

#include "core/clock.h"
#include "index/atom_set.h"
#include "store/catalog.h"
#include "store/store.h"

namespace hart::search {

/// What a hit must be besides near. Conditions are joined by AND.
struct Filter {
  std::optional<store::Modality> modality;  ///< the tenant holds the atom as this
  std::optional<TimeUs> since;              ///< in an object created at or after
  std::optional<TimeUs> until;              ///< in an object created before

  [[nodiscard]] bool empty() const noexcept { return !modality && !since && !until; }
};

/// The acting tenant's atoms that `filter` lets through, to be tested before an atom becomes a
/// candidate. Under a time filter these are objects, their structures and the structures'
/// direct components: what `find_occurrence` finds an object for. Precondition: the filter is
/// not empty.
[[nodiscard]] index::AtomSet admitted_atoms(store::Store& store, const Filter& filter);

}  // namespace hart::search
