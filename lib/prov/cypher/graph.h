#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "prov/cypher/property_row.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

enum class Direction : std::uint8_t { out, in, both };

/// What a pattern asks of a node. A graph may use all of it, or a part, or nothing to find
/// fewer nodes: whoever asks checks every node again.
struct NodeFilter {
  std::vector<std::string> labels;                   ///< all of them
  std::vector<std::pair<std::string, Value>> equal;  ///< property = value, never null
};

/// How far the relationships at a node were read. What is in it is the graph's own; all zeros
/// stands before the first.
struct EdgeCursor {
  std::array<std::int64_t, 4> place{};
};

/// Reads nodes and relationships one after the other, with the properties that its maker asked
/// for: for those who go through all of a graph.
class GraphReader {
 public:
  virtual ~GraphReader() = default;
  /// Each puts what it reads in the place of what `labels` and `properties` held.
  virtual void node(NodeId node, std::vector<std::string>& labels, PropertyRow& properties) = 0;
  virtual void edge(const Edge& edge, PropertyRow& properties) = 0;
};

/// What a query reads. Cursors are keys: each call returns what comes after one, so that an
/// implementation over SQL holds no statement open between calls.
class Graph {
 public:
  virtual ~Graph() = default;

  /// Fills `out` from its front with nodes after `after` (-1 for the first), in ascending
  /// order, and returns how many: fewer than fit only at the end. None that meets `filter` is
  /// left out.
  virtual std::size_t nodes(const NodeFilter& filter, NodeId after,
                            std::span<NodeId> out) const = 0;

  /// The same for the relationships at `node`, of any of `types` (all when empty), in an order
  /// that is always the same; `cursor` moves on. A loop is given once, also for
  /// Direction::both.
  virtual std::size_t edges(NodeId node, Direction direction,
                            std::span<const std::uint32_t> types, EdgeCursor& cursor,
                            std::span<Edge> out) const = 0;

  [[nodiscard]] virtual bool has_label(NodeId node, std::string_view label) const = 0;
  [[nodiscard]] virtual std::vector<std::string> labels(NodeId node) const = 0;

  /// The number that relationships of a type carry; nothing if there are none.
  [[nodiscard]] virtual std::optional<std::uint32_t> type_number(
      std::string_view name) const = 0;
  [[nodiscard]] virtual std::string type_name(std::uint32_t type) const = 0;

  /// Null for a property that is not there.
  [[nodiscard]] virtual Value node_property(NodeId node, std::string_view key) const = 0;
  [[nodiscard]] virtual Value edge_property(const Edge& edge, std::string_view key) const = 0;
  [[nodiscard]] virtual Map node_properties(NodeId node) const = 0;
  [[nodiscard]] virtual Map edge_properties(const Edge& edge) const = 0;

  /// A reader of the properties with these keys, of all when there is none. The graph outlives
  /// it; the keys need not.
  [[nodiscard]] virtual std::unique_ptr<GraphReader> reader(
      std::span<const std::string_view> keys) const = 0;
};

/// What CREATE writes to: the scratch graph of the tests.
class GraphWriter {
 public:
  virtual ~GraphWriter() = default;
  virtual NodeId create_node(std::vector<std::string> labels, Map properties) = 0;
  virtual Edge create_edge(NodeId start, NodeId end, const std::string& type,
                           Map properties) = 0;
};

}  // namespace hart::prov::cypher
