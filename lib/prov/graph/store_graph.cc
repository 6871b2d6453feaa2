#include "prov/graph/store_graph.h"

#include <array>
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

class StoreGraph::Reader final : public cypher::GraphReader {
 public:
  Reader(Parts& parts, std::span<const std::string_view> keys)
      : parts_{parts}, keys_{keys.begin(), keys.end()}, wanted_{keys_.begin(), keys_.end()} {
    for (std::size_t kind = 0; kind < node_masks_.size(); ++kind)
      node_masks_[kind] =
          GraphProperties::mask(GraphProperties::keys(static_cast<NodeKind>(kind)), wanted_);
  }

  void node(cypher::NodeId node, std::vector<std::string>& labels,
            cypher::PropertyRow& properties) override {
    const NodeKind kind = node_key(node).kind;
    labels.resize(1);
    labels[0] = node_label(kind);
    parts_.properties.read_node(node, node_masks_[static_cast<std::size_t>(kind)], properties);
  }
  void edge(const cypher::Edge& edge, cypher::PropertyRow& properties) override {
    parts_.properties.read_edge(edge, edge_mask(edge.type), properties);
  }

 private:
  std::uint32_t edge_mask(std::uint32_t type) {
    // Types of the users' own are numbered as they are met.
    for (auto next = static_cast<std::uint32_t>(edge_masks_.size()); next <= type; ++next)
      edge_masks_.push_back(GraphProperties::mask(GraphProperties::edge_keys(next), wanted_));
    return edge_masks_[type];
  }

  Parts& parts_;
  std::vector<std::string> keys_;
  std::vector<std::string_view> wanted_;  ///< views of `keys_`
  std::array<std::uint32_t, kNodeKinds> node_masks_{};
  std::vector<std::uint32_t> edge_masks_;
};

std::unique_ptr<cypher::GraphReader> StoreGraph::reader(
    std::span<const std::string_view> keys) const {
  parts_->source.forget();
  parts_->properties.forget();
  return std::make_unique<Reader>(*parts_, keys);
}

cypher::Map StoreGraph::node_properties(cypher::NodeId node) const {
  cypher::Map found;
  cypher::PropertyRow row;
  parts_->properties.read_node(node, ~std::uint32_t{0}, row);
  for (const auto& [key, value] : row) found.emplace_hint(found.end(), key, value);
  return found;
}

cypher::Map StoreGraph::edge_properties(const cypher::Edge& edge) const {
  cypher::Map found;
  cypher::PropertyRow row;
  parts_->properties.read_edge(edge, ~std::uint32_t{0}, row);
  for (const auto& [key, value] : row) found.emplace_hint(found.end(), key, value);
  return found;
}

}  // namespace hart::prov
