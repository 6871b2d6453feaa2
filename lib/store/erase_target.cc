#include "store/erase_target.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "store/id_set.h"

namespace hart::store {
namespace {

constexpr std::size_t kShortestTargetPrefix = 6;

constexpr const char* kTargets =
    "SELECT 0, o.object_id, o.name, o.version, o.version_tag, o.modality, a.space, a.hash,"
    " s.space, s.hash, a.atom_id, s.atom_id, o.access_level"
    " FROM tenant_object AS o JOIN atom AS a ON a.atom_id = o.atom_id"
    " LEFT JOIN atom AS s ON s.atom_id = o.structure_id WHERE o.tenant_id = ?1"
    " UNION ALL"
    " SELECT 1, o.snapshot_id, o.name, o.version, o.version_tag, o.modality, a.space, a.hash,"
    " s.space, s.hash, a.atom_id, s.atom_id, iif(o.hidden, 'none', NULL)"
    " FROM snapshot AS n JOIN snapshot_object AS o ON o.snapshot_id = n.snapshot_id"
    " JOIN atom AS a ON a.atom_id = o.atom_id"
    " LEFT JOIN atom AS s ON s.atom_id = o.structure_id WHERE n.tenant_id = ?1"
    " UNION ALL"
    " SELECT 2, h.history_id, h.name, h.version, h.version_tag, h.modality, h.atom_space,"
    " h.atom_hash, h.structure_space, h.structure_hash, a.atom_id, s.atom_id,"
    " iif((SELECT max(t.access_level <> 'none') FROM tenant_atom AS t"
    "      WHERE t.tenant_id = ?1 AND t.atom_id = a.atom_id) = 0, 'none', NULL)"
    " FROM tenant_object_history AS h"
    " LEFT JOIN atom AS a ON a.hash = h.atom_hash AND a.space = h.atom_space"
    "  AND a.scope = (SELECT dedup_scope FROM tenant WHERE tenant_id = ?1)"
    " LEFT JOIN atom AS s ON s.hash = h.structure_hash AND s.space = h.structure_space"
    "  AND s.scope = (SELECT dedup_scope FROM tenant WHERE tenant_id = ?1)"
    " WHERE h.tenant_id = ?1";

EraseTarget read_target(const Statement& row) {
  EraseTarget target;
  target.place = static_cast<EraseTarget::Place>(row.integer(0));
  target.row = row.integer(1);
  target.name = row.text(2);
  target.version = row.integer(3);
  target.version_tag = row.text(4);
  target.modality = static_cast<Modality>(row.integer(5));
  target.atom = {static_cast<IdSpace>(row.integer(6)), row.hash(7)};
  if (!row.is_null(9)) target.structure = Id{static_cast<IdSpace>(row.integer(8)), row.hash(9)};
  target.atom_id = row.integer(10);
  target.structure_id = row.integer(11);
  target.access = find_access_level(row.text(12)).value_or(AccessLevel::write);
  return target;
}

bool is_named(const EraseTarget& target, const std::string& reference) {
  return target.name == reference;
}

bool is_version(const EraseTarget& target, const std::string& reference) {
  const std::size_t at = reference.rfind('@');
  if (at == std::string::npos || target.name != reference.substr(0, at)) return false;
  const std::string version = reference.substr(at + 1);
  return version == std::to_string(target.version) ||
         (!target.version_tag.empty() && version == target.version_tag);
}

bool begins_so(const Id& id, const std::string& reference) {
  const std::string text = id.text();
  return text.starts_with(reference) ||
         text.substr(id_space_prefix(id.space).size()).starts_with(reference);
}

/// The targets whose content or structure an id or its prefix names.
std::vector<EraseTarget> find_by_id(const std::vector<EraseTarget>& all,
                                    const std::string& reference) {
  std::vector<EraseTarget> found;
  std::set<Id> ids;
  const std::size_t colon = reference.find(':');
  const std::size_t digits =
      colon == std::string::npos ? reference.size() : reference.size() - colon - 1;
  if (digits < kShortestTargetPrefix) return found;
  for (const EraseTarget& target : all) {
    const bool by_atom = begins_so(target.atom, reference);
    const bool by_structure = target.structure && begins_so(*target.structure, reference);
    if (!by_atom && !by_structure) continue;
    ids.insert(by_atom ? target.atom : *target.structure);
    found.push_back(target);
  }
  if (ids.size() > 1)
    throw Error{Fault::data, reference + ": is the beginning of " + std::to_string(ids.size()) +
                                 " ids; give more digits"};
  return found;
}

std::vector<EraseTarget> find_one(const std::vector<EraseTarget>& all,
                                  const std::string& reference) {
  for (const auto matches : {is_named, is_version}) {
    std::vector<EraseTarget> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const EraseTarget& target) { return matches(target, reference); });
    if (!found.empty()) return found;
  }
  std::vector<EraseTarget> found = find_by_id(all, reference);
  if (found.empty())
    throw Error{Fault::no_input, reference + ": no such object, now or in the history"};
  return found;
}

}  // namespace

std::vector<EraseTarget> all_erase_targets(Store& store) {
  Statement rows = store.db().prepare(kTargets, Scope::owner);
  rows.with(store.tenant_id());
  std::vector<EraseTarget> targets;
  while (rows.step()) targets.push_back(read_target(rows));
  return targets;
}

std::vector<EraseTarget> find_erase_targets(Store& store,
                                            std::span<const std::string> references,
                                            bool with_hidden) {
  std::vector<EraseTarget> all = all_erase_targets(store);
  if (!with_hidden)
    std::erase_if(all,
                  [](const EraseTarget& target) { return target.access == AccessLevel::none; });
  std::vector<EraseTarget> targets;
  std::set<std::pair<EraseTarget::Place, std::pair<std::int64_t, std::string>>> taken;
  for (const std::string& reference : references)
    for (EraseTarget& target : find_one(all, reference))
      if (taken.insert({target.place, {target.row, target.name}}).second)
        targets.push_back(std::move(target));
  return targets;
}

std::vector<std::int64_t> atoms_of_targets(Store& store, std::span<const EraseTarget> targets) {
  Statement parts = store.db().prepare(
      "SELECT component_atom_id FROM atom_composition WHERE parent_atom_id = ?", Scope::owner);
  IdSet seen;
  std::vector<std::int64_t> atoms;
  const auto reach = [&](std::int64_t atom_id) {
    if (atom_id != 0 && seen.insert(atom_id)) atoms.push_back(atom_id);
  };
  for (const EraseTarget& target : targets) {
    reach(target.atom_id);
    reach(target.structure_id);
  }
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    parts.with(atoms[i]);
    while (parts.step()) reach(parts.integer(0));
  }
  return atoms;
}

}  // namespace hart::store
