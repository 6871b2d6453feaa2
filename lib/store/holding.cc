#include "store/holding.h"

#include <string>
#include <string_view>

#include "core/error.h"
#include "store/hiding.h"

namespace hart::store {
namespace {

// A model's tensors and leaves are held as tensors, everything else as the object's own
// modality.
constexpr std::string_view kRowsOfObject =
    " WHERE tenant_id = ?1 AND atom_id = ?2 AND (modality = ?3 OR (?3 = 6 AND modality = 4))";

Statement prepare(Store& store, std::string_view before, std::string_view after = {}) {
  std::string sql{before};
  sql += kRowsOfObject;
  sql += after;
  return store.db().prepare(sql, Scope::owner);
}

Statement prepare_held(Store& store) {
  return store.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ? LIMIT 1");
}

bool is_held(Statement& held, std::int64_t atom_id) {
  const bool found = held.with(atom_id).step();
  held.reset();
  return found;
}

}  // namespace

std::vector<std::int64_t> atoms_below(Store& store, std::int64_t atom_id,
                                      std::int64_t structure_id) {
  Statement rows = store.db().prepare(
      "WITH RECURSIVE reach (atom_id) AS (VALUES (?1), (?2) UNION"
      " SELECT c.component_atom_id FROM reach JOIN atom_composition AS c"
      " ON c.parent_atom_id = reach.atom_id)"
      " SELECT atom_id FROM reach WHERE atom_id > 0 ORDER BY atom_id",
      Scope::owner);
  rows.with(atom_id, structure_id);
  std::vector<std::int64_t> atoms;
  while (rows.step()) atoms.push_back(rows.integer(0));
  return atoms;
}

std::vector<std::int64_t> hold_again(Store& store, std::span<const std::int64_t> atoms,
                                     Modality modality) {
  const auto code = static_cast<std::int64_t>(modality);
  const TimeUs now = store.now();
  Connection& db = store.db();
  Statement again = prepare(store, "UPDATE tenant_atom SET holders = holders + 1");
  Statement revive = prepare(
      store,
      "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders, access_level,"
      " importance, created_us)"
      " SELECT tenant_id, atom_id, modality, subtype, 1, 'read', importance, ?4"
      " FROM tenant_atom_history",
      " ORDER BY valid_to_us DESC LIMIT 1");
  Statement held = prepare_held(store);
  Hiding hiding{store};
  std::vector<std::int64_t> revived;
  for (const std::int64_t atom_id : atoms) {
    again.run(store.tenant_id(), atom_id, code);
    if (db.changes() > 0) {
      if (hiding.any() && hiding.settle(atom_id, modality) == Hiding::Outcome::shown)
        revived.push_back(atom_id);
      continue;
    }
    const bool known = is_held(held, atom_id);
    revive.run(store.tenant_id(), atom_id, code, now);
    if (db.changes() == 0)
      throw Error{Fault::no_input,
                  "an atom is no longer held, and how it was held is forgotten"};
    if (known) continue;
    revived.push_back(atom_id);
    if (hiding.any()) hiding.take_back(atom_id);
  }
  return revived;
}

std::vector<std::int64_t> release(Store& store, std::span<const std::int64_t> atoms,
                                  Modality modality) {
  const auto code = static_cast<std::int64_t>(modality);
  Connection& db = store.db();
  Hiding hiding{store};
  Statement less =
      prepare(store, "UPDATE tenant_atom SET holders = holders - 1", " AND holders > 1");
  Statement drop = prepare(store, "DELETE FROM tenant_atom");
  Statement held = prepare_held(store);
  Statement forget = db.prepare(
      "DELETE FROM atom_embedding WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  Statement left =
      db.prepare("SELECT 1 FROM tenant_atom WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  std::vector<std::int64_t> gone;
  for (const std::int64_t atom_id : atoms) {
    less.run(store.tenant_id(), atom_id, code);
    if (db.changes() > 0) {
      if (hiding.any() && hiding.settle(atom_id, modality) == Hiding::Outcome::hidden)
        gone.push_back(atom_id);
      continue;
    }
    drop.run(store.tenant_id(), atom_id, code);
    if (is_held(held, atom_id)) continue;
    if (hiding.any()) {
      // Held as something else, which is hidden.
      const bool stays = left.with(store.tenant_id(), atom_id).step();
      left.reset();
      stays ? hiding.put_away(atom_id) : hiding.forget(atom_id);
    }
    forget.run(store.tenant_id(), atom_id);
    gone.push_back(atom_id);
  }
  return gone;
}

}  // namespace hart::store
