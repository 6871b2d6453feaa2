#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/graph/graph_source.h"

namespace hart::prov {

/// Lists the nodes of the graph in the order of their numbers.
class NodeScan {
 public:
  /// `source` outlives it.
  explicit NodeScan(GraphSource& source);

  /// As cypher::Graph::nodes. Uses of the filter: the label, and of properties those that name
  /// a node: inference_id, decision_id, evidence_id, alternative_id, atom_id and an atom's
  /// name.
  std::size_t nodes(const cypher::NodeFilter& filter, cypher::NodeId after,
                    std::span<cypher::NodeId> out);

 private:
  /// What is left of a filter: the kinds that can meet it, and rows that it names.
  struct Wanted {
    std::uint32_t kinds = 0;                                        ///< bit mask by NodeKind
    std::optional<std::vector<std::int64_t>> streams, atoms, lost;  ///< ascending

    [[nodiscard]] bool has(NodeKind kind) const noexcept {
      return (kinds >> static_cast<unsigned>(kind) & 1u) != 0;
    }
    [[nodiscard]] const std::vector<std::int64_t>* named(NodeKind kind) const noexcept {
      if (kind == NodeKind::atom && atoms) return &*atoms;
      return kind == NodeKind::lost_atom && lost ? &*lost : nullptr;
    }
  };
  /// The end of `out` that is still to be filled.
  struct Filling {
    std::span<cypher::NodeId> out;
    std::size_t size = 0;
    [[nodiscard]] bool full() const noexcept { return size == out.size(); }
    void add(cypher::NodeId node) { out[size++] = node; }
  };

  Wanted wanted(const cypher::NodeFilter& filter);
  void narrow(Wanted& wanted, std::string_view key, const cypher::Value& value);
  std::vector<std::int64_t> streams_named(std::string_view text);
  std::vector<std::int64_t> atoms_named(std::string_view text);
  void narrow_to_atom(Wanted& wanted, std::string_view text);

  void receipts(const Wanted& wanted, cypher::NodeId after, Filling& filling);
  /// The place in the log of the first receipt whose number is `stream` or greater.
  std::optional<std::int64_t> leaf_from(std::int64_t stream);
  void receipt(const Wanted& wanted, std::int64_t stream, cypher::NodeId after,
               Filling& filling);
  void rows(const Wanted& wanted, NodeKind kind, store::Statement& statement,
            cypher::NodeId after, Filling& filling);

  GraphSource& source_;
  store::Statement streams_, leaf_, leaf_after_, by_uuid_, atoms_, by_name_, lost_, entities_;
};

}  // namespace hart::prov
