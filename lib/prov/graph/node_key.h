#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "prov/cypher/value.h"

namespace hart::prov {

/// What a node of the provenance graph is, in the order of their numbers. Those up to
/// `alternative` belong to a receipt.
enum class NodeKind : std::uint8_t {
  inference,
  decision,
  evidence,
  alternative,
  atom,       ///< that the tenant holds
  lost_atom,  ///< that receipts name and the catalog no longer holds
  model,
  reasoning,
};

inline constexpr std::size_t kNodeKinds = 8;

/// Where a node comes from. Nodes are not stored: their numbers say where to look.
struct NodeKey {
  NodeKind kind = NodeKind::inference;
  /// generation_stream_id, atom_id or provenance_entity_id.
  std::int64_t row = 0;
  /// Of evidence and alternatives: their place in the receipt.
  std::uint32_t place = 0;
};

/// A receipt's nodes are numbered one after the other: the inference, the decision, evidence,
/// alternatives; row and place stand in 36 and 24 bits.
inline constexpr std::uint32_t kFirstEvidence = 2;
inline constexpr std::uint32_t kFirstAlternative = 1u << 23;
inline constexpr std::uint32_t kPlacesPerReceipt = 1u << 24;
/// Evidence beyond this many pieces of a receipt is in no graph.
inline constexpr std::uint32_t kMostEvidence = 1u << 20;
/// Where the hits of searches that were answered together begin among the evidence of their
/// receipt; of them, too, kMostEvidence are in the graph.
inline constexpr std::uint32_t kFirstHit = kMostEvidence;
inline constexpr int kPlaceBits = 24;
inline constexpr int kAreaBits = 60;

[[nodiscard]] constexpr cypher::NodeId receipt_node(std::int64_t stream,
                                                    std::uint32_t place) noexcept {
  return (stream << kPlaceBits) | static_cast<std::int64_t>(place);
}

[[nodiscard]] constexpr cypher::NodeId node_id(const NodeKey& key) noexcept {
  switch (key.kind) {
    case NodeKind::inference:
      return receipt_node(key.row, 0);
    case NodeKind::decision:
      return receipt_node(key.row, 1);
    case NodeKind::evidence:
      return receipt_node(key.row, kFirstEvidence + key.place);
    case NodeKind::alternative:
      return receipt_node(key.row, kFirstAlternative + key.place);
    default:
      break;
  }
  const auto area = static_cast<std::int64_t>(key.kind) - static_cast<int>(NodeKind::atom) + 1;
  return (area << kAreaBits) | key.row;
}

[[nodiscard]] constexpr NodeKey node_key(cypher::NodeId node) noexcept {
  const std::int64_t area = node >> kAreaBits;
  if (area > 0) {
    const auto kind = static_cast<int>(NodeKind::atom) + static_cast<int>(area) - 1;
    return {static_cast<NodeKind>(kind), node & ((std::int64_t{1} << kAreaBits) - 1), 0};
  }
  const std::int64_t stream = node >> kPlaceBits;
  const auto place = static_cast<std::uint32_t>(node & (kPlacesPerReceipt - 1));
  if (place == 0) return {NodeKind::inference, stream, 0};
  if (place == 1) return {NodeKind::decision, stream, 0};
  if (place < kFirstAlternative) return {NodeKind::evidence, stream, place - kFirstEvidence};
  return {NodeKind::alternative, stream, place - kFirstAlternative};
}

/// "Inference", "Decision", …; of both kinds of atoms "Atom".
[[nodiscard]] constexpr std::string_view node_label(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::inference:
      return "Inference";
    case NodeKind::decision:
      return "Decision";
    case NodeKind::evidence:
      return "Evidence";
    case NodeKind::alternative:
      return "Alternative";
    case NodeKind::atom:
    case NodeKind::lost_atom:
      return "Atom";
    case NodeKind::model:
      return "Model";
    case NodeKind::reasoning:
      return "ReasoningMode";
  }
  return {};
}

}  // namespace hart::prov
