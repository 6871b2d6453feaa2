#include "prov/retention.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "prov/content.h"
#include "prov/graph/derivation.h"
#include "prov/stream.h"
#include "store/erase_files.h"

namespace hart::prov {
namespace {

constexpr std::size_t kStreamsPerTransaction = 500;

constexpr const char* kSearch = "search";

using Positions = std::set<std::uint32_t>;

/// The acting tenant's streams that end before `before` and have openings, oldest first.
std::vector<std::int64_t> streams_with_openings(store::Store& store, TimeUs before) {
  auto rows = store.db().prepare(
      "SELECT generation_stream_id FROM my_generation_stream AS stream"
      " WHERE completed_us < ? AND EXISTS (SELECT 1 FROM my_generation_stream_opening AS "
      "opening"
      "   WHERE opening.generation_stream_id = stream.generation_stream_id)"
      " ORDER BY leaf_index");
  rows.with(before);
  std::vector<std::int64_t> streams;
  while (rows.step()) streams.push_back(rows.integer(0));
  return streams;
}

void erase_openings(store::Store& store, std::int64_t stream, const Positions& positions) {
  const std::vector<std::uint32_t> all{positions.begin(), positions.end()};
  prov::erase_openings(store, stream, std::span{all});
}

Positions positions_of(const Openings& openings) {
  Positions positions;
  for (const auto& [position, opening] : openings) positions.insert(position);
  return positions;
}

/// Erases all openings of a stream, or only counts them.
void erase_stream(store::Store& store, std::int64_t stream, bool dry_run,
                  ErasedOpenings& erased) {
  const Openings openings = load_openings(store, stream);
  ++erased.receipts;
  erased.openings += openings.size();
  for (const auto& [position, opening] : openings) erased.bytes += opening.content.size();
  if (!dry_run) erase_openings(store, stream, positions_of(openings));
}

/// What of one generation goes with erased content.
class Sieve {
 public:
  Sieve(store::Store& store, const store::Erasure& erasure)
      : store_{store},
        erasure_{erasure},
        evidence_{store.db().prepare(
            "SELECT sequence, atom_space, atom_hash FROM my_atom_provenance"
            " WHERE generation_stream_id = ? AND provenance_type = 'evidence'")},
        forget_{store.db().prepare("DELETE FROM atom_provenance WHERE generation_stream_id = ?"
                                   " AND role = 1 AND sequence = ?",
                                   store::Scope::owner)},
        forget_subject_{
            store.db().prepare("DELETE FROM atom_provenance WHERE generation_stream_id = ?"
                               " AND role = 2 AND sequence = ?",
                               store::Scope::owner)} {}

  /// Returns how many openings went.
  std::uint64_t erase_from(const GenerationStream& stream) {
    const Receipt receipt = decode_receipt(stream.receipt);
    const Openings openings = load_openings(store_, stream.generation_stream_id);
    const std::set<std::int64_t> evidence = erased_evidence(stream, receipt, openings);
    Positions gone = committed_positions(receipt, evidence, openings);
    for (const ReceiptModel& model : receipt.models)
      if (is_erased(model.id)) gone.insert(model.name.position);
    // As the log of queries goes: what was looked for may be the words of what is erased.
    if (stream.operation == kSearch) {
      gone.insert({receipt.prompt.position, receipt.vector.position});
      for (const Committed& query : receipt.queries) gone.insert(query.position);
    }
    erase_subjects(stream, receipt, openings, gone);
    std::erase_if(gone, [&](std::uint32_t position) { return !openings.contains(position); });
    erase_openings(store_, stream.generation_stream_id, gone);
    for (const std::int64_t sequence : evidence)
      forget_.run(stream.generation_stream_id, sequence);
    return gone.size();
  }

 private:
  [[nodiscard]] bool is_erased(const Id& id) const {
    return std::ranges::binary_search(erasure_.ids, id);
  }

  /// Whether an opening of evidence holds erased content, or cannot be read.
  [[nodiscard]] bool is_erased(const Opening& opening) const {
    try {
      const Evidence evidence = decode_evidence(opening.content);
      return is_erased(evidence.atom) ||
             std::ranges::binary_search(erasure_.names, evidence.name);
    } catch (const Error&) {
      return true;  // Damaged: what it holds cannot be told.
    }
  }

  /// What was ingested or embedded, and the rows that repeat it.
  void erase_subjects(const GenerationStream& stream, const Receipt& receipt,
                      const Openings& openings, Positions& gone) {
    for (std::size_t i = 0; i < receipt.subjects.size(); ++i) {
      const std::uint32_t position = receipt.subjects[i].position;
      const auto opening = openings.find(position);
      if (opening == openings.end() || !is_subject_erased(opening->second)) continue;
      gone.insert(position);
      // The text that was embedded.
      gone.insert(receipt.prompt.position);
      forget_subject_.run(stream.generation_stream_id, static_cast<std::int64_t>(i));
    }
  }

  [[nodiscard]] bool is_subject_erased(const Opening& opening) const {
    try {
      const SubjectAtom subject = decode_subject(opening.content);
      return is_erased(subject.atom) ||
             std::ranges::binary_search(erasure_.names, subject.name);
    } catch (const Error&) {
      return true;
    }
  }

  /// By what the openings say and, where one was erased earlier, by the provenance of atoms.
  std::set<std::int64_t> erased_evidence(const GenerationStream& stream, const Receipt& receipt,
                                         const Openings& openings) {
    std::set<std::int64_t> erased;
    evidence_.with(stream.generation_stream_id);
    while (evidence_.step())
      if (is_erased(Id{static_cast<IdSpace>(evidence_.integer(1)), evidence_.hash(2)}))
        erased.insert(evidence_.integer(0));
    for (std::size_t i = 0; i < receipt.evidence.size(); ++i) {
      const auto opening = openings.find(receipt.evidence[i].position);
      if (opening != openings.end() && is_erased(opening->second))
        erased.insert(static_cast<std::int64_t>(i));
    }
    return erased;
  }

  /// The positions of erased evidence, of what was generated from it, and of whatever else has
  /// its text.
  [[nodiscard]] static Positions committed_positions(const Receipt& receipt,
                                                     const std::set<std::int64_t>& evidence,
                                                     const Openings& openings) {
    Positions positions;
    if (evidence.empty()) return positions;
    std::vector<std::string> texts;
    for (const std::int64_t sequence : evidence) {
      if (static_cast<std::size_t>(sequence) >= receipt.evidence.size()) continue;
      const std::uint32_t position =
          receipt.evidence[static_cast<std::size_t>(sequence)].position;
      positions.insert(position);
      if (const auto found = openings.find(position); found != openings.end())
        texts.push_back(evidence_text(found->second));
    }
    for (const TokenRun& run : receipt.tokens) positions.insert(run.committed.position);
    for (const ReceiptStep& step : receipt.steps) positions.insert(step.text.position);
    positions.insert(receipt.output.position);
    for (const auto& [position, opening] : openings)
      if (std::ranges::any_of(texts, [&](const std::string& text) {
            return !text.empty() &&
                   as_text(opening.content).find(text) != std::string_view::npos;
          }))
        positions.insert(position);
    return positions;
  }

  static std::string evidence_text(const Opening& opening) {
    try {
      return decode_evidence(opening.content).text;
    } catch (const Error&) {
      return {};
    }
  }

  store::Store& store_;
  const store::Erasure& erasure_;
  store::Statement evidence_;
  store::Statement forget_;
  store::Statement forget_subject_;
};

/// Those that were given evidence, are about an atom or found some, and those of a model that
/// went: no other can hold anything that an object held.
std::vector<std::uint64_t> suspects(store::Store& store, const store::Erasure& erasure) {
  auto rows = store.db().prepare(
      "SELECT leaf_index, model_space, model_hash, EXISTS (SELECT 1 FROM my_atom_provenance AS "
      "p"
      "   WHERE p.generation_stream_id = stream.generation_stream_id"
      "     AND p.provenance_type <> 'model') OR operation = 'search'"
      "  FROM my_generation_stream AS stream ORDER BY leaf_index");
  std::vector<std::uint64_t> leaves;
  while (rows.step())
    if (rows.integer(3) != 0 ||
        (!rows.is_null(1) &&
         std::ranges::binary_search(erasure.ids,
                                    Id{static_cast<IdSpace>(rows.integer(1)), rows.hash(2)})))
      leaves.push_back(static_cast<std::uint64_t>(rows.integer(0)));
  return leaves;
}

/// The graph is derived from rows that have changed: it is derived anew when it is next asked
/// for, but for the measures of receipts whose openings are gone.
void forget_graph(store::Store& store) {
  for (const char* table : {"provenance_influence", "provenance_summary", "provenance_entity"})
    store.db()
        .prepare(std::string{"DELETE FROM "} + table + " WHERE tenant_id = ?",
                 store::Scope::owner)
        .run(store.tenant_id());
}

std::uint64_t erase_all(store::Store& store) {
  ErasedOpenings erased;
  for (const std::int64_t stream : streams_with_openings(store, INT64_MAX))
    erase_stream(store, stream, false, erased);
  store.db()
      .prepare("DELETE FROM atom_provenance WHERE tenant_id = ? AND role <> 0",
               store::Scope::owner)
      .run(store.tenant_id());
  forget_graph(store);
  return erased.openings;
}

}  // namespace

ErasedOpenings erase_openings_before(store::Store& store, TimeUs before, bool dry_run,
                                     const std::function<void()>& step) {
  // What the graph says of them can be derived only now.
  if (!dry_run) derive_graph(store);
  const std::vector<std::int64_t> streams = streams_with_openings(store, before);
  ErasedOpenings erased;
  for (std::size_t at = 0; at < streams.size(); at += kStreamsPerTransaction) {
    const std::size_t end = std::min(streams.size(), at + kStreamsPerTransaction);
    std::optional<store::WriteTransaction> transaction;
    if (!dry_run) transaction.emplace(store);
    for (std::size_t i = at; i < end; ++i) erase_stream(store, streams[i], dry_run, erased);
    if (transaction) transaction->commit();
    transaction.reset();
    if (step) step();
  }
  if (!dry_run && erased.openings > 0) erased.remains = store::rewrite_databases(store);
  return erased;
}

std::uint64_t erase_provenance(store::Store& store, const store::Erasure& erasure) {
  // What used an erased atom is found by what the graph says.
  derive_graph_within(store);
  if (erasure.everything) return erase_all(store);
  Sieve sieve{store, erasure};
  std::uint64_t openings = 0;
  for (const std::uint64_t leaf : suspects(store, erasure))
    if (const auto stream = stream_at(store, leaf)) openings += sieve.erase_from(*stream);
  if (openings > 0) forget_graph(store);
  return openings;
}

}  // namespace hart::prov
