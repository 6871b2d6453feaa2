#include "store/snapshot.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "store/audit.h"
#include "store/catalog_writer.h"
#include "store/holding.h"

namespace hart::store {
namespace {

constexpr std::size_t kLongestName = 200;

constexpr const char* kSnapshotColumns =
    "SELECT s.snapshot_id, s.name, s.created_us,"
    " (SELECT COUNT(*) FROM my_snapshot_object AS o WHERE o.snapshot_id = s.snapshot_id),"
    " (SELECT COALESCE(SUM(a.bytes), 0) FROM my_snapshot_object AS o"
    "   JOIN my_atom AS a ON a.atom_id = o.atom_id WHERE o.snapshot_id = s.snapshot_id)"
    " FROM my_snapshot AS s";

SavedSnapshot read_snapshot(const Statement& row) {
  return {row.integer(0), std::string{row.text(1)}, row.integer(2), row.integer(3),
          static_cast<std::uint64_t>(row.integer(4))};
}

std::optional<SavedSnapshot> look_up(Store& store, const std::string& name) {
  Statement find = store.db().prepare(std::string{kSnapshotColumns} + " WHERE s.name = ?");
  if (!find.with(name).step()) return std::nullopt;
  return read_snapshot(find);
}

void check_name(const std::string& name) {
  const bool control =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 32 || c == 127; });
  if (name.empty() || name.size() > kLongestName || control)
    throw Error{Fault::usage,
                "a snapshot's name has 1 to 200 characters, none of them a"
                " control character"};
}

void check_names(std::span<const Object> objects) {
  std::set<std::string> names;
  for (const Object& object : objects)
    if (!names.insert(object.name).second)
      throw Error{Fault::usage, "a snapshot holds one version of " + object.name + ", not two"};
}

bool holds_exactly(Store& store, const SavedSnapshot& snapshot,
                   std::span<const Object> objects) {
  if (static_cast<std::size_t>(snapshot.objects) != objects.size()) return false;
  // An object's number may come again after the newest was removed; its instant never does.
  Statement find = store.db().prepare(
      "SELECT 1 FROM my_snapshot_object WHERE snapshot_id = ? AND name = ? AND created_us = ?");
  return std::all_of(objects.begin(), objects.end(), [&](const Object& object) {
    return find.with(snapshot.snapshot_id, object.name, object.created).step();
  });
}

/// The snapshot may be the last that holds what is hidden in it.
void require_nothing_hidden(Store& store, const SavedSnapshot& snapshot) {
  Statement hidden = store.db().prepare(
      "SELECT 1 FROM snapshot_object WHERE snapshot_id = ? AND hidden = 1", Scope::owner);
  if (hidden.with(snapshot.snapshot_id).step())
    refuse(store, "snapshot " + snapshot.name +
                      ": part of what it holds is withheld by the store's owner, and cannot be"
                      " removed");
}

/// The object that a version of a snapshot was, as far as its atoms go.
Object held_object(const Statement& row) {
  Object object;
  object.atom_id = row.integer(0);
  object.structure_id = row.integer(1);
  object.modality = static_cast<Modality>(row.integer(2));
  return object;
}

using Versions = std::map<std::string, ObjectVersion>;

Versions versions_in(Store& store, const SavedSnapshot& snapshot) {
  Versions versions;
  for (ObjectVersion& version : snapshot_versions(store, snapshot)) {
    std::string name = version.name;
    versions.emplace(std::move(name), std::move(version));
  }
  return versions;
}

/// The newest version of everything that the snapshot names, and of every model.
Versions versions_now(Store& store, const SavedSnapshot& snapshot) {
  Versions versions;
  Statement rows = store.db().prepare(
      std::string{"SELECT "} + kVersionColumns +
      " FROM my_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
      " LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id"
      " WHERE (o.kind = 'model' OR o.name IN"
      "  (SELECT name FROM my_snapshot_object WHERE snapshot_id = ?)) ORDER BY o.version");
  rows.with(snapshot.snapshot_id);
  while (rows.step()) {
    ObjectVersion version = read_version(rows, false);
    std::string name = version.name;
    versions.insert_or_assign(std::move(name), std::move(version));
  }
  return versions;
}

bool same(const ObjectVersion& a, const ObjectVersion& b) {
  return a.atom == b.atom && a.metadata == b.metadata && a.version_tag == b.version_tag;
}

/// Names and ids of a model's tensors; none when it is no model.
std::map<std::string, std::int64_t> tensors_of(Store& store, const ObjectVersion& version) {
  std::map<std::string, std::int64_t> tensors;
  if (!version.structure) return tensors;
  const auto atom = find_atom(store, *version.structure);
  if (!atom) return tensors;
  Statement rows = store.db().prepare(
      "SELECT name, tensor_atom_id FROM my_tensor_atom WHERE model_atom_id = ?");
  rows.with(atom->atom_id);
  while (rows.step()) tensors.emplace(rows.text(0), rows.integer(1));
  return tensors;
}

SnapshotDifference::Tensors compare_tensors(Store& store, const ObjectVersion& before,
                                            const ObjectVersion& after) {
  const auto old_tensors = tensors_of(store, before);
  const auto new_tensors = tensors_of(store, after);
  SnapshotDifference::Tensors counts;
  for (const auto& [name, atom_id] : new_tensors) {
    const auto old = old_tensors.find(name);
    if (old == old_tensors.end()) {
      ++counts.added;
    } else {
      ++(old->second == atom_id ? counts.shared : counts.changed);
    }
  }
  counts.removed =
      static_cast<std::int64_t>(old_tensors.size()) - counts.shared - counts.changed;
  return counts;
}

}  // namespace

std::vector<SavedSnapshot> snapshots(Store& store) {
  Statement rows =
      store.db().prepare(std::string{kSnapshotColumns} + " ORDER BY s.snapshot_id");
  std::vector<SavedSnapshot> all;
  while (rows.step()) all.push_back(read_snapshot(rows));
  return all;
}

SavedSnapshot find_snapshot(Store& store, const std::string& name) {
  if (const auto found = look_up(store, name)) return *found;
  throw Error{Fault::no_input, "no such snapshot: " + name};
}

std::vector<ObjectVersion> snapshot_versions(Store& store, const SavedSnapshot& snapshot) {
  Statement rows = store.db().prepare(
      std::string{"SELECT "} + kVersionColumns +
      " FROM my_snapshot_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
      " LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id"
      " WHERE o.snapshot_id = ? ORDER BY o.name");
  rows.with(snapshot.snapshot_id);
  std::vector<ObjectVersion> versions;
  while (rows.step()) versions.push_back(read_version(rows, false));
  return versions;
}

CreatedSnapshot create_snapshot(Store& store, const std::string& name,
                                std::span<const Object> objects) {
  check_name(name);
  check_names(objects);
  if (const auto there = look_up(store, name)) {
    if (holds_exactly(store, *there, objects)) return {*there, true};
    throw Error{Fault::cannot_create, "there is a snapshot " + name + " of other versions"};
  }
  Connection& db = store.db();
  db.prepare("INSERT INTO snapshot (tenant_id, name, created_us) VALUES (?, ?, ?)",
             Scope::owner)
      .run(store.tenant_id(), name, store.now());
  const std::int64_t snapshot_id = db.last_insert_id();
  Statement keep = db.prepare(
      "INSERT INTO snapshot_object (snapshot_id, object_id, name, version, version_tag, "
      "atom_id,"
      " structure_id, kind, modality, subtype, atomizer, source_uri, metadata, created_us)"
      " SELECT ?1, object_id, name, version, version_tag, atom_id, structure_id, kind, "
      "modality,"
      " subtype, atomizer, source_uri, metadata, created_us FROM tenant_object"
      " WHERE tenant_id = ?2 AND object_id = ?3",
      Scope::owner);
  for (const Object& object : objects) {
    keep.run(snapshot_id, store.tenant_id(), object.object_id);
    static_cast<void>(hold_again(store, reachable_atoms(store, object), object.modality));
  }
  return {*look_up(store, name), false};
}

std::vector<Object> newest_models(Store& store) {
  std::map<std::string, Object> newest;
  ObjectFilter models;
  models.kind = "model";
  for_each_object(store, models, [&](const Object& object) {
    const auto [found, fresh] = newest.try_emplace(object.name, object);
    if (!fresh && object.version > found->second.version) found->second = object;
  });
  std::vector<Object> objects;
  objects.reserve(newest.size());
  for (auto& [name, object] : newest) objects.push_back(std::move(object));
  return objects;
}

std::vector<std::int64_t> remove_snapshot(Store& store, const SavedSnapshot& snapshot) {
  require_nothing_hidden(store, snapshot);
  static_cast<void>(store.now());
  Connection& db = store.db();
  std::vector<Object> objects;
  Statement rows = db.prepare(
      "SELECT atom_id, structure_id, modality FROM snapshot_object WHERE snapshot_id = ?",
      Scope::owner);
  rows.with(snapshot.snapshot_id);
  while (rows.step()) objects.push_back(held_object(rows));
  rows.reset();
  std::vector<std::vector<std::int64_t>> atoms;
  atoms.reserve(objects.size());
  for (const Object& object : objects)
    atoms.push_back(atoms_below(store, object.atom_id, object.structure_id));
  db.prepare("DELETE FROM snapshot_object WHERE snapshot_id = ?", Scope::owner)
      .run(snapshot.snapshot_id);
  db.prepare("DELETE FROM snapshot WHERE snapshot_id = ? AND tenant_id = ?", Scope::owner)
      .run(snapshot.snapshot_id, store.tenant_id());
  std::vector<std::int64_t> gone;
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (const std::int64_t atom_id : release(store, atoms[i], objects[i].modality))
      gone.push_back(atom_id);
  return gone;
}

std::vector<SnapshotDifference> diff_snapshot(Store& store, const SavedSnapshot& snapshot,
                                              const std::optional<SavedSnapshot>& other) {
  const Snapshot consistent{store.db()};
  const Versions before = versions_in(store, snapshot);
  const Versions after = other ? versions_in(store, *other) : versions_now(store, snapshot);
  std::map<std::string, SnapshotDifference> by_name;
  for (const auto& [name, version] : before) by_name[name].before = version;
  for (const auto& [name, version] : after) by_name[name].after = version;
  std::vector<SnapshotDifference> differences;
  for (auto& [name, difference] : by_name) {
    if (difference.before && difference.after) {
      if (same(*difference.before, *difference.after)) continue;
      if (difference.before->kind == "model" && difference.after->kind == "model")
        difference.tensors = compare_tensors(store, *difference.before, *difference.after);
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace hart::store
