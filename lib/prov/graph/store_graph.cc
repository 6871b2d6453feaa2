#include "prov/graph/store_graph.h"

#include <utility>

#include "prov/graph/edge_scan.h"
#include "prov/graph/graph_source.h"
#include "prov/graph/node_scan.h"
#include "prov/graph/properties.h"

namespace hart::prov {

/// Statements are stepped, so that reading a graph changes these.
struct StoreGraph::Parts {
  explicit Parts(store::Store& store)
      : source{store}, nodes{source}, edges{source}, properties{source} {}

  GraphSource source;
  NodeScan nodes;
  EdgeScan edges;
  GraphProperties properties;
};

StoreGraph::StoreGraph(store::Store& store) : parts_{std::make_unique<Parts>(store)} {}
StoreGraph::~StoreGraph() = default;

std::size_t StoreGraph::nodes(const cypher::NodeFilter& filter, cypher::NodeId after,
                              std::span<cypher::NodeId> out) const {
  return parts_->nodes.nodes(filter, after, out);
}

std::size_t StoreGraph::edges(cypher::NodeId node, cypher::Direction direction,
                              std::span<const std::uint32_t> types, cypher::EdgeCursor& cursor,
                              std::span<cypher::Edge> out) const {
  return parts_->edges.edges(node, direction, types, cursor, out);
}

bool StoreGraph::has_label(cypher::NodeId node, std::string_view label) const {
  return node_label(node_key(node).kind) == label;
}

std::vector<std::string> StoreGraph::labels(cypher::NodeId node) const {
  return {std::string{node_label(node_key(node).kind)}};
}

std::optional<std::uint32_t> StoreGraph::type_number(std::string_view name) const {
  return parts_->source.edge_types().number(name);
}

std::string StoreGraph::type_name(std::uint32_t type) const {
  return parts_->source.edge_types().name(type);
}

cypher::Value StoreGraph::node_property(cypher::NodeId node, std::string_view key) const {
  return parts_->properties.node(node, key);
}

cypher::Value StoreGraph::edge_property(const cypher::Edge& edge, std::string_view key) const {
  return parts_->properties.edge(edge, key);
}

cypher::Map StoreGraph::node_properties(cypher::NodeId node) const {
  cypher::Map found;
  for (const std::string_view key : GraphProperties::keys(node_key(node).kind))
    if (cypher::Value value = node_property(node, key); !value.is_null())
      found.emplace(key, std::move(value));
  return found;
}

cypher::Map StoreGraph::edge_properties(const cypher::Edge& edge) const {
  cypher::Map found;
  for (const std::string_view key : GraphProperties::edge_keys(edge.type))
    if (cypher::Value value = edge_property(edge, key); !value.is_null())
      found.emplace(key, std::move(value));
  return found;
}

}  // namespace hart::prov
