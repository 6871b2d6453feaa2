#include "store/occurrence.h"

namespace hart::store {
namespace {

constexpr std::size_t kMaxNames = 65'536;

/// An object whose content was collected since the time that is looked at has no name.
constexpr const char* kName =
    "SELECT o.name, o.object_id FROM my_object AS o JOIN my_atom AS a"
    " ON a.atom_id = o.atom_id ";

}  // namespace

PlaceFinder::PlaceFinder(Store& store)
    // CROSS JOIN has SQLite begin with the passage: it would begin with all objects of the
    // tenant.
    : parent_{store.db().prepare(
          "SELECT c.position, o.object_id FROM my_atom_composition AS c"
          " CROSS JOIN my_object AS o ON o.structure_id = c.parent_atom_id"
          " WHERE c.component_atom_id = ? ORDER BY o.object_id DESC, c.position LIMIT 1")},
      object_{store.db().prepare(std::string{kName} + "WHERE o.object_id = ?")},
      // One index each, where an OR would have neither.
      itself_{store.db().prepare(
          "SELECT name FROM (" + std::string{kName} + "WHERE o.atom_id = ?1 UNION ALL " +
          kName + "WHERE o.structure_id = ?1) ORDER BY object_id DESC LIMIT 1")} {}

const std::optional<std::string>& PlaceFinder::name_of(std::int64_t object_id) {
  if (const auto known = names_.find(object_id); known != names_.end()) return known->second;
  if (names_.size() >= kMaxNames) names_.clear();
  std::optional<std::string> name;
  if (object_.with(object_id).step()) name = std::string{object_.text(0)};
  object_.reset();
  return names_.emplace(object_id, std::move(name)).first->second;
}

std::optional<Place> PlaceFinder::find(std::int64_t atom_id) {
  std::optional<Place> place;
  if (parent_.with(atom_id).step()) {
    if (const auto& name = name_of(parent_.integer(1))) place = {*name, parent_.integer(0)};
  } else if (itself_.with(atom_id).step()) {
    place = {std::string{itself_.text(0)}, 0};
  }
  parent_.reset();
  itself_.reset();
  return place;
}

}  // namespace hart::store
