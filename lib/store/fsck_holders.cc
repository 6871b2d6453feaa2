// tenant_atom.holders against the objects and snapshots that contain the atoms.

#include <algorithm>
#include <map>
#include <optional>

#include "store/catalog.h"
#include "store/fsck_report.h"

namespace hart::store {
namespace {

/// How many of a tenant's objects and snapshot entries of one modality contain each atom.
class HolderCounts {
 public:
  explicit HolderCounts(std::size_t atoms) : counts_(atoms + 1), seen_(atoms + 1) {}

  /// Counts `roots` and all below them, each once.
  void add(Statement& components, std::initializer_list<std::int64_t> roots) {
    ++round_;
    std::vector<std::int64_t> pending;
    const auto reach = [&](std::int64_t atom_id) {
      const auto index = static_cast<std::size_t>(atom_id);
      if (atom_id <= 0 || index >= seen_.size() || seen_[index] == round_) return;
      seen_[index] = round_;
      ++counts_[index];
      pending.push_back(atom_id);
    };
    for (const std::int64_t root : roots) reach(root);
    while (!pending.empty()) {
      components.with(pending.back());
      pending.pop_back();
      while (components.step()) reach(components.integer(0));
    }
    components.reset();
  }
  [[nodiscard]] std::int64_t of(std::int64_t atom_id) const noexcept {
    const auto index = static_cast<std::size_t>(atom_id);
    return index < counts_.size() ? counts_[index] : 0;
  }

 private:
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
};

class HolderChecker {
 public:
  HolderChecker(FsckReport& report, std::int64_t tenant_id)
      : report_{report},
        db_{report.db()},
        tenant_id_{tenant_id},
        components_{db_.prepare(
            "SELECT component_atom_id FROM atom_composition WHERE parent_atom_id = ?",
            Scope::owner)} {}

  void run() {
    count(counts_,
          "SELECT atom_id, COALESCE(structure_id, 0), modality FROM tenant_object"
          " WHERE tenant_id = ?");
    count(counts_,
          "SELECT o.atom_id, COALESCE(o.structure_id, 0), o.modality FROM snapshot AS s"
          " JOIN snapshot_object AS o ON o.snapshot_id = s.snapshot_id WHERE s.tenant_id = ?");
    count(hidden_,
          "SELECT atom_id, COALESCE(structure_id, 0), modality FROM tenant_object"
          " WHERE tenant_id = ? AND access_level = 'none'");
    count(hidden_,
          "SELECT o.atom_id, COALESCE(o.structure_id, 0), o.modality FROM snapshot AS s"
          " JOIN snapshot_object AS o ON o.snapshot_id = s.snapshot_id"
          " WHERE s.tenant_id = ? AND o.hidden = 1");
    compare();
    find_missing();
  }

 private:
  using Counts = std::map<std::int64_t, HolderCounts>;  ///< by modality of the object

  void count(Counts& counts, const char* sql) {
    const auto largest =
        static_cast<std::size_t>(db_.query_integer("SELECT max(atom_id) FROM atom"));
    Statement objects = db_.prepare(sql, Scope::owner);
    objects.with(tenant_id_);
    while (objects.step())
      counts.try_emplace(objects.integer(2), largest)
          .first->second.add(components_, {objects.integer(0), objects.integer(1)});
  }

  static std::int64_t count_of(const Counts& counts, Modality modality, std::int64_t atom_id) {
    const auto found = counts.find(static_cast<std::int64_t>(modality));
    return found == counts.end() ? 0 : found->second.of(atom_id);
  }
  /// As `remove_object` has it: what a model contains is held as model or as tensor.
  static std::int64_t expected(const Counts& counts, Modality modality, std::int64_t atom_id) {
    const std::int64_t own = count_of(counts, modality, atom_id);
    return modality == Modality::tensor ? own + count_of(counts, Modality::model, atom_id)
                                        : own;
  }
  void compare_access(std::int64_t atom_id, std::int64_t modality, std::int64_t holders,
                      std::int64_t hidden, bool is_hidden);

  void compare();
  void find_missing();

  FsckReport& report_;
  Connection& db_;
  std::int64_t tenant_id_;
  Statement components_;
  Counts counts_;
  Counts hidden_;  ///< those of them that are hidden from the tenant
};

void HolderChecker::compare() {
  Statement held = db_.prepare(
      "SELECT t.atom_id, t.modality, t.holders, COALESCE(h.holders, 0),"
      " t.access_level = 'none' FROM tenant_atom AS t LEFT JOIN hidden_hold AS h"
      " USING (tenant_id, atom_id, modality) WHERE t.tenant_id = ?",
      Scope::owner);
  held.with(tenant_id_);
  while (held.step()) {
    const std::int64_t atom_id = held.integer(0);
    const std::int64_t holders = held.integer(2);
    const auto modality = static_cast<Modality>(held.integer(1));
    const std::int64_t objects = expected(counts_, modality, atom_id);
    if (objects == holders) {
      compare_access(atom_id, held.integer(1), holders, held.integer(3), held.integer(4) != 0);
      continue;
    }
    report_.holder_corrections.push_back(
        {tenant_id_, atom_id, held.integer(1), objects, expected(hidden_, modality, atom_id)});
    report_.find("counts " + std::to_string(holders) + " holders, but " +
                     std::to_string(objects) + " objects and snapshots contain it",
                 tenant_label(db_, tenant_id_) + ", " + atom_label(db_, atom_id),
                 Repair::holders);
  }
}

void HolderChecker::compare_access(std::int64_t atom_id, std::int64_t modality,
                                   std::int64_t holders, std::int64_t hidden, bool is_hidden) {
  const std::int64_t expect = expected(hidden_, static_cast<Modality>(modality), atom_id);
  if (hidden == expect && is_hidden == (expect == holders)) return;
  report_.holder_corrections.push_back({tenant_id_, atom_id, modality, holders, expect});
  report_.find(std::string{"is "} + (is_hidden ? "hidden" : "seen") + ", and counts " +
                   std::to_string(hidden) + " hidden holders, but " + std::to_string(expect) +
                   " of " + std::to_string(holders) + " are hidden",
               tenant_label(db_, tenant_id_) + ", " + atom_label(db_, atom_id),
               Repair::holders);
}

/// What an object contains and its tenant does not hold cannot be seen. As what it was held is
/// not known any more, so that this is not repaired.
void HolderChecker::find_missing() {
  Statement held = db_.prepare(
      "SELECT modality FROM tenant_atom WHERE tenant_id = ? AND atom_id = ?", Scope::owner);
  Statement atoms = db_.prepare("SELECT atom_id FROM atom", Scope::owner);
  while (atoms.step()) {
    const std::int64_t atom_id = atoms.integer(0);
    for (const auto& [modality, counts] : counts_) {
      if (counts.of(atom_id) == 0) continue;
      bool found = false;
      held.with(tenant_id_, atom_id);
      while (!found && held.step())
        found = held.integer(0) == modality ||
                (modality == static_cast<std::int64_t>(Modality::model) &&
                 held.integer(0) == static_cast<std::int64_t>(Modality::tensor));
      held.reset();
      if (!found)
        report_.find("is part of an object, but not held",
                     tenant_label(db_, tenant_id_) + ", " + atom_label(db_, atom_id));
    }
  }
}

}  // namespace

void check_holders(FsckReport& report) {
  std::vector<std::int64_t> tenants;
  {
    Statement rows =
        report.db().prepare("SELECT tenant_id FROM tenant ORDER BY tenant_id", Scope::owner);
    while (rows.step()) tenants.push_back(rows.integer(0));
  }
  for (const std::int64_t tenant_id : tenants) HolderChecker{report, tenant_id}.run();
}

}  // namespace hart::store
