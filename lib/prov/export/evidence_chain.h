#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// What led to one answer, as it is drawn: boxes in their order.
struct ChainBox {
  enum class Kind : std::uint8_t {
    prompt,
    influence,
    evidence,
    decision,
    model,
    reasoning,
    atoms,
    alternative,
  };
  Kind kind = Kind::prompt;
  std::string title;
  std::string text;                ///< wrapped; the content
  std::vector<std::string> facts;  ///< small lines below it
  std::optional<double> share;     ///< in [0, 1]: drawn as a bar
};

struct EvidenceChain {
  std::string inference;  ///< its UUID
  ChainBox prompt;
  std::vector<ChainBox> influences;  ///< strongest first
  std::vector<ChainBox> evidence;    ///< strongest first
  ChainBox decision;
  std::vector<ChainBox> models;        ///< models, modes of reasoning, atoms used
  std::vector<ChainBox> alternatives;  ///< likeliest first
};

/// Gathers the chain of an inference from a selection of its graph. A text that is not there is
/// said to be missing or erased.
class ChainCollector : public GraphVisitor {
 public:
  /// `root`: the inference.
  explicit ChainCollector(cypher::NodeId root) : root_{root} {}

  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  /// Throws Error(usage) when the root is no inference.
  [[nodiscard]] EvidenceChain chain() const;

 private:
  struct Link {
    const ExportedNode* node;
    const ExportedEdge* edge;
  };
  [[nodiscard]] std::vector<Link> links(cypher::NodeId start, std::string_view type,
                                        std::string_view order_by) const;
  [[nodiscard]] ChainBox evidence_box(const Link& link) const;
  [[nodiscard]] ChainBox influence_box(const Link& link) const;
  [[nodiscard]] std::optional<ChainBox> atoms_box() const;
  [[nodiscard]] std::vector<ChainBox> sources() const;

  cypher::NodeId root_;
  std::map<cypher::NodeId, ExportedNode> nodes_;
  std::vector<ExportedEdge> edges_;
};

}  // namespace hart::prov::exports
