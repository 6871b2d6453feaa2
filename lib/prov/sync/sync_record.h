#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/uuid.h"
#include "prov/cypher/graph.h"
#include "prov/export/graph_scan.h"

namespace hart::prov {

/// One receipt of the log as it is delivered: what of the provenance graph it gave rise to.
struct SyncRecord {
  std::uint64_t leaf_index = 0;
  Uuid inference{};
  Hash256 receipt_hash{};
  /// The inference, its decision, evidence and alternatives, and the models, modes of reasoning
  /// and atoms that they refer to. Of earlier inferences only the names stand in `edges`.
  std::vector<exports::ExportedNode> nodes;
  std::vector<exports::ExportedEdge> edges;
};

/// Adds to a record what the graph says of its inference. Throws Error(no_input) when the graph
/// does not know it.
void gather(const cypher::Graph& graph, SyncRecord& record);

/// The name of a relationship, the same whenever it is delivered: its ends, its type and what
/// tells it apart (exports::edge_keys), "inference/1-[USED_ATOM role=evidence]->atom/2".
[[nodiscard]] std::string edge_name(const exports::ExportedEdge& edge);

}  // namespace hart::prov
