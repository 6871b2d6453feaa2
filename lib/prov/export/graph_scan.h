#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/cypher/property_row.h"
#include "prov/export/vocabulary.h"

namespace hart::prov::exports {

/// What of a graph is exported: all of it, or what is reached from one node in the direction of
/// the relationships, through nodes of the provenance itself: an atom, a model or a mode of
/// reasoning is reached and not left again, because what they lead to explains no answer.
struct Selection {
  std::optional<cypher::NodeId> root;
  unsigned hops = 3;  ///< from the root, where there is one
  /// Whether other inferences than the root are left again.
  bool through_inferences = true;
};

struct ExportedNode {
  cypher::NodeId id = 0;
  std::vector<std::string> labels;
  cypher::PropertyRow properties;
  NodeName name;  ///< empty unless the visitor wants names
};

struct ExportedEdge {
  cypher::Edge edge;
  std::string type;
  cypher::PropertyRow properties;
  // Empty unless the visitor wants names of ends.
  NodeName start;
  NodeName end;
};

/// What a visitor uses of what it is shown. The rest is not read: most of an export's time goes
/// there.
struct Wanted {
  /// Keys of properties; all when empty.
  std::vector<std::string_view> keys{};
  /// Names of nodes, which need the properties that they are made from.
  bool names = true;
  /// Those of the ends of relationships, which cost a look-up each.
  bool names_of_ends = false;
};

class GraphVisitor {
 public:
  virtual ~GraphVisitor() = default;
  [[nodiscard]] virtual Wanted wanted() const { return {}; }
  /// Called once, before what is shown, with the graph that it comes from.
  virtual void begin(const cypher::Graph& /*graph*/) {}
  virtual void node(const ExportedNode& node) = 0;
  virtual void edge(const ExportedEdge& edge) = 0;
};

struct ScanCounts {
  std::uint64_t nodes = 0;
  std::uint64_t edges = 0;
};

/// Shows the visitor every node in the order of the identifiers, and after each node the
/// relationships that begin there, if both ends are selected and the node is one that is left.
/// What the visitor is shown is used again for what comes next: it keeps copies.
/// Of a whole graph nothing is kept but a batch; of a selection with a root the identifiers of
/// its nodes are. Calls `step` before each node; what that throws ends the scan.
ScanCounts scan(const cypher::Graph& graph, const Selection& selection, GraphVisitor& visitor,
                const std::function<void()>& step = {});

}  // namespace hart::prov::exports
