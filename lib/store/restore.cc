#include "store/restore.h"

#include "core/error.h"
#include "store/catalog_writer.h"
#include "store/holding.h"

namespace hart::store {
namespace {

[[noreturn]] void throw_missing(const ObjectVersion& then, const char* what, const Id& id) {
  throw Error{Fault::no_input,
              then.label() + ": its " + what + " " + id.text() + " was collected since"};
}

/// An atom that is stored and that the tenant holds or held: what is there for others alone is
/// not told.
std::int64_t find_stored(Store& store, const ObjectVersion& then, const char* what,
                         const Id& id) {
  Statement find = store.db().prepare(
      "SELECT a.atom_id FROM atom AS a WHERE a.hash = ?1 AND a.space = ?2"
      " AND (EXISTS (SELECT 1 FROM tenant_atom AS h"
      "              WHERE h.tenant_id = ?3 AND h.atom_id = a.atom_id)"
      "  OR EXISTS (SELECT 1 FROM tenant_atom_history AS h"
      "             WHERE h.tenant_id = ?3 AND h.atom_id = a.atom_id))",
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

/// All that the version is made of, whether or not it is held now.
std::vector<std::int64_t> stored_atoms(Store& store, const RestorePlan& plan) {
  Statement rows = store.db().prepare(
      "WITH RECURSIVE reach (atom_id) AS (VALUES (?1), (?2) UNION"
      " SELECT c.component_atom_id FROM reach JOIN atom_composition AS c"
      " ON c.parent_atom_id = reach.atom_id)"
      " SELECT atom_id FROM reach WHERE atom_id > 0 ORDER BY atom_id",
      Scope::owner);
  rows.with(plan.atom_id, plan.structure_id);
  std::vector<std::int64_t> atoms;
  while (rows.step()) atoms.push_back(rows.integer(0));
  return atoms;
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
  return plan;
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
    restored.revived = hold_again(store, stored_atoms(store, plan), then.modality);
  } catch (const Error& error) {
    throw Error{error.fault(), then.label() + ": " + error.what()};
  }
  restored.version = CatalogWriter{store}.put_object(new_object(then, plan, source_uri));
  return restored;
}

}  // namespace hart::store
