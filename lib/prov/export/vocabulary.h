#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/cypher/property_row.h"

namespace hart::prov::exports {

/// A label of the provenance graph, and the property that tells its nodes apart wherever they
/// are exported to.
struct KnownLabel {
  std::string_view label;  ///< "Inference"
  std::string_view key;    ///< "inference_id"
  std::string_view path;   ///< "inference": how a qualified name begins
};

/// Every label of the provenance graph.
[[nodiscard]] std::span<const KnownLabel> known_labels() noexcept;

/// What the nodes of any other graph are told apart by: their number.
inline constexpr std::string_view kNumberKey = "hart_id";

/// How a node is called outside this graph.
struct NodeName {
  const KnownLabel* known = nullptr;  ///< null: by its number alone
  cypher::NodeId id = 0;
  std::string value;  ///< of the key property; empty when there is none

  /// "inference/0192f0c0-...", or "node/7".
  [[nodiscard]] std::string text() const;
};

/// The known label of a node that its name says, or null: of labels that are known, the first
/// in their order, when the node has the property of its key.
[[nodiscard]] const KnownLabel* known_label(const std::vector<std::string>& labels,
                                            const cypher::PropertyRow& properties);

/// The name of a node with these labels and properties.
[[nodiscard]] NodeName node_name(cypher::NodeId id, const std::vector<std::string>& labels,
                                 const cypher::PropertyRow& properties);
/// The same, reading only what is needed.
[[nodiscard]] NodeName node_name(const cypher::Graph& graph, cypher::NodeId id);

/// Those properties that tell relationships of one type between the same two nodes apart, of
/// the ones that it has: role, sequence, position, how. A relationship at a node that is known
/// by its number alone is told apart by its own.
[[nodiscard]] std::vector<std::string_view> edge_keys(const cypher::PropertyRow& properties);

}  // namespace hart::prov::exports
