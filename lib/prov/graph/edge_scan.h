#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/graph/edge_types.h"
#include "prov/graph/graph_source.h"
#include "prov/graph/used_atoms.h"

namespace hart::prov {

/// Reads the relationships at a node, family by family: a family is what one table says in one
/// direction.
class EdgeScan {
 public:
  /// `source` outlives it.
  explicit EdgeScan(GraphSource& source);

  std::size_t edges(cypher::NodeId node, cypher::Direction direction,
                    std::span<const std::uint32_t> types, cypher::EdgeCursor& cursor,
                    std::span<cypher::Edge> out);

 private:
  struct Request;
  struct Family;
  static std::span<const Family> families(NodeKind kind);

  // Each adds to the request what comes after its cursor, as much as fits.
  void result(Request& request);
  void reasoning(Request& request);
  void models(Request& request);
  void used_atoms(Request& request);
  void subjects(Request& request);
  void influences(Request& request);
  void influenced(Request& request);
  void supports(Request& request);
  void considered(Request& request);
  void evidence_atom(Request& request);
  void inference_of(Request& request);
  void decision_of(Request& request);
  void model_atom(Request& request);
  void model_users(Request& request);
  void reasoning_users(Request& request);
  void atom_users(Request& request);
  void subject_of(Request& request);
  void atom_evidence(Request& request);
  void atom_models(Request& request);
  void relations(Request& request);
  void related(Request& request);
  void components(Request& request);
  void parents(Request& request);
  void layers(Request& request);
  void layered(Request& request);
  void tensors(Request& request);
  void models_of_tensor(Request& request);

  void used(Request& request, AtomRole role, EdgeType type, std::uint32_t first);
  void used_in(Request& request, AtomRole role, std::uint32_t first);
  void users(Request& request, const Id& id, AtomRole role);
  void relation_rows(Request& request, store::Statement& all, store::Statement& typed,
                     bool outward);
  void parts(Request& request, store::Statement& statement, EdgeType type, EdgeTable table,
             bool outward);

  GraphSource& source_;
  store::Statement influenced_, users_, reasoning_users_;
  store::Statement relations_, relations_typed_, related_, related_typed_;
  store::Statement components_, parents_, layers_, layered_, tensors_, models_of_tensor_;
};

}  // namespace hart::prov
