#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/graph.h"

namespace hart::prov::cypher {

/// A graph in memory, for tests. Identifiers count from 0.
class ScratchGraph : public Graph, public GraphWriter {
 public:
  /// Runs a query of Dialect::scratch, such as "CREATE (:A)-[:T]->(:B)", on itself. Throws as
  /// Query does.
  void execute(std::string_view text, const Map& parameters = {});

  NodeId create_node(std::vector<std::string> labels, Map properties) override;
  Edge create_edge(NodeId start, NodeId end, const std::string& type, Map properties) override;

  std::size_t nodes(const NodeFilter& filter, NodeId after,
                    std::span<NodeId> out) const override;
  std::size_t edges(NodeId node, Direction direction, std::span<const std::uint32_t> types,
                    EdgeCursor& cursor, std::span<Edge> out) const override;
  [[nodiscard]] bool has_label(NodeId node, std::string_view label) const override;
  [[nodiscard]] std::vector<std::string> labels(NodeId node) const override;
  [[nodiscard]] std::optional<std::uint32_t> type_number(std::string_view name) const override;
  [[nodiscard]] std::string type_name(std::uint32_t type) const override;
  [[nodiscard]] Value node_property(NodeId node, std::string_view key) const override;
  [[nodiscard]] Value edge_property(const Edge& edge, std::string_view key) const override;
  [[nodiscard]] Map node_properties(NodeId node) const override;
  [[nodiscard]] Map edge_properties(const Edge& edge) const override;
  [[nodiscard]] std::unique_ptr<GraphReader> reader(
      std::span<const std::string_view> keys) const override;

 private:
  class Reader;
  struct NodeRecord {
    std::vector<std::string> labels;
    Map properties;
    std::vector<EdgeId> edges;  ///< ascending; a loop stands once
  };
  struct EdgeRecord {
    Edge edge;
    Map properties;
  };

  std::vector<NodeRecord> nodes_;
  std::vector<EdgeRecord> edges_;
  std::vector<std::string> types_;
};

}  // namespace hart::prov::cypher
