#include "store/holding.h"

#include <string>
#include <string_view>

#include "core/error.h"

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
      " SELECT tenant_id, atom_id, modality, subtype, 1, access_level, importance, ?4"
      " FROM tenant_atom_history",
      " ORDER BY valid_to_us DESC LIMIT 1");
  Statement held = prepare_held(store);
  std::vector<std::int64_t> revived;
  for (const std::int64_t atom_id : atoms) {
    again.run(store.tenant_id(), atom_id, code);
    if (db.changes() > 0) continue;
    const bool known = is_held(held, atom_id);
    revive.run(store.tenant_id(), atom_id, code, now);
    if (db.changes() == 0)
      throw Error{Fault::no_input,
                  "an atom is no longer held, and how it was held is forgotten"};
    if (!known) revived.push_back(atom_id);
  }
  return revived;
}

std::vector<std::int64_t> release(Store& store, std::span<const std::int64_t> atoms,
                                  Modality modality) {
  const auto code = static_cast<std::int64_t>(modality);
  Connection& db = store.db();
  Statement less =
      prepare(store, "UPDATE tenant_atom SET holders = holders - 1", " AND holders > 1");
  Statement drop = prepare(store, "DELETE FROM tenant_atom");
  Statement held = prepare_held(store);
  Statement forget = db.prepare(
      "DELETE FROM atom_embedding WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  std::vector<std::int64_t> gone;
  for (const std::int64_t atom_id : atoms) {
    less.run(store.tenant_id(), atom_id, code);
    if (db.changes() > 0) continue;
    drop.run(store.tenant_id(), atom_id, code);
    if (is_held(held, atom_id)) continue;
    forget.run(store.tenant_id(), atom_id);
    gone.push_back(atom_id);
  }
  return gone;
}

}  // namespace hart::store
