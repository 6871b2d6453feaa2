#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "prov/export/byte_sink.h"
#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// GraphML 1.0 with typed keys: boolean, long, double, string; a property that has values of
/// several types is a string. Labels stand under the key `labels` as ":A:B", the type of an
/// edge under `label`, which is how Neo4j's APOC reads them; a property that is called so is
/// `property.labels` and `property.label`. Keys stand before the graph in the file: the graph
/// goes through a spool.
class GraphMl : public GraphFormat {
 public:
  explicit GraphMl(ByteSink& sink) : sink_{sink}, body_{spool_} {}

  [[nodiscard]] Wanted wanted() const override { return {{}, false, false}; }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override;

 private:
  enum class Domain : std::uint8_t { node, edge };
  enum class Type : std::uint8_t { boolean, integer, floating, string };
  struct Key {
    std::string name;
    Domain domain;
    std::size_t number;
    Type type;
  };

  static Type type_of(const cypher::Value& value);
  const Key& key(Domain domain, std::string_view name, Type type);
  void append_properties(std::string& out, Domain domain,
                         const cypher::PropertyRow& properties);
  [[nodiscard]] std::string head() const;

  ByteSink& sink_;
  Spool spool_;
  TextWriter body_;
  std::map<std::string, Key, std::less<>> node_keys_;
  std::map<std::string, Key, std::less<>> edge_keys_;
};

}  // namespace hart::prov::exports
