#pragma once

#include <array>
#include <string>
#include <vector>

#include "store/connection.h"

namespace hart::store {

/// A column that names atoms.
struct AtomColumn {
  std::string table;
  std::string column;
};

/// A row of `table` makes the atom in `parent` depend on that in `child`.
struct AtomEdge {
  const char* table;
  const char* parent;
  const char* child;
};

/// What structures are made of.
inline constexpr std::array<AtomEdge, 3> kAtomEdges{{
    {"atom_composition", "parent_atom_id", "component_atom_id"},
    {"model_layer", "model_atom_id", "layer_atom_id"},
    {"tensor_atom", "model_atom_id", "tensor_atom_id"},
}};

/// Tables whose rows belong to an atom and go with it, in the order in which they can go:
/// history after what its triggers write to it.
[[nodiscard]] const std::vector<AtomColumn>& atom_owned_tables();

/// Every other column of the catalog, of any module's, that references `atom`: what it names
/// lives. Read from the schema's foreign keys.
[[nodiscard]] std::vector<AtomColumn> atom_root_columns(Connection& db);

}  // namespace hart::store
