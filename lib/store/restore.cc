#include "store/restore.h"

#include <set>

#include "core/error.h"
#include "store/catalog_writer.h"
#include "store/holding.h"
#include "store/object_access.h"
#include "store/tenant_quota.h"

namespace hart::store {
namespace {

[[noreturn]] void throw_missing(const ObjectVersion& then, const char* what, const Id& id) {
  throw Error{Fault::no_input,
              then.label() + ": its " + what + " " + id.text() + " was collected since"};
}

/// An atom that is stored and that the tenant holds or held: what is there for others alone, or
/// is hidden from the tenant, is not told.
std::int64_t find_stored(Store& store, const ObjectVersion& then, const char* what,
                         const Id& id) {
  Statement find = store.db().prepare(
      "SELECT a.atom_id FROM atom AS a WHERE a.hash = ?1 AND a.space = ?2"
      " AND COALESCE((SELECT max(h.access_level <> 'none') FROM tenant_atom AS h"
      "               WHERE h.tenant_id = ?3 AND h.atom_id = a.atom_id),"
      "  EXISTS (SELECT 1 FROM tenant_atom_history AS h"
      "          WHERE h.tenant_id = ?3 AND h.atom_id = a.atom_id))",
      Scope::owner);
  find.with(id.hash, static_cast<std::int64_t>(id.space), store.tenant_id());
  if (!find.step()) throw_missing(then, what, id);
  return find.integer(0);
}

/// The file's bytes, or those of each file of a folder.
void check_payload(Store& store, const ObjectVersion& then, std::int64_t atom_id) {
  Statement incomplete = store.db().prepare(
      "WITH RECURSIVE reach (atom_id) AS (VALUES (?1) UNION"
      " SELECT c.component_atom_id FROM reach JOIN atom_composition AS c"
      " ON c.parent_atom_id = reach.atom_id)"
      " SELECT a.space, a.hash FROM reach JOIN atom AS a ON a.atom_id = reach.atom_id"
      " WHERE a.form = ?2 AND a.space <> ?3"
      " AND a.bytes <> (SELECT COALESCE(SUM(p.bytes), 0) FROM atom_payload AS p"
      "                 WHERE p.atom_id = a.atom_id) LIMIT 1",
      Scope::owner);
  incomplete.with(atom_id, static_cast<std::int64_t>(AtomForm::descriptor),
                  static_cast<std::int64_t>(IdSpace::structure));
  if (incomplete.step())
    throw_missing(then, "content",
                  {static_cast<IdSpace>(incomplete.integer(0)), incomplete.hash(1)});
}

CatalogWriter::NewObject new_object(const ObjectVersion& then, const RestorePlan& plan,
                                    const std::string& source_uri) {
  CatalogWriter::NewObject object;
  object.name = then.name;
  object.version_tag = then.version_tag;
  object.atom_id = plan.atom_id;
  object.structure_id = plan.structure_id;
  object.kind = then.kind;
  object.modality = then.modality;
  object.subtype = then.subtype;
  object.atomizer = then.atomizer;
  object.source_uri = source_uri;
  if (!then.metadata.empty()) object.metadata = parse_json(then.metadata, "stored metadata");
  return object;
}

}  // namespace

RestorePlan plan_restore(Store& store, const ObjectVersion& then) {
  RestorePlan plan;
  plan.atom_id = find_stored(store, then, "content", then.atom);
  check_payload(store, then, plan.atom_id);
  if (then.structure)
    plan.structure_id = find_stored(store, then, "structure", *then.structure);
  Statement newest = store.db().prepare(
      "SELECT version, atom_id, metadata, version_tag FROM my_object WHERE name = ?"
      " ORDER BY version DESC LIMIT 1");
  if (!newest.with(then.name).step()) return plan;
  plan.newest_version = newest.integer(0);
  plan.unchanged = newest.integer(1) == plan.atom_id && newest.text(2) == then.metadata &&
                   newest.text(3) == then.version_tag;
  newest.reset();
  if (!plan.unchanged) require_name_writable(store, then.name);
  return plan;
}

void require_room_to_restore(Store& store, std::span<const ObjectVersion> versions) {
  TenantQuota quota{store};
  if (!quota.atoms().most && !quota.models().most && !quota.bytes().most) return;
  Statement held = store.db().prepare(
      "SELECT 1 FROM tenant_atom WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  Statement size = store.db().prepare("SELECT bytes FROM atom WHERE atom_id = ?", Scope::owner);
  std::set<std::int64_t> fresh;
  TenantQuota::Addition all;
  bool anything = false;
  for (const ObjectVersion& then : versions) {
    const RestorePlan plan = plan_restore(store, then);
    if (plan.unchanged) continue;
    anything = true;
    for (const std::int64_t atom_id : atoms_below(store, plan.atom_id, plan.structure_id))
      if (!held.with(store.tenant_id(), atom_id).step()) fresh.insert(atom_id);
    if (then.kind == "model") ++all.models;
    if (size.with(plan.atom_id).step())
      all.bytes += static_cast<std::uint64_t>(size.integer(0));
  }
  all.atoms = fresh.size();
  if (anything) quota.add(all);
}

Restored restore_version(Store& store, const ObjectVersion& then,
                         const std::string& source_uri) {
  const RestorePlan plan = plan_restore(store, then);
  Restored restored;
  restored.structure_id = plan.structure_id;
  restored.unchanged = plan.unchanged;
  restored.version = plan.newest_version;
  if (plan.unchanged) return restored;
  try {
    restored.revived =
        hold_again(store, atoms_below(store, plan.atom_id, plan.structure_id), then.modality);
  } catch (const Error& error) {
    throw Error{error.fault(), then.label() + ": " + error.what()};
  }
  restored.version = CatalogWriter{store}.put_object(new_object(then, plan, source_uri));
  return restored;
}

}  // namespace hart::store
