#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.h"
#include "store/catalog.h"
#include "store/store.h"

namespace hart::store {

/// One place where a tenant has, or had, a version of an object.
struct EraseTarget {
  enum class Place { object, snapshot, history };
  Place place = Place::object;
  std::int64_t row = 0;  ///< object_id, snapshot_id or history_id
  std::string name;
  std::int64_t version = 0;
  std::string version_tag;
  Modality modality = Modality::text;
  Id atom;
  std::optional<Id> structure;
  /// Their rows; 0: collected, or no structure.
  std::int64_t atom_id = 0;
  std::int64_t structure_id = 0;
  AccessLevel access = AccessLevel::write;  ///< of the object, or of what the tenant sees of it
};

/// All that the acting tenant has and had, what is hidden from it, too.
[[nodiscard]] std::vector<EraseTarget> all_erase_targets(Store& store);
/// Those that any of the references names, without what is hidden unless `with_hidden`. Throws
/// as erase_objects does.
[[nodiscard]] std::vector<EraseTarget> find_erase_targets(
    Store& store, std::span<const std::string> references, bool with_hidden = false);

/// The atoms of the targets and all that these are made of, as far as they are still there.
[[nodiscard]] std::vector<std::int64_t> atoms_of_targets(Store& store,
                                                         std::span<const EraseTarget> targets);

}  // namespace hart::store
