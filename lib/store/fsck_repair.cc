// What can be put right without losing anything.

#include "store/extent_reader.h"
#include "store/file_io.h"
#include "store/fsck_report.h"
#include "store/hiding.h"
#include "store/tenant.h"
#include "store/text_index.h"

namespace hart::store {
namespace {

/// What was checked before an atom came or went: the full text that is there is made anew.
void mark_text(FsckReport& report) {
  const std::int64_t tenant_id = report.db().tenant();
  if (!report.broken_texts.contains(tenant_id) && count_indexed_passages(report.store()))
    report.broken_texts.insert(tenant_id);
}

/// After a row of tenant_atom went: whether any that are left are seen decides over what is
/// derived from the atom.
class LostHold {
 public:
  explicit LostHold(FsckReport& report)
      : report_{report},
        seen_{report.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ?",
                                  Scope::owner)},
        left_{report.db().prepare(
            "SELECT 1 FROM tenant_atom WHERE tenant_id = ? AND atom_id = ?", Scope::owner)},
        forget_{report.db().prepare(
            "DELETE FROM atom_embedding WHERE tenant_id = ? AND atom_id = ?", Scope::owner)} {}

  void follow(std::int64_t atom_id) {
    const std::int64_t tenant_id = report_.db().tenant();
    if (finds(seen_.with(atom_id))) return;
    Hiding hiding{report_.store()};
    finds(left_.with(tenant_id, atom_id)) ? hiding.put_away(atom_id) : hiding.forget(atom_id);
    forget_.run(tenant_id, atom_id);
    mark_text(report_);
  }

 private:
  static bool finds(Statement& row) {
    const bool found = row.step();
    row.reset();
    return found;
  }

  FsckReport& report_;
  Statement seen_;
  Statement left_;
  Statement forget_;
};

void correct_holders(FsckReport& report) {
  Connection& db = report.db();
  Statement set = db.prepare(
      "UPDATE tenant_atom SET holders = ?4"
      " WHERE tenant_id = ?1 AND atom_id = ?2 AND modality = ?3",
      Scope::owner);
  Statement drop = db.prepare(
      "DELETE FROM tenant_atom WHERE tenant_id = ?1 AND atom_id = ?2 AND modality = ?3",
      Scope::owner);
  Statement forget_hidden = db.prepare(
      "DELETE FROM hidden_hold WHERE tenant_id = ?1 AND atom_id = ?2 AND modality = ?3",
      Scope::owner);
  Statement set_hidden =
      db.prepare("INSERT INTO hidden_hold VALUES (?, ?, ?, ?)", Scope::owner);
  LostHold lost{report};
  for (const HolderCorrection& row : report.holder_corrections) {
    const ActingTenant acting{db, row.tenant_id};
    forget_hidden.run(row.tenant_id, row.atom_id, row.modality);
    if (row.holders == 0) {
      drop.run(row.tenant_id, row.atom_id, row.modality);
      lost.follow(row.atom_id);
      continue;
    }
    set.run(row.tenant_id, row.atom_id, row.modality, row.holders);
    if (row.hidden > 0) set_hidden.run(row.tenant_id, row.atom_id, row.modality, row.hidden);
    if (Hiding{report.store()}.settle(row.atom_id, static_cast<Modality>(row.modality)) !=
        Hiding::Outcome::unchanged)
      mark_text(report);
  }
}

void rebuild_period(Connection& db) {
  db.exec(
      "DELETE FROM tenant_object_period;"
      "INSERT INTO tenant_object_period"
      " SELECT history_id, created_us / 1000000 - 1577836800, valid_to_us / 1000000 - "
      "1577836799,"
      " tenant_id, tenant_id + 1"
      " FROM tenant_object_history");
}

void forget_holes(FsckReport& report) {
  Statement forget = report.db().prepare(
      "DELETE FROM pack_hole WHERE pack_id = ? AND pack_offset = ?", Scope::owner);
  for (const PackRange& hole : report.false_holes) forget.run(hole.pack_id, hole.offset);
}

/// Their bytes are not noted as a hole: whether they are theirs alone is not sure.
void drop_extents(FsckReport& report) {
  Statement drop = report.db().prepare(
      "DELETE FROM extent WHERE extent_id = ?1"
      " AND NOT EXISTS (SELECT 1 FROM atom_payload WHERE extent_id = ?1)"
      " AND NOT EXISTS (SELECT 1 FROM extent WHERE base_extent_id = ?1)",
      Scope::owner);
  for (const std::int64_t id : report.droppable_extents) drop.run(id);
}

void remove_leftovers(FsckReport& report) {
  for (const std::string& path : report.leftovers) file_io().remove(path);
  file_io().sync_directory(report.store().directory() + "/packs");
}

}  // namespace

std::set<Repair> make_repairs(FsckReport& report) {
  std::set<Repair> done;
  // The instant at which the history's triggers end what is deleted here.
  static_cast<void>(report.store().now());
  if (!report.holder_corrections.empty()) {
    correct_holders(report);
    done.insert(Repair::holders);
  }
  if (!report.false_holes.empty()) {
    forget_holes(report);
    done.insert(Repair::hole);
  }
  if (!report.droppable_extents.empty()) {
    drop_extents(report);
    done.insert(Repair::extent);
  }
  for (const std::int64_t tenant_id : report.broken_texts) {
    reindex_text(report.store(), tenant_id);
    done.insert(Repair::text);
  }
  drop_stray_relations(report.db());
  done.insert(Repair::relation);
  if (!report.leftovers.empty()) remove_leftovers(report);
  rebuild_period(report.db());
  done.insert(Repair::period);
  return done;
}

}  // namespace hart::store
