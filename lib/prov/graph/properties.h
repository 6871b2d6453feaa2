#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "prov/cypher/graph.h"
#include "prov/graph/graph_source.h"
#include "prov/graph/used_atoms.h"
#include "store/text_reader.h"

namespace hart::prov {

/// The properties of nodes and relationships. Each is computed when it is asked for; what it
/// was computed from may have been erased, and then it is null.
class GraphProperties {
 public:
  /// `source` outlives it.
  explicit GraphProperties(GraphSource& source);

  /// The names of the properties that a kind of node, or a type of relationship, may have.
  [[nodiscard]] static std::span<const std::string_view> keys(NodeKind kind) noexcept;
  [[nodiscard]] static std::span<const std::string_view> edge_keys(std::uint32_t type) noexcept;

  [[nodiscard]] cypher::Value node(cypher::NodeId node, std::string_view key);
  [[nodiscard]] cypher::Value edge(const cypher::Edge& edge, std::string_view key);

 private:
  struct Summary {
    std::int64_t stream = 0;
    std::optional<double> confidence, grounding, support;
  };

  cypher::Value inference(std::int64_t stream, std::string_view key);
  cypher::Value decision(std::int64_t stream, std::string_view key);
  cypher::Value evidence(const NodeKey& key, std::string_view name);
  cypher::Value alternative(const NodeKey& key, std::string_view name);
  cypher::Value atom(std::int64_t atom_id, std::string_view key);
  cypher::Value entity(const NodeKey& key, std::string_view name);
  cypher::Value model(const Entity& entity, std::string_view key);

  cypher::Value weight(std::int64_t stream, AtomRole role, std::int64_t sequence);
  cypher::Value reasoning_edge(std::int64_t stream, std::string_view key);
  cypher::Value influence(std::int64_t stream, std::int64_t rank);
  cypher::Value strength(std::int64_t stream, std::int64_t place);
  cypher::Value atom_edge(const cypher::Edge& edge, std::string_view key);

  /// It lives until the next call.
  const Summary& summary(std::int64_t stream);
  cypher::Value object_name(std::int64_t atom_id);
  cypher::Value atom_text(std::int64_t atom_id);

  GraphSource& source_;
  store::TextReader texts_;
  Summary last_summary_;
  store::Statement summary_, provenance_, influence_, held_, name_, architecture_, relation_;
  store::Statement first_user_, component_, layer_, tensor_;
};

}  // namespace hart::prov
