#include "prov/graph/derivation.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/id.h"
#include "prov/graph/entity.h"
#include "prov/graph/used_atoms.h"
#include "prov/measures.h"
#include "prov/opened_receipt.h"

namespace hart::prov {
namespace {

/// Receipts that are added in one transaction.
constexpr std::uint64_t kReceiptsPerTransaction = 512;

struct Influence {
  std::int64_t earlier = 0;
  std::int64_t strength = 0;  ///< millionths
  bool operator==(const Influence&) const = default;
};

/// Measures as they are stored: millionths.
struct StoredMeasures {
  std::optional<std::int64_t> confidence, grounding, support;
  bool operator==(const StoredMeasures&) const = default;
};

/// What the graph says of one receipt.
struct Derived {
  std::vector<Entity> entities;
  std::optional<Entity> reasoning;
  std::int64_t evidence_atoms = 0;
  std::vector<Influence> influences;
  StoredMeasures measures;
  bool whole = false;  ///< nothing that the measures need was erased
};

std::optional<std::int64_t> stored(std::optional<double> share) {
  return share ? std::optional{to_millionths(*share)} : std::nullopt;
}

StoredMeasures measures_of(OpenedReceipt& opened) {
  const Measures measures = opened.measures();
  return {stored(measures.confidence), stored(measures.grounding), stored(measures.support)};
}

/// Derives receipts in the order of the log.
class Derivation {
 public:
  explicit Derivation(store::Store& store)
      : used_{store.db().prepare("SELECT DISTINCT atom_space, atom_hash FROM my_atom_provenance"
                                 " WHERE generation_stream_id = ? AND role = ?")},
        earlier_{store.db().prepare(
            "SELECT DISTINCT generation_stream_id FROM my_atom_provenance"
            " WHERE atom_hash = ? AND atom_space = ? AND role = 1"
            " AND generation_stream_id < ? ORDER BY generation_stream_id DESC LIMIT ?")} {}

  /// From the rows of atom_provenance, which must be there, and the openings.
  Derived derive(OpenedReceipt& opened) {
    Derived derived;
    const std::int64_t stream = opened.stream().generation_stream_id;
    const std::vector<Id> atoms = evidence_atoms(stream);
    for (const Id& atom : atoms) derived.entities.push_back(atom_entity(atom));
    for (const Id& subject : ids(stream, AtomRole::subject))
      derived.entities.push_back(atom_entity(subject));
    for (const Id& model : ids(stream, AtomRole::model))
      derived.entities.push_back(model_entity(model));
    const std::string& mode = opened.receipt().reasoning;
    if (!mode.empty()) derived.reasoning = reasoning_entity(mode);
    derived.evidence_atoms = static_cast<std::int64_t>(atoms.size());
    derived.influences = influences(stream, atoms);
    derived.whole = opened.whole();
    derived.measures = measures_of(opened);
    return derived;
  }

 private:
  std::vector<Id> ids(std::int64_t stream, AtomRole role) {
    used_.with(stream, static_cast<int>(role));
    std::vector<Id> found;
    while (used_.step())
      found.push_back({static_cast<IdSpace>(used_.integer(0)), used_.hash(1)});
    used_.reset();
    std::ranges::sort(found);
    return found;
  }

  std::vector<Influence> influences(std::int64_t stream, const std::vector<Id>& atoms) {
    std::set<std::int64_t> candidates;
    for (const Id& atom : atoms) {
      earlier_.with(atom.hash, static_cast<int>(atom.space), stream, kComparedUses);
      while (earlier_.step()) candidates.insert(earlier_.integer(0));
    }
    earlier_.reset();
    std::vector<Influence> influences;
    influences.reserve(candidates.size());
    for (const std::int64_t earlier : candidates) {
      const std::vector<Id>& others = evidence_atoms(earlier);
      const std::size_t common = shared(atoms, others);
      const std::size_t all = atoms.size() + others.size() - common;
      influences.push_back(
          {earlier, to_millionths(static_cast<double>(common) / static_cast<double>(all))});
    }
    std::ranges::sort(influences, [](const Influence& left, const Influence& right) {
      return std::pair{left.strength, left.earlier} > std::pair{right.strength, right.earlier};
    });
    if (influences.size() > kMostInfluences) influences.resize(kMostInfluences);
    return influences;
  }

  /// The atoms of a receipt's evidence, ascending. Those of the latest receipts, which are
  /// compared again and again, are remembered.
  const std::vector<Id>& evidence_atoms(std::int64_t stream) {
    const auto known = evidence_.find(stream);
    if (known != evidence_.end()) return known->second;
    if (evidence_.size() == kMostRemembered) evidence_.erase(evidence_.begin());
    return evidence_.emplace(stream, ids(stream, AtomRole::evidence)).first->second;
  }

  static std::size_t shared(const std::vector<Id>& left, const std::vector<Id>& right) {
    std::size_t count = 0;
    auto a = left.begin();
    auto b = right.begin();
    while (a != left.end() && b != right.end()) {
      if (*a < *b) {
        ++a;
      } else if (*b < *a) {
        ++b;
      } else {
        ++count, ++a, ++b;
      }
    }
    return count;
  }

  static constexpr std::size_t kMostRemembered = 16'384;

  store::Statement used_, earlier_;
  std::map<std::int64_t, std::vector<Id>> evidence_;
};

/// Writes what was derived.
class DerivationWriter {
 public:
  explicit DerivationWriter(store::Store& store)
      : store_{store},
        entities_{store},
        used_{store.db().prepare(
            "INSERT INTO atom_provenance (generation_stream_id, role, sequence, tenant_id,"
            " atom_space, atom_hash, weight) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            store::Scope::owner)},
        summary_{store.db().prepare(
            "INSERT INTO provenance_summary (generation_stream_id, tenant_id, leaf_index,"
            " reasoning_entity_id, evidence_atoms, confidence_millionths,"
            " grounding_millionths, support_millionths) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            store::Scope::owner)},
        influence_{store.db().prepare(
            "INSERT INTO provenance_influence (later_stream_id, rank, tenant_id,"
            " earlier_stream_id, strength_millionths) VALUES (?, ?, ?, ?, ?)",
            store::Scope::owner)} {}

  /// Rows that are there stay: what they repeat may have been erased since they were written.
  void write_used(const GenerationStream& stream, const std::vector<UsedAtom>& atoms) {
    for (const UsedAtom& used : atoms)
      used_.run(stream.generation_stream_id, static_cast<int>(used.role),
                static_cast<std::int64_t>(used.sequence), store_.tenant_id(),
                static_cast<int>(used.atom.space), used.atom.hash, used.weight);
  }

  void write(const GenerationStream& stream, const Derived& derived) {
    for (const Entity& entity : derived.entities) entities_.put(entity);
    std::optional<std::int64_t> reasoning;
    if (derived.reasoning) reasoning = entities_.put(*derived.reasoning);
    summary_.run(stream.generation_stream_id, store_.tenant_id(), stream.leaf_index, reasoning,
                 derived.evidence_atoms, derived.measures.confidence,
                 derived.measures.grounding, derived.measures.support);
    std::int64_t rank = 0;
    for (const Influence& influence : derived.influences)
      influence_.run(stream.generation_stream_id, rank++, store_.tenant_id(), influence.earlier,
                     influence.strength);
  }

 private:
  store::Store& store_;
  EntityWriter entities_;
  store::Statement used_, summary_, influence_;
};

std::uint64_t derived_receipts(store::Store& store) {
  auto newest = store.db().prepare("SELECT max(leaf_index) + 1 FROM my_provenance_summary");
  return newest.step() ? static_cast<std::uint64_t>(newest.integer(0)) : 0;
}

std::uint64_t log_size(store::Store& store) {
  auto newest = store.db().prepare("SELECT max(leaf_index) + 1 FROM my_generation_stream");
  return newest.step() ? static_cast<std::uint64_t>(newest.integer(0)) : 0;
}

/// Adds receipts to the graph, the oldest that are not in it first.
class GraphDerivation {
 public:
  explicit GraphDerivation(store::Store& store)
      : store_{store}, derivation_{store}, writer_{store} {}

  /// At most `most` of them; returns how many. Call inside a WriteTransaction.
  std::uint64_t add(std::uint64_t most) {
    const std::uint64_t first = derived_receipts(store_);
    const std::uint64_t left = underived_receipts(store_);
    const std::uint64_t count = std::min(left, most);
    for (std::uint64_t leaf = first; leaf < first + count; ++leaf) {
      auto stream = stream_at(store_, leaf);
      if (!stream)
        throw Error{Fault::data, "receipt " + std::to_string(leaf) + " of the log is missing"};
      add_receipt(std::move(*stream));
    }
    return count;
  }

 private:
  /// A damaged receipt takes its place with what can be read of it: to tell of the damage is
  /// the verification's, and erasing the rest must not depend on it.
  void add_receipt(GenerationStream stream) {
    Derived derived;
    const GenerationStream row = stream;
    try {
      OpenedReceipt opened{store_, std::move(stream)};
      writer_.write_used(row, used_atoms(opened));
      derived = derivation_.derive(opened);
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
    }
    writer_.write(row, derived);
  }

  store::Store& store_;
  Derivation derivation_;
  DerivationWriter writer_;
};

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

std::uint64_t derive_graph(store::Store& store) {
  std::uint64_t added = 0;
  GraphDerivation derivation{store};
  while (underived_receipts(store) > 0) {
    store::WriteTransaction transaction{store};
    // Another process may have come first: what is there is known only under the lock.
    added += derivation.add(kReceiptsPerTransaction);
    transaction.commit();
  }
  return added;
}

std::uint64_t derive_graph_within(store::Store& store) {
  return GraphDerivation{store}.add(std::numeric_limits<std::uint64_t>::max());
}

std::uint64_t underived_receipts(store::Store& store) {
  return log_size(store) - std::min(log_size(store), derived_receipts(store));
}

std::vector<std::string> verify_graph(store::Store& store) {
  std::vector<std::string> problems;
  Derivation derivation{store};
  DerivedReader reader{store};
  const std::uint64_t end = std::min(derived_receipts(store), log_size(store));
  std::uint64_t influences = 0;
  for (std::uint64_t leaf = 0; leaf < end; ++leaf) {
    const std::string where = "receipt " + std::to_string(leaf) + ": ";
    try {
      auto stream = stream_at(store, leaf);
      if (!stream) {
        problems.push_back(where + "there is no such receipt");
        continue;
      }
      OpenedReceipt opened{store, std::move(*stream)};
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
