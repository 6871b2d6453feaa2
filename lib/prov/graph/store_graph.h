#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/graph.h"
#include "store/store.h"

namespace hart::prov {

/// The provenance graph and the atom graph of the acting tenant, as a graph to query. Labels,
/// types and properties: hart-prov(1), "The graph". It reads what `derive_graph` has derived;
/// newer receipts are there, but without INFLUENCED_BY and measures.
///
/// Nothing is kept but a few of the receipts, rows and ids that were read last. Use it inside a
/// Snapshot. It throws
/// Error(data) for damaged receipts, as verification would.
class StoreGraph final : public cypher::Graph {
 public:
  /// `store` outlives it.
  explicit StoreGraph(store::Store& store);
  ~StoreGraph() override;

  std::size_t nodes(const cypher::NodeFilter& filter, cypher::NodeId after,
                    std::span<cypher::NodeId> out) const override;
  std::size_t edges(cypher::NodeId node, cypher::Direction direction,
                    std::span<const std::uint32_t> types, cypher::EdgeCursor& cursor,
                    std::span<cypher::Edge> out) const override;
  [[nodiscard]] bool has_label(cypher::NodeId node, std::string_view label) const override;
  [[nodiscard]] std::vector<std::string> labels(cypher::NodeId node) const override;
  [[nodiscard]] std::optional<std::uint32_t> type_number(std::string_view name) const override;
  [[nodiscard]] std::string type_name(std::uint32_t type) const override;
  [[nodiscard]] cypher::Value node_property(cypher::NodeId node,
                                            std::string_view key) const override;
  [[nodiscard]] cypher::Value edge_property(const cypher::Edge& edge,
                                            std::string_view key) const override;
  [[nodiscard]] cypher::Map node_properties(cypher::NodeId node) const override;
  [[nodiscard]] cypher::Map edge_properties(const cypher::Edge& edge) const override;
  /// What was kept is forgotten: a new reader sees the store as it is.
  [[nodiscard]] std::unique_ptr<cypher::GraphReader> reader(
      std::span<const std::string_view> keys) const override;

 private:
  struct Parts;
  class Reader;
  std::unique_ptr<Parts> parts_;
};

}  // namespace hart::prov
