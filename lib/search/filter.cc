#include "search/filter.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace hart::search {
namespace {

std::vector<std::int64_t> read_ids(store::Statement& rows) {
  std::vector<std::int64_t> ids;
  while (rows.step()) ids.push_back(rows.integer(0));
  return ids;
}

std::vector<std::int64_t> atoms_held_as(store::Store& store, store::Modality modality) {
  auto rows = store.db().prepare(
      "SELECT atom_id FROM my_tenant_atom WHERE modality = ?1 ORDER BY atom_id");
  rows.bind(1, static_cast<std::int64_t>(modality));
  return read_ids(rows);
}

std::vector<std::int64_t> atoms_created_within(store::Store& store, const Filter& filter) {
  auto rows = store.db().prepare(
      "WITH chosen AS (SELECT atom_id, structure_id FROM my_object"
      " WHERE (?1 IS NULL OR created_us >= ?1) AND (?2 IS NULL OR created_us < ?2))"
      " SELECT atom_id FROM chosen"
      " UNION SELECT structure_id FROM chosen WHERE structure_id IS NOT NULL"
      " UNION SELECT c.component_atom_id FROM chosen AS o"
      " JOIN my_atom_composition AS c ON c.parent_atom_id = o.structure_id"
      " ORDER BY 1");
  rows.with(filter.since, filter.until);
  return read_ids(rows);
}

}  // namespace

index::AtomSet admitted_atoms(store::Store& store, const Filter& filter) {
  const bool timed = filter.since || filter.until;
  if (!timed && filter.modality) return index::AtomSet{atoms_held_as(store, *filter.modality)};
  std::vector<std::int64_t> created = atoms_created_within(store, filter);
  if (!filter.modality) return index::AtomSet{std::move(created)};
  const std::vector<std::int64_t> held = atoms_held_as(store, *filter.modality);
  std::vector<std::int64_t> both;
  std::set_intersection(created.begin(), created.end(), held.begin(), held.end(),
                        std::back_inserter(both));
  return index::AtomSet{std::move(both)};
}

}  // namespace hart::search
