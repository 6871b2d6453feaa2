#include "store/erase.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/uuid.h"
#include "crypto/sha256.h"
#include "store/audit.h"
#include "store/catalog_writer.h"
#include "store/collect.h"
#include "store/erase_files.h"
#include "store/erase_target.h"
#include "store/fsck_report.h"
#include "store/holding.h"
#include "store/object_access.h"

namespace hart::store {
namespace {

/// What is kept of a tenant's for an atom, beside the hold itself: table and atom column.
struct AtomTable {
  const char* table;
  const char* column;
};
/// History last: triggers write to it.
constexpr AtomTable kOfAtom[] = {
    {"atom_relation", "source_atom_id"},
    {"atom_relation", "target_atom_id"},
    {"atom_embedding", "atom_id"},
    {"tensor_importance", "model_atom_id"},
    {"layer_importance", "model_atom_id"},
    {"tensor_importance_history", "model_atom_id"},
    {"layer_importance_history", "model_atom_id"},
    {"tenant_atom_history", "atom_id"},
};
/// What a tenant has beside its objects; references before what they refer to.
constexpr const char* kOfTenant[] = {
    "tenant_object",
    "atom_relation",
    "atom_embedding",
    "search_index",
    "spatial_projection",
    "embedding_model",
    "tensor_importance",
    "layer_importance",
    "tensor_importance_history",
    "layer_importance_history",
    "tenant_atom",
    "tenant_atom_history",
    "tenant_object_history",
    "snapshot",
};

void describe(std::span<const EraseTarget> targets, Erased& erased) {
  std::set<std::pair<std::string, std::int64_t>> versions;
  std::set<Id> ids;
  for (const EraseTarget& target : targets) {
    versions.insert({target.name, target.version});
    ids.insert(target.atom);
    if (target.structure) ids.insert(*target.structure);
  }
  crypto::Sha256 hash;
  hash.update(erased.salt);
  for (const Id& id : ids) {
    const std::uint8_t space[] = {static_cast<std::uint8_t>(id.space)};
    hash.update(space);
    hash.update(id.hash);
  }
  erased.commitment = hash.finish();
  erased.objects = versions.size();
}

/// Bytes of the targets' files, each once.
std::uint64_t file_bytes(Store& store, std::span<const EraseTarget> targets) {
  std::set<std::int64_t> files;
  for (const EraseTarget& target : targets)
    if (target.atom_id != 0) files.insert(target.atom_id);
  Statement size = store.db().prepare("SELECT bytes FROM atom WHERE atom_id = ?", Scope::owner);
  std::uint64_t bytes = 0;
  for (const std::int64_t file : files) {
    if (size.with(file).step()) bytes += static_cast<std::uint64_t>(size.integer(0));
    size.reset();
  }
  return bytes;
}

/// Takes what the targets are out of the catalog, in the caller's WriteTransaction.
class Eraser {
 public:
  explicit Eraser(Store& store) : store_{store}, db_{store.db()} {}

  /// Returns the atoms that the tenant no longer holds, ascending.
  std::vector<Id> erase(std::span<const EraseTarget> targets);
  void erase_rest_of_tenant();

 private:
  void release_target(const EraseTarget& target);
  void forget_version(const EraseTarget& target);
  std::vector<std::int64_t> missing_from(const std::string& table,
                                         std::vector<std::int64_t> atoms);
  std::vector<Id> ids_of(const std::vector<std::int64_t>& atoms);
  void forget_atoms(const std::vector<std::int64_t>& atoms);
  void forget_text(const std::vector<std::int64_t>& atoms);

  Store& store_;
  Connection& db_;
};

void Eraser::release_target(const EraseTarget& target) {
  if (target.place == EraseTarget::Place::history) return;
  Object object;
  object.object_id = target.row;
  object.atom_id = target.atom_id;
  object.structure_id = target.structure_id;
  object.modality = target.modality;
  if (target.place == EraseTarget::Place::object) {
    static_cast<void>(remove_object(store_, object));
    return;
  }
  static_cast<void>(release(store_, reachable_atoms(store_, object), object.modality));
  db_.prepare("DELETE FROM snapshot_object WHERE snapshot_id = ? AND name = ?", Scope::owner)
      .run(target.row, target.name);
}

/// Also what the removal above has just written.
void Eraser::forget_version(const EraseTarget& target) {
  db_.prepare(
         "DELETE FROM tenant_object_history"
         " WHERE tenant_id = ? AND name = ? AND version = ?",
         Scope::owner)
      .run(store_.tenant_id(), target.name, target.version);
}

/// Of the atoms those that the tenant does not hold, or see, as the table or view has it.
std::vector<std::int64_t> Eraser::missing_from(const std::string& table,
                                               std::vector<std::int64_t> atoms) {
  Statement held = db_.prepare(
      "SELECT 1 FROM " + table + " WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  std::erase_if(atoms, [&](std::int64_t atom_id) {
    const bool found = held.with(store_.tenant_id(), atom_id).step();
    held.reset();
    return found;
  });
  return atoms;
}

void Eraser::forget_atoms(const std::vector<std::int64_t>& atoms) {
  for (const AtomTable& of : kOfAtom) {
    Statement forget = db_.prepare(std::string{"DELETE FROM "} + of.table +
                                       " WHERE tenant_id = ? AND " + of.column + " = ?",
                                   Scope::owner);
    for (const std::int64_t atom_id : atoms) forget.run(store_.tenant_id(), atom_id);
  }
}

/// An index that forgets a passage keeps its words in older segments: it is made anew.
void Eraser::forget_text(const std::vector<std::int64_t>& atoms) {
  const std::string table = "text_fts_" + std::to_string(store_.tenant_id());
  Statement exists = db_.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?", Scope::owner);
  if (!exists.with(table).step()) return;
  exists.reset();
  Statement indexed =
      db_.prepare("SELECT 1 FROM " + table + "_docsize WHERE id = ?", Scope::owner);
  const bool any = std::any_of(atoms.begin(), atoms.end(), [&](std::int64_t atom_id) {
    const bool found = indexed.with(atom_id).step();
    indexed.reset();
    return found;
  });
  if (any) reindex_text(store_, store_.tenant_id());
}

std::vector<Id> Eraser::ids_of(const std::vector<std::int64_t>& atoms) {
  Statement id = db_.prepare("SELECT space, hash FROM atom WHERE atom_id = ?", Scope::owner);
  std::vector<Id> ids;
  ids.reserve(atoms.size());
  for (const std::int64_t atom_id : atoms)
    if (id.with(atom_id).step())
      ids.push_back({static_cast<IdSpace>(id.integer(0)), id.hash(1)});
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<Id> Eraser::erase(std::span<const EraseTarget> targets) {
  const std::vector<std::int64_t> atoms = atoms_of_targets(store_, targets);
  for (const EraseTarget& target : targets) release_target(target);
  for (const EraseTarget& target : targets) forget_version(target);
  // What is hidden from the tenant is held all the same, but its text is not found.
  const std::vector<std::int64_t> gone = missing_from("tenant_atom", atoms);
  forget_atoms(gone);
  forget_text(missing_from("my_tenant_atom", atoms));
  // Vectors of what is gone stand in the tenant's indexes.
  db_.prepare("DELETE FROM search_index WHERE tenant_id = ?", Scope::owner)
      .run(store_.tenant_id());
  return ids_of(gone);
}

void Eraser::erase_rest_of_tenant() {
  db_.exec("DROP TABLE IF EXISTS text_fts_" + std::to_string(store_.tenant_id()));
  for (const char* table : kOfTenant)
    db_.prepare(std::string{"DELETE FROM "} + table + " WHERE tenant_id = ?", Scope::owner)
        .run(store_.tenant_id());
}

/// Names of the targets that are the name of nothing any more, ascending.
std::vector<std::string> forgotten_names(Store& store, std::span<const EraseTarget> targets) {
  std::set<std::string> names;
  for (const EraseTarget& target : targets) names.insert(target.name);
  for (const EraseTarget& left : all_erase_targets(store)) names.erase(left.name);
  return {names.begin(), names.end()};
}

/// Has the other modules forget; returns how much they did.
std::uint64_t erase_from_modules(Store& store, std::span<const EraseTarget> targets,
                                 std::vector<Id> gone, bool everything,
                                 std::span<const SchemaModule> modules) {
  // What was collected before cannot be held; the others were looked up.
  for (const EraseTarget& target : targets) {
    if (target.atom_id == 0) gone.push_back(target.atom);
    if (target.structure && target.structure_id == 0) gone.push_back(*target.structure);
  }
  std::sort(gone.begin(), gone.end());
  const std::vector<std::string> names = forgotten_names(store, targets);
  std::uint64_t forgotten = 0;
  for (const SchemaModule& module : modules)
    if (module.erase != nullptr) forgotten += module.erase(store, {everything, gone, names});
  return forgotten;
}

void record(Store& store, Erased& erased) {
  store.db()
      .prepare(
          "INSERT INTO erasure (tenant_id, erased_us, salt, commitment, objects, atoms,"
          " bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
          Scope::owner)
      .run(store.tenant_id(), erased.time, ByteView{erased.salt}, erased.commitment,
           erased.objects, erased.atoms, erased.bytes);
  erased.erasure_id = store.db().last_insert_id();
}

Erased erase(Store& store, std::span<const std::string> references, bool everything,
             const EraseOptions& options) {
  Erased erased;
  random_bytes(erased.salt.data(), erased.salt.size());
  {
    WriteTransaction transaction{store};
    // The instant at which the history's triggers end what is deleted here.
    erased.time = store.now();
    if (everything) require_unrestricted(store);
    const std::vector<EraseTarget> targets =
        everything ? all_erase_targets(store) : find_erase_targets(store, references);
    describe(targets, erased);
    erased.bytes = file_bytes(store, targets);
    Eraser eraser{store};
    std::vector<Id> gone = eraser.erase(targets);
    erased.atoms = gone.size();
    if (everything) eraser.erase_rest_of_tenant();
    erased.openings =
        erase_from_modules(store, targets, std::move(gone), everything, options.modules);
    record(store, erased);
    record_act(store, "hart-ingest erase",
               "erasure " + std::to_string(erased.erasure_id) + " of " +
                   std::to_string(erased.objects) + " objects");
    transaction.commit();
  }
  erase_from_side_databases(store);
  CollectOptions collection;
  collection.overwrite = true;
  collection.wait_seconds = options.wait_seconds;
  collection.step = options.step;
  const Collected collected = collect(store, collection);
  if (collected.bytes_waiting > 0)
    erased.remains = std::to_string(collected.bytes_waiting) +
                     " bytes of packs are still in use by readers; the next gc overwrites them";
  const std::string files = rewrite_databases(store);
  if (erased.remains.empty()) erased.remains = files;
  return erased;
}

}  // namespace

Erased plan_erasure(Store& store, std::span<const std::string> references, bool everything) {
  Erased planned;
  // Tried and taken back: only so it is known what else holds the atoms.
  const WriteTransaction transaction{store};
  planned.time = store.now();
  if (everything) require_unrestricted(store);
  const std::vector<EraseTarget> targets =
      everything ? all_erase_targets(store) : find_erase_targets(store, references);
  describe(targets, planned);
  planned.bytes = file_bytes(store, targets);
  planned.atoms = Eraser{store}.erase(targets).size();
  return planned;
}

Erased erase_objects(Store& store, std::span<const std::string> references,
                     const EraseOptions& options) {
  return erase(store, references, false, options);
}

Erased erase_tenant(Store& store, const EraseOptions& options) {
  return erase(store, {}, true, options);
}

}  // namespace hart::store
