#include "store/atom_reference.h"

#include <algorithm>

namespace hart::store {
namespace {

bool is_edge(const AtomColumn& reference) {
  return std::any_of(kAtomEdges.begin(), kAtomEdges.end(), [&](const AtomEdge& edge) {
    return reference.table == edge.table && reference.column == edge.child;
  });
}

bool is_owned(const AtomColumn& reference) {
  const auto& owned = atom_owned_tables();
  return std::any_of(owned.begin(), owned.end(), [&](const AtomColumn& part) {
    return part.table == reference.table && part.column == reference.column;
  });
}

}  // namespace

const std::vector<AtomColumn>& atom_owned_tables() {
  static const std::vector<AtomColumn> tables{
      {"atom_payload", "atom_id"},
      {"atom_composition", "parent_atom_id"},
      {"tensor_atom", "model_atom_id"},
      {"model_layer", "model_atom_id"},
      {"model", "atom_id"},
      {"tensor_signature", "tensor_atom_id"},
      {"tensor_importance", "model_atom_id"},
      {"tensor_importance_history", "model_atom_id"},
      {"layer_importance", "model_atom_id"},
      {"layer_importance_history", "model_atom_id"},
      {"tenant_atom_history", "atom_id"},
  };
  return tables;
}

std::vector<AtomColumn> atom_root_columns(Connection& db) {
  Statement keys = db.prepare(
      "SELECT t.name, k.\"from\" FROM sqlite_schema AS t"
      " JOIN pragma_foreign_key_list(t.name) AS k"
      " WHERE t.type = 'table' AND k.\"table\" = 'atom' ORDER BY t.name, k.\"from\"",
      Scope::owner);
  std::vector<AtomColumn> roots;
  while (keys.step()) {
    const AtomColumn reference{std::string{keys.text(0)}, std::string{keys.text(1)}};
    if (!is_edge(reference) && !is_owned(reference)) roots.push_back(reference);
  }
  return roots;
}

}  // namespace hart::store
