#include "prov/graph/graph_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace hart::prov {

GraphSource::GraphSource(store::Store& store)
    : store_{store},
      atoms_{store},
      entities_{store},
      rows_{store},
      streams_{store},
      openings_{store},
      hidden_{store},
      atom_{store.db().prepare("SELECT space, hash, bytes FROM my_atom WHERE atom_id = ?")},
      uuid_{store.db().prepare(
          "SELECT uuid FROM my_generation_stream WHERE generation_stream_id = ?")} {}

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
  return opened_.emplace_front(openings_, std::move(*row), &hidden_);
}

std::uint32_t GraphSource::hit_count(std::int64_t stream) {
  return opened(stream).receipt().queries.empty() ? 0 : rows_.hits(stream);
}

Uuid GraphSource::uuid(std::int64_t stream) {
  for (const OpenedReceipt& one : opened_)
    if (one.stream().generation_stream_id == stream) return one.stream().uuid;
  if (!uuid_.with(stream).step())
    throw Error{Fault::internal, "provenance: no receipt " + std::to_string(stream)};
  const ByteView bytes = uuid_.blob(0);
  Uuid uuid{};
  if (bytes.size() != uuid.size())
    throw Error{Fault::data, "generation stream: a UUID has the wrong length"};
  std::ranges::copy(bytes, uuid.begin());
  uuid_.reset();
  return uuid;
}

std::optional<std::int64_t> GraphSource::held_atom(const Id& id) {
  const auto atom = atoms_.find(id);
  return atom ? std::optional{atom->atom_id} : std::nullopt;
}

template <typename Find>
std::optional<cypher::NodeId> GraphSource::node_behind(const Id& id, bool is_model,
                                                       const Find& find) {
  std::uint64_t digest = 0;
  std::memcpy(&digest, id.hash.data(), sizeof digest);
  KnownNode& place = known_nodes_[digest % kKnownNodes];
  if (!place.is_known || place.is_model != is_model || place.id != id)
    place = {true, is_model, id, find()};
  return place.node;
}

std::optional<cypher::NodeId> GraphSource::atom_node(const Id& atom) {
  return node_behind(atom, false, [&]() -> std::optional<cypher::NodeId> {
    if (const auto held = held_atom(atom)) return node_id({NodeKind::atom, *held, 0});
    if (const auto lost = entities_.find(atom_entity(atom)))
      return node_id({NodeKind::lost_atom, *lost, 0});
    return std::nullopt;
  });
}

std::optional<cypher::NodeId> GraphSource::model_node(const Id& model) {
  return node_behind(model, true, [&]() -> std::optional<cypher::NodeId> {
    const auto entity = entities_.find(model_entity(model));
    return entity ? std::optional{node_id({NodeKind::model, *entity, 0})} : std::nullopt;
  });
}

void GraphSource::forget() {
  opened_.clear();
  hidden_.forget();
  rows_.forget();
  atom_row_ = {};
  std::ranges::fill(known_nodes_, KnownNode{});
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
