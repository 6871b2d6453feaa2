#include "search/filter.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "search/resources.h"
#include "search/where_sql.h"

namespace hart::search {
namespace {

using AtomIds = std::vector<std::int64_t>;

AtomIds read_ids(store::Statement& rows) {
  AtomIds ids;
  while (rows.step()) ids.push_back(rows.integer(0));
  return ids;
}

AtomIds atoms_held(store::Store& store) {
  auto rows =
      store.db().prepare("SELECT DISTINCT atom_id FROM my_tenant_atom ORDER BY atom_id");
  return read_ids(rows);
}

AtomIds atoms_held_as(store::Store& store, store::Modality modality) {
  auto rows = store.db().prepare(
      "SELECT atom_id FROM my_tenant_atom WHERE modality = ?1 ORDER BY atom_id");
  rows.bind(1, static_cast<std::int64_t>(modality));
  return read_ids(rows);
}

/// Objects that the filter's conditions on them hold for, their structures, and the structures'
/// components. CROSS keeps SQLite from reading every composition of the store first.
AtomIds atoms_of_objects(store::Store& store, const Filter& filter) {
  constexpr int kFirstOfWhere = 3;
  WhereSql where;
  if (filter.where) {
    where = where_sql(*filter.where, kFirstOfWhere);
    // A table-valued function declares its columns when it is first named, as the owner.
    static_cast<void>(store.db().query_integer("SELECT count(*) FROM json_each('[]')"));
  }
  auto rows = store.db().prepare(
      "WITH chosen AS MATERIALIZED (SELECT o.atom_id, o.structure_id FROM my_object AS o"
      " WHERE (?1 IS NULL OR o.created_us >= ?1) AND (?2 IS NULL OR o.created_us < ?2)" +
      (filter.where ? " AND (" + where.text + ")" : std::string{}) +
      ") SELECT atom_id FROM chosen"
      " UNION SELECT structure_id FROM chosen WHERE structure_id IS NOT NULL"
      " UNION SELECT c.component_atom_id FROM chosen AS o"
      " CROSS JOIN my_atom_composition AS c ON c.parent_atom_id = o.structure_id"
      " ORDER BY 1");
  rows.with(filter.since, filter.until);
  where.bind(rows);
  return read_ids(rows);
}

/// What the walk reaches, and what the reached objects are made of.
AtomIds atoms_near(store::Store& store, const Neighbourhood& near) {
  WalkOptions options;
  options.hops = near.hops;
  options.types = near.types;
  options.direction = Direction::both;
  AtomIds ids{near.atom_id};
  for (const Reached& reached : walk(store, near.atom_id, options))
    ids.push_back(reached.atom_id);
  auto parts = store.db().prepare(
      "SELECT structure_id FROM my_object WHERE atom_id = ?1 AND structure_id IS NOT NULL"
      " UNION SELECT c.component_atom_id FROM my_object AS o"
      " CROSS JOIN my_atom_composition AS c ON c.parent_atom_id = o.structure_id"
      " WHERE o.atom_id = ?1 OR o.structure_id = ?1");
  const std::size_t reached = ids.size();
  for (std::size_t i = 0; i < reached; ++i) {
    parts.with(ids[i]);
    while (parts.step()) ids.push_back(parts.integer(0));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

/// The intersection of what each condition lets through.
class Intersection {
 public:
  void narrow(AtomIds ids) {
    if (!ids_) {
      ids_ = std::move(ids);
      return;
    }
    AtomIds both;
    std::set_intersection(ids_->begin(), ids_->end(), ids.begin(), ids.end(),
                          std::back_inserter(both));
    ids_ = std::move(both);
  }
  [[nodiscard]] AtomIds take() { return ids_ ? std::move(*ids_) : AtomIds{}; }

 private:
  std::optional<AtomIds> ids_;  ///< ascending; nothing: everything still
};

}  // namespace

index::AtomSet admitted_atoms(store::Store& store, const Filter& filter,
                              const std::optional<store::EmbeddingModel>& model) {
  Intersection admitted;
  if (shows_past(store)) admitted.narrow(atoms_held(store));
  if (filter.of_objects()) admitted.narrow(atoms_of_objects(store, filter));
  if (filter.modality) admitted.narrow(atoms_held_as(store, *filter.modality));
  if (filter.near) admitted.narrow(atoms_near(store, *filter.near));
  if (!filter.spatial.empty()) {
    if (!model)
      throw Error{Fault::usage, "a place in the map needs an embedding model that has one"};
    admitted.narrow(atoms_in_space(store, *model, filter.spatial));
  }
  return index::AtomSet{admitted.take()};
}

}  // namespace hart::search
