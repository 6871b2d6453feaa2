#include "prov/graph/graph_source.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace hart::prov {

GraphSource::GraphSource(store::Store& store)
    : store_{store}, atoms_{store}, entities_{store}, streams_{store} {}

OpenedReceipt& GraphSource::opened(std::int64_t stream) {
  const auto found = std::ranges::find(opened_, stream, [](const OpenedReceipt& one) {
    return one.stream().generation_stream_id;
  });
  if (found != opened_.end()) {
    opened_.splice(opened_.begin(), opened_, found);
    return opened_.front();
  }
  auto row = streams_.find(stream);
  if (!row) throw Error{Fault::internal, "provenance: no receipt " + std::to_string(stream)};
  if (opened_.size() == kOpened) opened_.pop_back();
  return opened_.emplace_front(store_, std::move(*row));
}

std::optional<std::int64_t> GraphSource::held_atom(const Id& id) {
  const auto atom = atoms_.find(id);
  return atom ? std::optional{atom->atom_id} : std::nullopt;
}

std::optional<cypher::NodeId> GraphSource::atom_node(const Id& atom) {
  if (const auto held = held_atom(atom)) return node_id({NodeKind::atom, *held, 0});
  if (const auto lost = entities_.find(atom_entity(atom)))
    return node_id({NodeKind::lost_atom, *lost, 0});
  return std::nullopt;
}

std::optional<cypher::NodeId> GraphSource::model_node(const Id& model) {
  const auto entity = entities_.find(model_entity(model));
  return entity ? std::optional{node_id({NodeKind::model, *entity, 0})} : std::nullopt;
}

Id GraphSource::id_of(const NodeKey& key) {
  if (key.kind != NodeKind::atom) return entities_.at(key.row).id;
  const auto atom = store::atom_by_id(store_, key.row);
  if (!atom) throw Error{Fault::internal, "provenance: no atom " + std::to_string(key.row)};
  return atom->id;
}

std::uint32_t alternative_count(OpenedReceipt& opened) {
  std::size_t count = 0;
  for (const OpenedReceipt::Token& one : opened.tokens())
    count += one.token.alternatives.size();
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(count, kPlacesPerReceipt - kFirstAlternative));
}

Considered find_alternative(OpenedReceipt& opened, std::uint32_t place) {
  std::size_t left = place;
  const auto& tokens = opened.tokens();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::size_t count = tokens[i].token.alternatives.size();
    if (left < count) return {i, left};
    left -= count;
  }
  throw Error{Fault::internal, "provenance: no alternative " + std::to_string(place)};
}

std::uint32_t evidence_count(const Receipt& receipt) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(receipt.evidence.size(), kMostEvidence));
}

}  // namespace hart::prov
