#include "prov/graph/verify_graph.h"

#include <optional>
#include <utility>

#include "core/error.h"
#include "core/id.h"
#include "prov/graph/derivation.h"
#include "prov/graph/entity.h"
#include "prov/graph/receipt_derivation.h"
#include "prov/opened_receipt.h"

namespace hart::prov {
namespace {

/// What is stored of one receipt, to be compared.
class DerivedReader {
 public:
  explicit DerivedReader(store::Store& store)
      : entities_{store},
        summary_{store.db().prepare(
            "SELECT leaf_index, reasoning_entity_id, evidence_atoms, confidence_millionths,"
            " grounding_millionths, support_millionths FROM my_provenance_summary"
            " WHERE generation_stream_id = ?")},
        influences_{store.db().prepare(
            "SELECT rank, earlier_stream_id, strength_millionths FROM my_provenance_influence"
            " WHERE later_stream_id = ? ORDER BY rank")} {}

  /// What differs, or an empty text.
  std::string difference(const GenerationStream& stream, const Derived& derived) {
    summary_.with(stream.generation_stream_id);
    const std::string found = summary_difference(stream, derived);
    summary_.reset();
    if (!found.empty()) return found;
    if (influences(stream.generation_stream_id) != derived.influences) return "its influences";
    for (const Entity& entity : derived.entities)
      if (!entities_.find(entity)) return "what it used";
    return {};
  }

 private:
  std::string summary_difference(const GenerationStream& stream, const Derived& derived) {
    if (!summary_.step()) return "its place: it is missing";
    if (summary_.integer(0) != static_cast<std::int64_t>(stream.leaf_index)) return "its place";
    std::optional<std::int64_t> reasoning;
    if (derived.reasoning) reasoning = entities_.find(*derived.reasoning);
    if (optional(1) != reasoning) return "its mode of reasoning";
    if (summary_.integer(2) != derived.evidence_atoms) return "the number of atoms it used";
    if (derived.whole &&
        StoredMeasures{optional(3), optional(4), optional(5)} != derived.measures)
      return "its measures";
    return {};
  }

  [[nodiscard]] std::optional<std::int64_t> optional(int column) const {
    return summary_.is_null(column) ? std::nullopt : std::optional{summary_.integer(column)};
  }

  std::vector<Influence> influences(std::int64_t stream) {
    influences_.with(stream);
    std::vector<Influence> found;
    while (influences_.step()) {
      const bool in_place = influences_.integer(0) == static_cast<std::int64_t>(found.size());
      found.push_back(in_place ? Influence{influences_.integer(1), influences_.integer(2)}
                               : Influence{});
    }
    influences_.reset();
    return found;
  }

  EntityReader entities_;
  store::Statement summary_, influences_;
};

/// Whether the name of a mode of reasoning is not that which its hash is of.
bool has_false_name(store::Store& store) {
  auto modes =
      store.db().prepare("SELECT name, hash, space FROM my_provenance_entity WHERE kind = 2");
  while (modes.step())
    if (reasoning_entity(std::string{modes.text(0)}).id !=
        Id{static_cast<IdSpace>(modes.integer(2)), modes.hash(1)})
      return true;
  return false;
}

/// Rows that belong to no receipt of the first `receipts`, which have `influences` together.
std::vector<const char*> strays(store::Store& store, std::uint64_t receipts,
                                std::uint64_t influences) {
  const auto count = [&store](const char* sql) {
    auto rows = store.db().prepare(sql);
    return rows.step() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
  };
  std::vector<const char*> found;
  if (count("SELECT count(*) FROM my_provenance_summary") != receipts)
    found.push_back("it has a receipt that is not in the log");
  if (count("SELECT count(*) FROM my_provenance_influence") != influences)
    found.push_back("it has an influence of no receipt");
  if (count("SELECT count(*) FROM my_provenance_entity AS e WHERE e.kind < 2"
            " AND (e.name IS NOT NULL OR NOT EXISTS"
            " (SELECT 1 FROM my_atom_provenance AS used"
            "  WHERE used.atom_hash = e.hash AND used.atom_space = e.space))") != 0 ||
      count("SELECT count(*) FROM my_provenance_entity AS e WHERE e.kind = 2 AND NOT EXISTS"
            " (SELECT 1 FROM my_provenance_summary AS s"
            "  WHERE s.reasoning_entity_id = e.provenance_entity_id)") != 0)
    found.push_back("it has something that no receipt used");
  if (has_false_name(store)) found.push_back("a mode of reasoning has another's name");
  auto elsewhere = store.db().prepare(
      "SELECT count(*) FROM generation_stream AS g WHERE g.tenant_id = ?1 AND ("
      " EXISTS (SELECT 1 FROM provenance_summary AS s"
      "  WHERE s.generation_stream_id = g.generation_stream_id AND s.tenant_id <> ?1) OR"
      " EXISTS (SELECT 1 FROM provenance_influence AS i"
      "  WHERE i.tenant_id <> ?1 AND i.later_stream_id = g.generation_stream_id))",
      store::Scope::owner);
  if (elsewhere.with(store.tenant_id()).step() && elsewhere.integer(0) != 0)
    found.push_back("rows of it belong to another tenant");
  return found;
}

}  // namespace

std::vector<std::string> verify_graph(store::Store& store) {
  std::vector<std::string> problems;
  ReceiptDerivation derivation{store};
  DerivedReader reader{store};
  const std::uint64_t end = derived_receipts(store);
  std::uint64_t influences = 0;
  for (std::uint64_t leaf = 0; leaf < end; ++leaf) {
    const std::string where = "receipt " + std::to_string(leaf) + ": ";
    try {
      auto stream = stream_at(store, leaf);
      if (!stream) {
        problems.push_back(where + "there is no such receipt");
        continue;
      }
      OpenedReceipt opened{store, std::move(*stream), nullptr};
      const Derived derived = derivation.derive(opened);
      influences += derived.influences.size();
      const std::string differs = reader.difference(opened.stream(), derived);
      if (!differs.empty()) problems.push_back(where + differs + ": not what the receipt says");
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      problems.push_back(where + error.what());
    }
  }
  for (const char* stray : strays(store, end, influences)) problems.push_back(stray);
  return problems;
}

}  // namespace hart::prov
