#include <functional>
#include <optional>

#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/content.h"
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
      const Openings openings = load_openings(store_, stream_.generation_stream_id);
      check_openings(*receipt, openings);
      guarded([&] { check_provenance(*receipt, openings); });
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
    differs("the model", receipt.model == stream_.model);
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
    auto rows = store_.db().prepare(
        "SELECT provenance_type, sequence, atom_space, atom_hash, weight FROM "
        "my_atom_provenance"
        " WHERE generation_stream_id = ?");
    rows.with(stream_.generation_stream_id);
    std::size_t evidence_rows = 0;
    bool names_model = false;
    while (rows.step()) {
      const Id atom{static_cast<IdSpace>(rows.integer(2)), rows.hash(3)};
      if (rows.text(0) == "model") {
        names_model = true;
        check(atom == receipt.model, "the provenance names another model than the receipt");
        continue;
      }
      ++evidence_rows;
      const auto sequence = static_cast<std::size_t>(rows.integer(1));
      if (sequence >= receipt.evidence.size()) {
        check(false, "the provenance has more evidence than the receipt");
        continue;
      }
      const auto content = open_commitment(receipt.evidence[sequence], openings);
      if (!content) continue;
      const Evidence evidence = decode_evidence(*content);
      check(evidence.atom == atom && evidence.weight == rows.real(4),
            "evidence " + std::to_string(sequence) +
                " of the provenance differs from the receipt");
    }
    check(names_model, "the provenance does not name the model");
    std::size_t opened = 0;
    for (const Committed& committed : receipt.evidence)
      opened += openings.count(committed.position);
    check(evidence_rows >= opened, "the provenance has less evidence than the receipt");
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
