#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "prov/export/byte_sink.h"
#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// The constraints by which MERGE finds a node at once, one for each known label.
[[nodiscard]] std::string cypher_constraints();

/// A Cypher script (Neo4j 5) that makes the graph, or makes it again without doubling anything:
/// constraints, then MERGE statements over lists of rows. Nodes are told apart by the key of
/// their label, others by the label HartNode and their number under `hart_id`; relationships by
/// their type, their ends and edge_keys(). A node that is exported again has the properties
/// that it has here and no others: what was erased goes there too.
class CypherScript : public GraphFormat {
 public:
  explicit CypherScript(ByteSink& sink, bool with_constraints = true);

  [[nodiscard]] Wanted wanted() const override { return {{}, true, true}; }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override;

 private:
  struct Batch {
    std::string rows;
    std::uint32_t count = 0;
  };
  /// Statements by their text behind the rows: what is alike is written as one.
  using Batches = std::map<std::string, Batch>;

  void add_row(Batches& batches, const std::string& statement, const std::string& row);
  void write(const std::string& statement, Batch& batch);
  void write_all(Batches& batches);

  TextWriter out_;
  Batches nodes_;
  Batches edges_;
  std::string row_;
};

}  // namespace hart::prov::exports
