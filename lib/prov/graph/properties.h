#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "prov/cypher/graph.h"
#include "prov/cypher/property_row.h"
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

  /// The keys of the properties that a kind of node, or a type of relationship, may have, in
  /// their order.
  [[nodiscard]] static std::span<const std::string_view> keys(NodeKind kind) noexcept;
  [[nodiscard]] static std::span<const std::string_view> edge_keys(std::uint32_t type) noexcept;

  /// Which of `of` are wanted, bit by bit; all where `wanted` is empty.
  [[nodiscard]] static std::uint32_t mask(std::span<const std::string_view> of,
                                          std::span<const std::string_view> wanted) noexcept;

  [[nodiscard]] cypher::Value node(cypher::NodeId node, std::string_view key);
  [[nodiscard]] cypher::Value edge(const cypher::Edge& edge, std::string_view key);
  /// Those of a mask over `keys` or `edge_keys`, in the place of what the row held.
  void read_node(cypher::NodeId node, std::uint32_t mask, cypher::PropertyRow& row);
  void read_edge(const cypher::Edge& edge, std::uint32_t mask, cypher::PropertyRow& row);

  /// As GraphSource::forget.
  void forget() noexcept { last_atom_kind_ = {}; }

 private:
  struct AtomKind {
    std::int64_t atom_id = 0;
    std::optional<store::Modality> modality;  ///< none of an atom that the tenant lost
    cypher::Value subtype;
  };

  /// The property whose key stands at `place` of the kind's.
  cypher::Value value(const NodeKey& node, unsigned place);
  cypher::Value inference(std::int64_t stream, unsigned place);
  cypher::Value decision(std::int64_t stream, unsigned place);
  cypher::Value evidence(const NodeKey& key, unsigned place);
  cypher::Value alternative(const NodeKey& key, unsigned place);
  cypher::Value atom(std::int64_t atom_id, unsigned place);
  cypher::Value model(const Entity& entity, unsigned place);

  cypher::Value weight(std::int64_t stream, AtomRole role, std::int64_t sequence);
  cypher::Value reasoning_edge(std::int64_t stream, std::string_view key);
  cypher::Value influence(std::int64_t stream, std::int64_t rank);
  cypher::Value strength(std::int64_t stream, std::int64_t place);
  cypher::Value atom_edge(const cypher::Edge& edge, std::string_view key);

  /// It lives until the next call.
  const AtomKind& atom_kind(std::int64_t atom_id);
  cypher::Value model_name(const Entity& entity);
  cypher::Value object_name(std::int64_t atom_id);
  cypher::Value atom_text(std::int64_t atom_id);

  GraphSource& source_;
  store::TextReader texts_;
  AtomKind last_atom_kind_;
  store::Statement held_, name_, architecture_, relation_;
  store::Statement first_user_, component_, layer_, tensor_;
};

}  // namespace hart::prov
