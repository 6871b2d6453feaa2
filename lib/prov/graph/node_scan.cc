#include "prov/graph/node_scan.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/error.h"

namespace hart::prov {
namespace {

constexpr std::uint32_t kAllKinds = (1u << 8) - 1;

constexpr std::uint32_t bit(NodeKind kind) {
  return 1u << static_cast<unsigned>(kind);
}

std::uint32_t kinds_labelled(std::string_view label) {
  std::uint32_t kinds = 0;
  for (unsigned kind = 0; kind < 8; ++kind)
    if (node_label(static_cast<NodeKind>(kind)) == label) kinds |= 1u << kind;
  return kinds;
}

/// Properties that name one node, and the kind that has them. The text begins with the UUID of
/// the receipt.
struct NamingProperty {
  std::string_view key;
  NodeKind kind;
};
constexpr std::array<NamingProperty, 4> kNamingProperties{{
    {"inference_id", NodeKind::inference},
    {"decision_id", NodeKind::decision},
    {"evidence_id", NodeKind::evidence},
    {"alternative_id", NodeKind::alternative},
}};

/// The 16 bytes of a UUID that is written in full with dashes; nothing of another text.
std::optional<ByteBuffer> uuid_bytes(std::string_view text) {
  constexpr std::size_t kUuidText = 36;
  if (text.size() < kUuidText) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(0, kUuidText)) {
    if (c == '-') continue;
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    digits.push_back(c);
  }
  if (digits.size() != 32) return std::nullopt;
  return from_hex(digits);
}

}  // namespace

NodeScan::NodeScan(GraphSource& source)
    : source_{source},
      streams_{source.store().db().prepare(
          "SELECT generation_stream_id, leaf_index FROM my_generation_stream"
          " WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?")},
      leaf_{source.store().db().prepare(
          "SELECT leaf_index FROM my_generation_stream WHERE generation_stream_id = ?")},
      leaf_after_{source.store().db().prepare(
          "SELECT min(leaf_index) FROM my_generation_stream WHERE generation_stream_id > ?")},
      by_uuid_{source.store().db().prepare(
          "SELECT generation_stream_id FROM my_generation_stream WHERE uuid = ?")},
      atoms_{source.store().db().prepare(
          "SELECT atom_id FROM my_atom WHERE atom_id > ? ORDER BY atom_id LIMIT ?")},
      by_name_{source.store().db().prepare(
          "SELECT atom_id, structure_id FROM my_object WHERE name = ?")},
      lost_{source.store().db().prepare(
          "SELECT provenance_entity_id FROM provenance_entity AS e"
          " INDEXED BY provenance_entity_by_kind"
          " WHERE tenant_id = current_tenant() AND kind = 0 AND provenance_entity_id > ?1"
          " AND NOT EXISTS ("
          "  SELECT 1 FROM my_atom AS a WHERE a.hash = e.hash AND a.space = e.space)"
          " ORDER BY provenance_entity_id LIMIT ?2",
          store::Scope::owner)},
      entities_{
          source.store().db().prepare("SELECT provenance_entity_id FROM my_provenance_entity"
                                      " WHERE provenance_entity_id > ? AND kind = ?3"
                                      " ORDER BY provenance_entity_id LIMIT ?2")} {}

std::vector<std::int64_t> NodeScan::streams_named(std::string_view text) {
  const auto uuid = uuid_bytes(text);
  if (!uuid) return {};
  std::vector<std::int64_t> found;
  if (by_uuid_.with(*uuid).step()) found.push_back(by_uuid_.integer(0));
  by_uuid_.reset();
  return found;
}

void NodeScan::narrow_to_atom(Wanted& wanted, std::string_view text) {
  wanted.kinds &= bit(NodeKind::atom) | bit(NodeKind::lost_atom);
  wanted.atoms.emplace();
  wanted.lost.emplace();
  try {
    const Id id = parse_id(text);
    if (const auto held = source_.held_atom(id))
      wanted.atoms->push_back(*held);
    else if (const auto lost = source_.entities().find(atom_entity(id)))
      wanted.lost->push_back(*lost);
  } catch (const Error&) {
    // Not the text of an id: no atom has it.
  }
}

std::vector<std::int64_t> NodeScan::atoms_named(std::string_view text) {
  std::vector<std::int64_t> found;
  by_name_.with(text);
  while (by_name_.step())
    for (int column = 0; column < 2; ++column)
      if (!by_name_.is_null(column)) found.push_back(by_name_.integer(column));
  by_name_.reset();
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void NodeScan::narrow(Wanted& wanted, std::string_view key, const cypher::Value& value) {
  if (value.kind() != cypher::Kind::string) return;
  for (const NamingProperty& naming : kNamingProperties)
    if (key == naming.key) {
      wanted.kinds &= bit(naming.kind);
      wanted.streams = streams_named(value.string());
    }
  if (key == "atom_id") {
    narrow_to_atom(wanted, value.string());
  } else if (key == "name" && !wanted.atoms) {
    wanted.kinds &= bit(NodeKind::atom) | bit(NodeKind::model);
    if (wanted.has(NodeKind::atom)) wanted.atoms = atoms_named(value.string());
  }
}

NodeScan::Wanted NodeScan::wanted(const cypher::NodeFilter& filter) {
  Wanted wanted{kAllKinds, {}, {}, {}};
  for (const std::string& label : filter.labels) wanted.kinds &= kinds_labelled(label);
  for (const auto& [key, value] : filter.equal) narrow(wanted, key, value);
  return wanted;
}

std::size_t NodeScan::nodes(const cypher::NodeFilter& filter, cypher::NodeId after,
                            std::span<cypher::NodeId> out) {
  const Wanted wanted = this->wanted(filter);
  Filling filling{out};
  receipts(wanted, after, filling);
  rows(wanted, NodeKind::atom, atoms_, after, filling);
  rows(wanted, NodeKind::lost_atom, lost_, after, filling);
  entities_.reset();
  entities_.bind(3, static_cast<int>(EntityKind::model));
  rows(wanted, NodeKind::model, entities_, after, filling);
  entities_.reset();
  entities_.bind(3, static_cast<int>(EntityKind::reasoning));
  rows(wanted, NodeKind::reasoning, entities_, after, filling);
  return filling.size;
}

void NodeScan::receipts(const Wanted& wanted, cypher::NodeId after, Filling& filling) {
  constexpr std::uint32_t kReceiptKinds = bit(NodeKind::atom) - 1;
  if ((wanted.kinds & kReceiptKinds) == 0 || after >> kAreaBits > 0) return;
  const std::int64_t next = after < 0 ? 0 : node_key(after).row;
  if (wanted.streams) {
    for (const std::int64_t stream : *wanted.streams)
      if (stream >= next) receipt(wanted, stream, after, filling);
    return;
  }
  // Where other nodes are wanted than one of each receipt, few receipts fill the rest.
  constexpr std::int64_t kFew = 8;
  const bool one_of_each = std::has_single_bit(wanted.kinds & kReceiptKinds) &&
                           (wanted.has(NodeKind::inference) || wanted.has(NodeKind::decision));
  std::optional<std::int64_t> leaf = leaf_from(next);
  while (leaf && !filling.full()) {
    std::vector<std::int64_t> batch;
    const auto room = static_cast<std::int64_t>(filling.out.size() - filling.size);
    streams_.with(*leaf, one_of_each ? room : std::min(room, kFew));
    for (; streams_.step(); leaf = streams_.integer(1) + 1)
      batch.push_back(streams_.integer(0));
    streams_.reset();
    if (batch.empty()) return;
    for (const std::int64_t stream : batch)
      if (!filling.full()) receipt(wanted, stream, after, filling);
  }
}

// Receipts are numbered in the order of the log, by which a tenant's are found without a look
// at all of them.
std::optional<std::int64_t> NodeScan::leaf_from(std::int64_t stream) {
  if (stream == 0) return 0;
  const auto number = [](store::Statement& row) -> std::optional<std::int64_t> {
    const bool is_there = row.step() && !row.is_null(0);
    const auto found = is_there ? std::optional{row.integer(0)} : std::nullopt;
    row.reset();
    return found;
  };
  if (const auto leaf = number(leaf_.with(stream))) return leaf;
  return number(leaf_after_.with(stream));
}

void NodeScan::receipt(const Wanted& wanted, std::int64_t stream, cypher::NodeId after,
                       Filling& filling) {
  const auto add_run = [&](NodeKind kind, std::uint32_t count, std::uint32_t begin = 0) {
    const cypher::NodeId first = node_id({kind, stream, begin});
    const auto start = std::max<std::int64_t>(0, after + 1 - first);
    for (std::int64_t place = start; place < count && !filling.full(); ++place)
      filling.add(first + place);
  };
  if (wanted.has(NodeKind::inference)) add_run(NodeKind::inference, 1);
  if (wanted.has(NodeKind::decision)) add_run(NodeKind::decision, 1);
  if (wanted.has(NodeKind::evidence) && !filling.full()) {
    add_run(NodeKind::evidence, evidence_count(source_.opened(stream).receipt()));
    add_run(NodeKind::evidence, source_.hit_count(stream), kFirstHit);
  }
  if (wanted.has(NodeKind::alternative) && !filling.full())
    add_run(NodeKind::alternative, alternative_count(source_.opened(stream)));
}

void NodeScan::rows(const Wanted& wanted, NodeKind kind, store::Statement& statement,
                    cypher::NodeId after, Filling& filling) {
  const cypher::NodeId first = node_id({kind, 0, 0});
  const cypher::NodeId last = first + (std::int64_t{1} << kAreaBits) - 1;
  if (!wanted.has(kind) || filling.full() || after >= last) return;
  const std::int64_t after_row = after < first ? 0 : after - first;
  if (const auto* named = wanted.named(kind)) {
    for (const std::int64_t row : *named)
      if (row > after_row && !filling.full()) filling.add(first + row);
    return;
  }
  statement.reset();
  statement.bind(1, after_row);
  statement.bind(2, static_cast<std::int64_t>(filling.out.size() - filling.size));
  while (statement.step()) filling.add(first + statement.integer(0));
  statement.reset();
}

}  // namespace hart::prov
