#include "store/collect_mark.h"

#include <string>

#include "store/atom_reference.h"
#include "store/id_set.h"
#include "store/pack_range.h"

namespace hart::store {
namespace {

class Marker {
 public:
  explicit Marker(Connection& db) : db_{db} {}

  IdSet atoms(TimeUs kept_since_us);
  IdSet extents(const IdSet& live_atoms);

 private:
  void insert_all(IdSet& set, const std::string& sql);
  bool follow(const AtomEdge& edge, IdSet& live);

  Connection& db_;
};

void Marker::insert_all(IdSet& set, const std::string& sql) {
  Statement ids = db_.prepare(sql, Scope::owner);
  while (ids.step()) set.insert(ids.integer(0));
}

bool Marker::follow(const AtomEdge& edge, IdSet& live) {
  Statement rows = db_.prepare(
      std::string{"SELECT "} + edge.parent + ", " + edge.child + " FROM " + edge.table,
      Scope::owner);
  bool grew = false;
  while (rows.step())
    if (live.contains(rows.integer(0)) && live.insert(rows.integer(1))) grew = true;
  return grew;
}

/// Structures are few levels deep, and a tenant holds what its objects are made of, so that
/// the first round mostly finds nothing more.
IdSet Marker::atoms(TimeUs kept_since_us) {
  IdSet live;
  for (const AtomColumn& root : atom_root_columns(db_))
    insert_all(live, "SELECT " + root.column + " FROM " + root.table + " WHERE " + root.column +
                         " IS NOT NULL");
  insert_all(live, "SELECT atom_id FROM tenant_atom_history WHERE valid_to_us > " +
                       std::to_string(kept_since_us));
  for (bool grew = true; grew;) {
    grew = false;
    for (const AtomEdge& edge : kAtomEdges) grew = follow(edge, live) || grew;
  }
  return live;
}

IdSet Marker::extents(const IdSet& live_atoms) {
  IdSet live;
  {
    Statement parts =
        db_.prepare("SELECT atom_id, extent_id FROM atom_payload WHERE extent_id IS NOT NULL",
                    Scope::owner);
    while (parts.step())
      if (live_atoms.contains(parts.integer(0))) live.insert(parts.integer(1));
  }
  Statement deltas = db_.prepare(
      "SELECT extent_id, base_extent_id FROM extent WHERE base_extent_id IS NOT NULL",
      Scope::owner);
  while (deltas.step())
    if (live.contains(deltas.integer(0))) live.insert(deltas.integer(1));
  return live;
}

}  // namespace

DeadRows find_dead_rows(Store& store, TimeUs kept_since_us) {
  Connection& db = store.db();
  const Snapshot snapshot{db};
  DeadRows dead;
  Marker marker{db};
  const IdSet live_atoms = marker.atoms(kept_since_us);
  const IdSet live_extents = marker.extents(live_atoms);
  dead.data_version = db.query_integer("PRAGMA data_version");
  Statement atoms = db.prepare("SELECT atom_id FROM atom ORDER BY atom_id DESC", Scope::owner);
  while (atoms.step())
    if (!live_atoms.contains(atoms.integer(0))) dead.atoms.push_back(atoms.integer(0));
  Statement extents = db.prepare(
      "SELECT extent_id, base_extent_id IS NOT NULL, pack_id, pack_offset, stored_bytes"
      " FROM extent ORDER BY extent_id",
      Scope::owner);
  while (extents.step()) {
    const std::int64_t id = extents.integer(0);
    if (live_extents.contains(id)) continue;
    (extents.integer(1) != 0 ? dead.deltas : dead.extents).push_back(id);
    dead.bytes +=
        extent_range(extents.integer(2), static_cast<std::uint64_t>(extents.integer(3)),
                     static_cast<std::uint64_t>(extents.integer(4)))
            .bytes;
  }
  return dead;
}

}  // namespace hart::store
