#include "prov/cypher/scratch_graph.h"

#include <algorithm>

#include "prov/cypher/query.h"

namespace hart::prov::cypher {

namespace {

std::size_t record_index(std::int64_t id) {
  return static_cast<std::size_t>(id);
}

Value property_in(const Map& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found == properties.end() ? Value{} : found->second;
}

}  // namespace

void ScratchGraph::execute(std::string_view text, const Map& parameters) {
  Budget budget;
  Query{text, Dialect::scratch}.run(
      *this, parameters, budget, [](std::span<const Value>) { return true; }, this);
}

NodeId ScratchGraph::create_node(std::vector<std::string> labels, Map properties) {
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  nodes_.push_back({std::move(labels), std::move(properties), {}});
  return static_cast<NodeId>(nodes_.size()) - 1;
}

Edge ScratchGraph::create_edge(NodeId start, NodeId end, const std::string& type,
                               Map properties) {
  const auto known = std::find(types_.begin(), types_.end(), type);
  const auto number = static_cast<std::uint32_t>(known - types_.begin());
  if (known == types_.end()) types_.push_back(type);
  const Edge edge{static_cast<EdgeId>(edges_.size()), start, end, number};
  edges_.push_back({edge, std::move(properties)});
  nodes_.at(record_index(start)).edges.push_back(edge.id);
  if (start != end) nodes_.at(record_index(end)).edges.push_back(edge.id);
  return edge;
}

std::size_t ScratchGraph::nodes(const NodeFilter& filter, NodeId after,
                                std::span<NodeId> out) const {
  std::size_t size = 0;
  for (auto i = record_index(after + 1); i < nodes_.size() && size < out.size(); ++i) {
    const auto id = static_cast<NodeId>(i);
    const bool labelled =
        std::all_of(filter.labels.begin(), filter.labels.end(),
                    [&](const std::string& label) { return has_label(id, label); });
    if (labelled) out[size++] = id;
  }
  return size;
}

std::size_t ScratchGraph::edges(NodeId node, Direction direction,
                                std::span<const std::uint32_t> types, EdgeCursor& cursor,
                                std::span<Edge> out) const {
  const std::vector<EdgeId>& all = nodes_.at(record_index(node)).edges;
  std::int64_t& next = cursor.place[0];
  std::size_t size = 0;
  while (record_index(next) < all.size() && size < out.size()) {
    const Edge& edge = edges_[record_index(all[record_index(next++)])].edge;
    if (direction == Direction::out && edge.start != node) continue;
    if (direction == Direction::in && edge.end != node) continue;
    if (types.empty() || std::find(types.begin(), types.end(), edge.type) != types.end())
      out[size++] = edge;
  }
  return size;
}

bool ScratchGraph::has_label(NodeId node, std::string_view label) const {
  const auto& own = nodes_.at(record_index(node)).labels;
  return std::find(own.begin(), own.end(), label) != own.end();
}

std::vector<std::string> ScratchGraph::labels(NodeId node) const {
  return nodes_.at(record_index(node)).labels;
}

std::optional<std::uint32_t> ScratchGraph::type_number(std::string_view name) const {
  const auto known = std::find(types_.begin(), types_.end(), name);
  if (known == types_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(known - types_.begin());
}

std::string ScratchGraph::type_name(std::uint32_t type) const {
  return types_.at(type);
}

Value ScratchGraph::node_property(NodeId node, std::string_view key) const {
  return property_in(nodes_.at(record_index(node)).properties, key);
}

Value ScratchGraph::edge_property(const Edge& edge, std::string_view key) const {
  return property_in(edges_.at(record_index(edge.id)).properties, key);
}

Map ScratchGraph::node_properties(NodeId node) const {
  return nodes_.at(record_index(node)).properties;
}

Map ScratchGraph::edge_properties(const Edge& edge) const {
  return edges_.at(record_index(edge.id)).properties;
}

class ScratchGraph::Reader : public GraphReader {
 public:
  Reader(const ScratchGraph& graph, std::span<const std::string_view> keys)
      : graph_{graph}, keys_{keys.begin(), keys.end()} {}

  void node(NodeId node, std::vector<std::string>& labels, PropertyRow& properties) override {
    const NodeRecord& record = graph_.nodes_.at(record_index(node));
    labels = record.labels;
    read(record.properties, properties);
  }
  void edge(const Edge& edge, PropertyRow& properties) override {
    read(graph_.edges_.at(record_index(edge.id)).properties, properties);
  }

 private:
  void read(const Map& from, PropertyRow& to) const {
    to.clear();
    for (const auto& [key, value] : from)
      if (keys_.empty() || std::find(keys_.begin(), keys_.end(), key) != keys_.end())
        to.append(key, value);
  }

  const ScratchGraph& graph_;
  std::vector<std::string> keys_;
};

std::unique_ptr<GraphReader> ScratchGraph::reader(
    std::span<const std::string_view> keys) const {
  return std::make_unique<Reader>(*this, keys);
}

}  // namespace hart::prov::cypher
