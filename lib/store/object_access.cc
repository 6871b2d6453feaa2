#include "store/object_access.h"

#include <optional>
#include <unordered_set>

#include "core/error.h"
#include "store/audit.h"
#include "store/erase_target.h"
#include "store/hiding.h"
#include "store/holding.h"

namespace hart::store {
namespace {

HeldVersion held_version(const EraseTarget& target) {
  HeldVersion version;
  version.in_snapshot = target.place == EraseTarget::Place::snapshot;
  version.row = target.row;
  version.name = target.name;
  version.version = target.version;
  version.atom = target.atom;
  version.modality = target.modality;
  version.atom_id = target.atom_id;
  version.structure_id = target.structure_id;
  version.access = target.access;
  return version;
}

void store_level(Store& store, const HeldVersion& version, AccessLevel level) {
  if (version.in_snapshot) {
    store.db()
        .prepare("UPDATE snapshot_object SET hidden = ? WHERE snapshot_id = ? AND name = ?",
                 Scope::owner)
        .run(level == AccessLevel::none ? 1 : 0, version.row, version.name);
    return;
  }
  const auto stored =
      level == AccessLevel::write ? std::nullopt : std::optional{access_level_name(level)};
  store.db()
      .prepare(
          "UPDATE tenant_object SET access_level = ? WHERE tenant_id = ? AND object_id = ?",
          Scope::owner)
      .run(stored, store.tenant_id(), version.row);
}

[[noreturn]] void refuse_write(Store& store, const std::string& label) {
  refuse(store, label + ": its access level is read: tenant " + store.tenant_name() +
                    " may neither change nor remove it");
}

std::string label_of(const Statement& row) {
  return std::string{row.text(0)} + "@" + std::to_string(row.integer(1));
}

}  // namespace

std::string_view access_level_name(AccessLevel level) noexcept {
  switch (level) {
    case AccessLevel::none:
      return "none";
    case AccessLevel::read:
      return "read";
    case AccessLevel::write:
      return "write";
  }
  return "write";
}

std::optional<AccessLevel> find_access_level(std::string_view name) noexcept {
  for (const AccessLevel level : {AccessLevel::none, AccessLevel::read, AccessLevel::write})
    if (name == access_level_name(level)) return level;
  return std::nullopt;
}

std::vector<HeldVersion> held_versions(Store& store, std::span<const std::string> references) {
  std::vector<HeldVersion> versions;
  for (const EraseTarget& target : find_erase_targets(store, references, true))
    if (target.place != EraseTarget::Place::history) versions.push_back(held_version(target));
  if (versions.empty()) throw Error{Fault::no_input, "no such object: " + references.front()};
  return versions;
}

std::vector<HeldVersion> restricted_versions(Store& store) {
  std::vector<HeldVersion> versions;
  for (const EraseTarget& target : all_erase_targets(store))
    if (target.place != EraseTarget::Place::history && target.access != AccessLevel::write)
      versions.push_back(held_version(target));
  return versions;
}

AccessChange set_access(Store& store, const HeldVersion& version, AccessLevel level) {
  AccessChange change;
  const bool hide = level == AccessLevel::none;
  const bool was_hidden = version.access == AccessLevel::none;
  // The instant at which the history's triggers end how the atoms were held.
  static_cast<void>(store.now());
  store_level(store, version, level);
  if (hide == was_hidden) return change;
  Hiding hiding{store};
  for (const std::int64_t atom_id : atoms_below(store, version.atom_id, version.structure_id)) {
    if (hide)
      hiding.add_holder(atom_id, version.modality);
    else
      hiding.drop_holder(atom_id, version.modality);
    if (hiding.settle(atom_id, version.modality) != Hiding::Outcome::unchanged)
      (hide ? change.hidden : change.shown).push_back(atom_id);
  }
  return change;
}

void require_writable(Store& store, std::int64_t object_id) {
  Statement find = store.db().prepare(
      "SELECT name, version, access_level FROM tenant_object"
      " WHERE object_id = ? AND tenant_id = ? AND access_level IS NOT NULL",
      Scope::owner);
  if (!find.with(object_id, store.tenant_id()).step()) return;
  if (find_access_level(find.text(2)) == AccessLevel::none)
    throw Error{Fault::no_input, "no such object: " + label_of(find)};
  refuse_write(store, label_of(find));
}

void require_name_writable(Store& store, const std::string& name) {
  Statement newest = store.db().prepare(
      "SELECT name, version, access_level = 'read' FROM my_object WHERE name = ?"
      " ORDER BY version DESC LIMIT 1");
  if (newest.with(name).step() && newest.integer(2) != 0) refuse_write(store, label_of(newest));
}

void require_unrestricted(Store& store) {
  const std::vector<HeldVersion> restricted = restricted_versions(store);
  for (const HeldVersion& version : restricted)
    if (version.access == AccessLevel::read) refuse_write(store, version.label());
  if (!restricted.empty())
    refuse(store, "part of what tenant " + store.tenant_name() +
                      " holds is withheld by the store's owner, and can be neither changed nor"
                      " removed");
}

AtomAccess::AtomAccess(Store& store)
    : store_{store},
      objects_{store.db().prepare("SELECT name, version, access_level IS NULL FROM my_object"
                                  " WHERE atom_id = ?1 OR structure_id = ?1")},
      parents_{store.db().prepare(
          "SELECT parent_atom_id FROM my_atom_composition WHERE component_atom_id = ?")} {
  Statement any =
      store.db().prepare("SELECT EXISTS (SELECT 1 FROM my_object WHERE access_level = 'read')");
  any_read_only_ = any.step() && any.integer(0) != 0;
}

void AtomAccess::require_writable(std::int64_t atom_id) {
  if (!any_read_only_) return;
  std::string read_only;
  std::vector<std::int64_t> pending{atom_id};
  std::unordered_set<std::int64_t> seen{atom_id};
  while (!pending.empty()) {
    const std::int64_t at = pending.back();
    pending.pop_back();
    objects_.with(at);
    while (objects_.step()) {
      if (objects_.integer(2) != 0) return objects_.reset();
      read_only = label_of(objects_);
    }
    parents_.with(at);
    while (parents_.step())
      if (seen.insert(parents_.integer(0)).second) pending.push_back(parents_.integer(0));
  }
  objects_.reset();
  parents_.reset();
  if (!read_only.empty()) refuse_write(store_, read_only);
}

}  // namespace hart::store
