#pragma once

#include <string>

#include "prov/export/byte_sink.h"
#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// What stands for a node in a drawing: the prompt of an inference, the name of a model; its
/// key when that is gone. Blanks and line ends are single blanks, and of a long text the
/// beginning, at most `limit` characters, is given.
[[nodiscard]] std::string node_summary(const ExportedNode& node, std::size_t limit);

/// A graph in Graphviz's DOT language, to be drawn: labels are cut short, and carry what a
/// reader looks for, not all properties.
class Dot : public GraphFormat {
 public:
  explicit Dot(ByteSink& sink);

  [[nodiscard]] Wanted wanted() const override;
  void begin(const cypher::Graph& graph) override { graph_ = &graph; }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override;

 private:
  TextWriter out_;
  const cypher::Graph* graph_ = nullptr;
  std::string label_;
};

}  // namespace hart::prov::exports
