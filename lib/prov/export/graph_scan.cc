#include "prov/export/graph_scan.h"

#include <algorithm>
#include <array>
#include <memory>

namespace hart::prov::exports {
namespace {

using cypher::Edge;
using cypher::NodeId;

constexpr std::size_t kBatch = 256;

/// Names of nodes that were looked up, one for each place: as many as are kept in mind at once
/// do not depend on the graph.
class NameCache {
 public:
  explicit NameCache(const cypher::Graph& graph) : graph_{graph} {}

  const NodeName& of(NodeId id) {
    if (names_.empty()) names_.resize(kPlaces, NodeName{nullptr, -1, {}});
    NodeName& place = names_[static_cast<std::size_t>(id) % kPlaces];
    if (place.id != id) place = node_name(graph_, id);
    return place;
  }

 private:
  static constexpr std::size_t kPlaces = 8191;
  const cypher::Graph& graph_;
  std::vector<NodeName> names_;
};

class Scanner {
 public:
  Scanner(const cypher::Graph& graph, GraphVisitor& visitor, const std::function<void()>& step)
      : graph_{graph},
        visitor_{visitor},
        step_{step},
        wanted_{visitor.wanted()},
        reader_{graph.reader(wanted_.keys)},
        names_{graph} {
    visitor.begin(graph);
  }

  ScanCounts all() {
    std::array<NodeId, kBatch> ids;
    NodeId after = -1;
    for (;;) {
      const std::size_t found = graph_.nodes({}, after, ids);
      for (std::size_t i = 0; i < found; ++i) show(ids[i]);
      if (found < ids.size()) return counts_;
      after = ids[found - 1];
    }
  }

  ScanCounts chain(const Selection& selection) {
    root_ = *selection.root;
    through_inferences_ = selection.through_inferences;
    chain_ = reached(selection.hops);
    for (const NodeId id : *chain_) show(id);
    return counts_;
  }

 private:
  template <typename Visit> void for_each_edge_from(NodeId node, const Visit& visit) {
    cypher::EdgeCursor cursor;
    for (;;) {
      const std::size_t found = graph_.edges(node, cypher::Direction::out, {}, cursor, batch_);
      for (std::size_t i = 0; i < found; ++i) visit(batch_[i]);
      if (found < batch_.size()) return;
    }
  }

  [[nodiscard]] bool is_left(NodeId id) const {
    if (id == root_) return true;
    return !graph_.has_label(id, "Atom") && !graph_.has_label(id, "Model") &&
           !graph_.has_label(id, "ReasoningMode") &&
           (through_inferences_ || !graph_.has_label(id, "Inference"));
  }

  /// Ascending.
  [[nodiscard]] std::vector<NodeId> reached(unsigned hops) {
    std::vector<NodeId> all{root_};
    std::vector<NodeId> frontier{root_};
    for (unsigned hop = 0; hop < hops && !frontier.empty(); ++hop) {
      std::vector<NodeId> next;
      for (const NodeId node : frontier)
        if (is_left(node))
          for_each_edge_from(node, [&](const Edge& edge) { next.push_back(edge.end); });
      std::ranges::sort(next);
      next.erase(std::unique(next.begin(), next.end()), next.end());
      frontier.clear();
      std::ranges::set_difference(next, all, std::back_inserter(frontier));
      const auto middle = static_cast<std::ptrdiff_t>(all.size());
      all.insert(all.end(), frontier.begin(), frontier.end());
      std::inplace_merge(all.begin(), all.begin() + middle, all.end());
    }
    return all;
  }

  [[nodiscard]] bool is_selected(const Edge& edge) const {
    return !chain_ || std::ranges::binary_search(*chain_, edge.end);
  }

  void show(NodeId id) {
    if (step_) step_();
    node_.id = id;
    reader_->node(id, node_.labels, node_.properties);
    if (wanted_.names || wanted_.names_of_ends)
      node_.name = node_name(id, node_.labels, node_.properties);
    visitor_.node(node_);
    ++counts_.nodes;
    if (chain_ && !is_left(id)) return;
    if (wanted_.names_of_ends) edge_.start = node_.name;
    for_each_edge_from(id, [&](const Edge& edge) {
      if (is_selected(edge)) show(edge);
    });
  }

  void show(const Edge& edge) {
    if (edge_.type.empty() || edge_.edge.type != edge.type)
      edge_.type = graph_.type_name(edge.type);
    edge_.edge = edge;
    reader_->edge(edge, edge_.properties);
    if (wanted_.names_of_ends)
      edge_.end = edge.end == edge.start ? edge_.start : names_.of(edge.end);
    visitor_.edge(edge_);
    ++counts_.edges;
  }

  const cypher::Graph& graph_;
  GraphVisitor& visitor_;
  const std::function<void()>& step_;
  Wanted wanted_;
  std::unique_ptr<cypher::GraphReader> reader_;
  NameCache names_;
  NodeId root_ = -1;
  bool through_inferences_ = true;
  std::optional<std::vector<NodeId>> chain_;
  std::vector<Edge> batch_ = std::vector<Edge>(kBatch);
  // Shown again and again.
  ExportedNode node_;
  ExportedEdge edge_;
  ScanCounts counts_;
};

}  // namespace

ScanCounts scan(const cypher::Graph& graph, const Selection& selection, GraphVisitor& visitor,
                const std::function<void()>& step) {
  Scanner scanner{graph, visitor, step};
  return selection.root ? scanner.chain(selection) : scanner.all();
}

}  // namespace hart::prov::exports
