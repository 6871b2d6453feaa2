// The edges of the atom graph.

#include "store/fsck_report.h"

namespace hart::store {

void check_relations(FsckReport& report) {
  Statement edges = report.db().prepare(
      "SELECT e.tenant_id, e.relation_type, e.source_atom_id FROM atom_relation AS e"
      " WHERE NOT EXISTS (SELECT 1 FROM tenant_atom AS held"
      "   WHERE held.tenant_id = e.tenant_id AND held.atom_id = e.source_atom_id)"
      " OR NOT EXISTS (SELECT 1 FROM tenant_atom AS held"
      "   WHERE held.tenant_id = e.tenant_id AND held.atom_id = e.target_atom_id)",
      Scope::owner);
  while (edges.step())
    report.find("an edge of type " + std::string{edges.text(1)} +
                    " from it has an end that the tenant does not hold",
                tenant_label(report.db(), edges.integer(0)) + ", " +
                    atom_label(report.db(), edges.integer(2)),
                Repair::relation);
}

void drop_stray_relations(Connection& db) {
  db.exec(
      "DELETE FROM atom_relation AS e"
      " WHERE NOT EXISTS (SELECT 1 FROM tenant_atom AS held"
      "   WHERE held.tenant_id = e.tenant_id AND held.atom_id = e.source_atom_id)"
      " OR NOT EXISTS (SELECT 1 FROM tenant_atom AS held"
      "   WHERE held.tenant_id = e.tenant_id AND held.atom_id = e.target_atom_id)");
}

}  // namespace hart::store
