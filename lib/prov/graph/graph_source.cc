#include "prov/graph/graph_source.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace hart::prov {

GraphSource::GraphSource(store::Store& store)
    : store_{store},
      atoms_{store},
      entities_{store},
      streams_{store},
      atom_{store.db().prepare("SELECT space, hash, bytes FROM my_atom WHERE atom_id = ?")} {}

OpenedReceipt& GraphSource::opened(std::int64_t stream) {
  if (!opened_.empty() && opened_.front().stream().generation_stream_id == stream)
    return opened_.front();
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

const GraphSource::AtomRow& GraphSource::atom(std::int64_t atom_id) {
  if (atom_row_.atom_id == atom_id) return atom_row_;
  if (!atom_.with(atom_id).step())
    throw Error{Fault::internal, "provenance: no atom " + std::to_string(atom_id)};
  atom_row_ = {atom_id,
               {static_cast<IdSpace>(atom_.integer(0)), atom_.hash(1)},
               static_cast<std::uint64_t>(atom_.integer(2))};
  atom_.reset();
  return atom_row_;
}

Id GraphSource::id_of(const NodeKey& key) {
  return key.kind == NodeKind::atom ? atom(key.row).id : entities_.at(key.row).id;
}

std::uint32_t alternative_count(OpenedReceipt& opened) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(opened.alternatives(), kPlacesPerReceipt - kFirstAlternative));
}

std::uint32_t evidence_count(const Receipt& receipt) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(receipt.evidence.size(), kMostEvidence));
}

}  // namespace hart::prov
