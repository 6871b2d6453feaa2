#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/content.h"
#include "prov/graph/node_key.h"
#include "prov/receipt.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

/// One receipt under examination.
class Examination {
 public:
  Examination(store::Store& store, const GenerationStream& stream)
      : store_{store}, stream_{stream}, log_{store} {
    result_.uuid = stream.uuid;
    result_.leaf_index = stream.leaf_index;
    result_.receipt_hash = crypto::sha256(stream.receipt);
  }

  ReceiptVerification run() {
    check(result_.receipt_hash == stream_.receipt_hash,
          "the receipt's bytes do not have the stored hash");
    guarded([&] { check_log(); });
    guarded([&] { check_chain(); });
    std::optional<Receipt> receipt;
    guarded([&] { receipt = decode_receipt(stream_.receipt); });
    if (receipt) {
      check_columns(*receipt);
      guarded([&] {
        const Openings openings = load_openings(store_, stream_.generation_stream_id);
        check_openings(*receipt, openings);
        check_provenance(*receipt, openings);
      });
      check_owner();
    }
    return std::move(result_);
  }

 private:
  void check(bool holds, const std::string& problem) {
    if (!holds) result_.problems.push_back(problem);
  }

  /// Damaged data is a finding; whatever else goes wrong is not.
  void guarded(const std::function<void()>& examine) {
    try {
      examine();
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      result_.problems.emplace_back(error.what());
    }
  }

  void check_log() {
    const std::uint64_t size = log_.size();
    const Hash256 leaf = crypto::leaf_hash(result_.receipt_hash);
    check(log_.leaf(stream_.leaf_index) == leaf, "the log's leaf is not this receipt's");
    const crypto::MerkleProof proof = log_.inclusion_proof(stream_.leaf_index, size);
    check(crypto::verify_inclusion(stream_.leaf_index, size, leaf, proof, log_.root(size)),
          "the inclusion proof does not lead to the log's root");
  }

  void check_chain() {
    Hash256 expected{};
    if (stream_.leaf_index > 0) {
      const auto before = stream_at(store_, stream_.leaf_index - 1);
      if (!before) throw Error{Fault::data, "the receipt before this one is missing"};
      expected = before->receipt_hash;
    }
    check(stream_.previous_hash == expected,
          "the chain is broken: the receipt before has another hash");
  }

  void check_columns(const Receipt& receipt) {
    const auto differs = [&](const char* what, bool equal) {
      check(equal, std::string{what} + " beside the receipt differs from what it holds");
    };
    differs("the UUID", receipt.inference == stream_.uuid);
    differs("the operation", receipt.operation == stream_.operation);
    differs("the model", receipt.models.empty() ? !stream_.model
                                                : receipt.models.front().id == stream_.model);
    differs("the start", receipt.started == stream_.started);
    differs("the completion", receipt.completed == stream_.completed);
    differs("the number of tokens in", receipt.tokens_in == stream_.tokens_in);
    differs("the number of tokens out", receipt.tokens_out == stream_.tokens_out);
    differs("the finish reason", receipt.finish_reason == stream_.finish_reason);
    differs("the previous hash", receipt.previous == stream_.previous_hash);
  }

  void check_openings(const Receipt& receipt, const Openings& openings) {
    std::size_t known = 0;
    for (const Committed& committed : receipt.commitments()) {
      ++result_.commitments;
      known += openings.count(committed.position);
      guarded([&] {
        if (open_commitment(committed, openings)) ++result_.opened;
      });
    }
    check(known == openings.size(), "there is an opening for a segment that is no commitment");
  }

  /// The rows that lineage is searched by must say what the receipt says.
  void check_provenance(const Receipt& receipt, const Openings& openings) {
    const Hits hits = hits_of(receipt, openings);
    auto rows = store_.db().prepare(
        "SELECT provenance_type, sequence, atom_space, atom_hash, weight"
        " FROM my_atom_provenance WHERE generation_stream_id = ?");
    rows.with(stream_.generation_stream_id);
    std::set<std::pair<std::string, std::size_t>> seen;
    while (rows.step()) {
      const std::string type{rows.text(0)};
      const auto sequence = static_cast<std::size_t>(rows.integer(1));
      const std::int64_t space = rows.integer(2);
      const Id atom{static_cast<IdSpace>(space), rows.hash(3)};
      const double weight = rows.real(4);
      check(space == static_cast<std::int64_t>(atom.space), "the provenance names no atom");
      seen.emplace(type, sequence);
      const bool is_hit = type == "evidence" && sequence >= kFirstHit;
      check(is_hit ? says(hits, sequence - kFirstHit, atom, weight)
                   : says(receipt, openings, type, sequence, atom, weight),
            "the provenance names another " + type + " than the receipt");
    }
    const std::optional<std::int64_t> evidence_atoms = derived_evidence_atoms();
    if (!evidence_atoms) return;
    const auto check_all = [&](const char* type, std::size_t count, const auto& is_known,
                               std::size_t first = 0) {
      for (std::size_t i = 0; i < count; ++i)
        check(!is_known(i) || seen.contains({type, first + i}),
              std::string{"the provenance has less of "} + type + " than the receipt");
    };
    const auto is_open = [&](const Committed& committed) {
      return openings.contains(committed.position);
    };
    const auto always = [](std::size_t) { return true; };
    check_all("model", receipt.models.size(), always);
    check_all("evidence", receipt.evidence.size(),
              [&](std::size_t i) { return is_open(receipt.evidence[i]); });
    check_all("subject", receipt.subjects.size(),
              [&](std::size_t i) { return is_open(receipt.subjects[i]); });
    // Once hits had no rows; what was derived then counts no atom of theirs.
    if (*evidence_atoms > 0) check_all("evidence", hits.opened.size(), always, kFirstHit);
  }

  /// The number of atoms of its evidence, where the rows that repeat the receipt were written:
  /// they are derived when the graph is asked for.
  std::optional<std::int64_t> derived_evidence_atoms() {
    auto summary = store_.db().prepare(
        "SELECT evidence_atoms FROM my_provenance_summary WHERE generation_stream_id = ?");
    if (!summary.with(stream_.generation_stream_id).step()) return std::nullopt;
    return summary.integer(0);
  }

  /// The hits of several searches that have a number in the graph.
  struct Hits {
    std::vector<Evidence> opened;  ///< up to the first search that was erased
    bool whole = true;
  };
  static Hits hits_of(const Receipt& receipt, const Openings& openings) {
    Hits hits;
    for (const Committed& committed : receipt.queries) {
      const auto content = open_commitment(committed, openings);
      hits.whole = content.has_value();
      if (!hits.whole) break;
      AnsweredQuery query = decode_query(*content);
      std::ranges::move(query.hits, std::back_inserter(hits.opened));
    }
    if (hits.opened.size() > kMostEvidence) hits.opened.resize(kMostEvidence);
    return hits;
  }

  /// Whether a row repeats a hit; beyond those that can be opened, whether there may be one.
  static bool says(const Hits& hits, std::size_t place, const Id& atom, double weight) {
    if (place >= hits.opened.size()) return !hits.whole && place < kMostEvidence;
    return hits.opened[place].atom == atom && hits.opened[place].weight == weight;
  }

  /// Whether a row repeats its segment; where the opening was erased, whether there is one.
  static bool says(const Receipt& receipt, const Openings& openings, const std::string& type,
                   std::size_t sequence, const Id& atom, double weight) {
    if (type == "model")
      return sequence < receipt.models.size() && receipt.models[sequence].id == atom &&
             receipt.models[sequence].weight == weight;
    if (type != "evidence" && type != "subject") return false;
    const auto& segments = type == "evidence" ? receipt.evidence : receipt.subjects;
    if (sequence >= segments.size()) return false;
    const auto content = open_commitment(segments[sequence], openings);
    if (!content) return true;
    if (type == "subject") return decode_subject(*content).atom == atom && weight == 1;
    const Evidence evidence = decode_evidence(*content);
    return evidence.atom == atom && evidence.weight == weight;
  }

  /// A row of another tenant's would look like one that was erased.
  void check_owner() {
    auto strays = store_.db().prepare(
        "SELECT (SELECT count(*) FROM generation_stream_opening"
        "         WHERE generation_stream_id = ?1 AND tenant_id <> ?2)"
        "     + (SELECT count(*) FROM atom_provenance"
        "         WHERE generation_stream_id = ?1 AND tenant_id <> ?2)",
        store::Scope::owner);
    strays.with(stream_.generation_stream_id, store_.tenant_id());
    check(strays.step() && strays.integer(0) == 0,
          "rows beside the receipt belong to another tenant");
  }

  store::Store& store_;
  const GenerationStream& stream_;
  TransparencyLog log_;
  ReceiptVerification result_;
};

}  // namespace

ReceiptVerification verify_stream(store::Store& store, const GenerationStream& stream) {
  return Examination{store, stream}.run();
}

}  // namespace hart::prov
