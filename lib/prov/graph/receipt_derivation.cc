#include "prov/graph/receipt_derivation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "prov/graph/derivation.h"
#include "prov/graph/node_key.h"
#include "prov/measures.h"

namespace hart::prov {
namespace {

std::optional<std::int64_t> stored(std::optional<double> share) {
  return share ? std::optional{to_millionths(*share)} : std::nullopt;
}

StoredMeasures measures_of(OpenedReceipt& opened) {
  const Measures measures = opened.measures();
  return {stored(measures.confidence), stored(measures.grounding), stored(measures.support)};
}

/// How many two ascending lists have in common.
std::size_t shared(const std::vector<Id>& left, const std::vector<Id>& right) {
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

}  // namespace

ReceiptDerivation::ReceiptDerivation(store::Store& store)
    : used_{store.db().prepare("SELECT DISTINCT atom_space, atom_hash FROM my_atom_provenance"
                               " WHERE generation_stream_id = ? AND role = ?"
                               "   AND sequence < ?")},
      earlier_{store.db().prepare(
          "SELECT DISTINCT generation_stream_id FROM my_atom_provenance"
          " WHERE atom_hash = ? AND atom_space = ? AND role = 1"
          " AND generation_stream_id < ? ORDER BY generation_stream_id DESC LIMIT ?")},
      found_{store.db().prepare("SELECT 1 FROM my_atom_provenance"
                                " WHERE atom_hash = ? AND atom_space = ?"
                                "   AND generation_stream_id = ? AND role = 1 LIMIT 1")},
      found_atoms_{store.db().prepare("SELECT evidence_atoms FROM my_provenance_summary"
                                      " WHERE generation_stream_id = ?")} {}

Derived ReceiptDerivation::derive(OpenedReceipt& opened) {
  Derived derived;
  const std::int64_t stream = opened.stream().generation_stream_id;
  const std::vector<Id> atoms = evidence_atoms(stream);
  const bool alone = opened.receipt().queries.empty();
  const std::vector<Id> all = alone ? atoms : ids(stream, AtomRole::evidence);
  for (const Id& atom : all) derived.entities.push_back(atom_entity(atom));
  for (const Id& subject : ids(stream, AtomRole::subject))
    derived.entities.push_back(atom_entity(subject));
  for (const Id& model : ids(stream, AtomRole::model))
    derived.entities.push_back(model_entity(model));
  const std::string& mode = opened.receipt().reasoning;
  if (!mode.empty()) derived.reasoning = reasoning_entity(mode);
  derived.evidence_atoms = static_cast<std::int64_t>(all.size());
  derived.influences = influences(stream, atoms);
  derived.whole = opened.whole();
  derived.measures = measures_of(opened);
  return derived;
}

std::vector<Id> ReceiptDerivation::ids(std::int64_t stream, AtomRole role, std::int64_t end) {
  used_.with(stream, static_cast<int>(role), end);
  std::vector<Id> found;
  while (used_.step()) found.push_back({static_cast<IdSpace>(used_.integer(0)), used_.hash(1)});
  used_.reset();
  std::ranges::sort(found);
  return found;
}

std::vector<Influence> ReceiptDerivation::influences(std::int64_t stream,
                                                     const std::vector<Id>& atoms) {
  std::set<std::int64_t> candidates;
  for (const Id& atom : atoms) {
    earlier_.with(atom.hash, static_cast<int>(atom.space), stream, kComparedUses);
    while (earlier_.step()) candidates.insert(earlier_.integer(0));
  }
  earlier_.reset();
  std::vector<Influence> influences;
  influences.reserve(candidates.size());
  for (const std::int64_t earlier : candidates) {
    const Overlap overlap = this->overlap(atoms, earlier);
    const std::size_t all =
        atoms.size() + std::max(overlap.others, overlap.common) - overlap.common;
    influences.push_back({earlier, to_millionths(static_cast<double>(overlap.common) /
                                                 static_cast<double>(all))});
  }
  std::ranges::sort(influences, [](const Influence& left, const Influence& right) {
    return std::pair{left.strength, left.earlier} > std::pair{right.strength, right.earlier};
  });
  if (influences.size() > kMostInfluences) influences.resize(kMostInfluences);
  return influences;
}

ReceiptDerivation::Overlap ReceiptDerivation::overlap(const std::vector<Id>& atoms,
                                                      std::int64_t earlier) {
  const std::vector<Id>& others = evidence_atoms(earlier);
  if (!others.empty()) return {shared(atoms, others), others.size()};
  // Searches that were answered together found many: they are looked up, not listed.
  const auto was_found = [&](const Id& atom) {
    const bool found = found_.with(atom.hash, static_cast<int>(atom.space), earlier).step();
    found_.reset();
    return found;
  };
  Overlap overlap;
  overlap.common = static_cast<std::size_t>(std::ranges::count_if(atoms, was_found));
  if (found_atoms_.with(earlier).step())
    overlap.others = static_cast<std::size_t>(found_atoms_.integer(0));
  found_atoms_.reset();
  return overlap;
}

const std::vector<Id>& ReceiptDerivation::evidence_atoms(std::int64_t stream) {
  const auto known = evidence_.find(stream);
  if (known != evidence_.end()) return known->second;
  if (evidence_.size() == kMostRemembered) evidence_.erase(evidence_.begin());
  return evidence_.emplace(stream, ids(stream, AtomRole::evidence, kFirstHit)).first->second;
}

}  // namespace hart::prov
