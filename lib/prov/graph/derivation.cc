#include "prov/graph/derivation.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "prov/graph/entity.h"
#include "prov/graph/receipt_derivation.h"
#include "prov/graph/used_atoms.h"
#include "prov/opened_receipt.h"

namespace hart::prov {
namespace {

/// Receipts that are added in one transaction.
constexpr std::uint64_t kReceiptsPerTransaction = 512;
/// And no more once they used so many atoms: receipts of many searches have thousands each.
constexpr std::uint64_t kAtomsPerTransaction = 100'000;

/// The first column of the first row as a count.
std::uint64_t first_count(store::Store& store, const char* sql) {
  auto rows = store.db().prepare(sql);
  return rows.step() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

std::uint64_t log_size(store::Store& store) {
  return first_count(store, "SELECT max(leaf_index) + 1 FROM my_generation_stream");
}

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

/// Adds receipts to the graph, the oldest that are not in it first.
class GraphDerivation {
 public:
  explicit GraphDerivation(store::Store& store)
      : store_{store}, derivation_{store}, writer_{store} {}

  /// At most `most` of them, and none after `most_atoms` were used; returns how many. Call
  /// inside a WriteTransaction.
  std::uint64_t add(std::uint64_t most, std::uint64_t most_atoms) {
    const std::uint64_t first = derived_receipts(store_);
    const std::uint64_t left = underived_receipts(store_);
    std::uint64_t atoms = 0;
    std::uint64_t added = 0;
    for (; added < std::min(left, most) && atoms < most_atoms; ++added) {
      auto stream = stream_at(store_, first + added);
      if (!stream)
        throw Error{Fault::data,
                    "receipt " + std::to_string(first + added) + " of the log is missing"};
      atoms += add_receipt(std::move(*stream));
    }
    return added;
  }

 private:
  /// A damaged receipt takes its place with what can be read of it: to tell of the damage is
  /// the verification's, and erasing the rest must not depend on it. Returns how many atoms
  /// were used.
  std::uint64_t add_receipt(GenerationStream stream) {
    Derived derived;
    std::uint64_t atoms = 0;
    const GenerationStream row = stream;
    try {
      OpenedReceipt opened{store_, std::move(stream), nullptr};
      const std::vector<UsedAtom> used = used_atoms(opened);
      atoms = used.size();
      writer_.write_used(row, used);
      derived = derivation_.derive(opened);
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
    }
    writer_.write(row, derived);
    return atoms;
  }

  store::Store& store_;
  ReceiptDerivation derivation_;
  DerivationWriter writer_;
};

}  // namespace

std::uint64_t derive_graph(store::Store& store) {
  std::uint64_t added = 0;
  GraphDerivation derivation{store};
  while (underived_receipts(store) > 0) {
    store::WriteTransaction transaction{store};
    // Another process may have come first: what is there is known only under the lock.
    added += derivation.add(kReceiptsPerTransaction, kAtomsPerTransaction);
    transaction.commit();
  }
  return added;
}

std::uint64_t derive_graph_within(store::Store& store) {
  constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
  return GraphDerivation{store}.add(kAll, kAll);
}

std::uint64_t derived_receipts(store::Store& store) {
  return std::min(first_count(store, "SELECT max(leaf_index) + 1 FROM my_provenance_summary"),
                  log_size(store));
}

std::uint64_t underived_receipts(store::Store& store) {
  return log_size(store) - derived_receipts(store);
}

}  // namespace hart::prov
