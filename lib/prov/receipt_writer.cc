#include "prov/receipt_writer.h"

#include <set>
#include <vector>

#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/receipt_signature.h"
#include "prov/transparency_log.h"

namespace hart::prov {

ReceiptWriter::ReceiptWriter(store::Store& store, const crypto::NoteSigner* signer)
    : store_{store},
      signer_{signer},
      known_{store.db().prepare("SELECT 1 FROM my_generation_stream WHERE uuid = ?")},
      newest_{store.db().prepare(
          "SELECT receipt_hash FROM my_generation_stream ORDER BY leaf_index DESC LIMIT 1")},
      stream_{store.db().prepare(
          "INSERT INTO generation_stream (tenant_id, leaf_index, uuid, operation, model_space,"
          " model_hash, started_us, completed_us, tokens_in, tokens_out, finish_reason,"
          " receipt, receipt_hash, previous_hash)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)},
      opening_{store.db().prepare(
          "INSERT INTO generation_stream_opening (generation_stream_id, position, tenant_id,"
          " salt, content) VALUES (?, ?, ?, ?, ?)",
          store::Scope::owner)},
      provenance_{store.db().prepare(
          "INSERT INTO atom_provenance (generation_stream_id, provenance_type, sequence,"
          " tenant_id, atom_space, atom_hash, weight) VALUES (?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)} {}

bool ReceiptWriter::knows(const Uuid& inference) {
  const bool known = known_.with(ByteView{inference}).step();
  known_.reset();
  return known;
}

void ReceiptWriter::check_new(std::span<const PendingReceipt> receipts) {
  std::set<Uuid> seen;
  for (const PendingReceipt& receipt : receipts)
    if (!seen.insert(receipt.begin.inference).second || knows(receipt.begin.inference))
      throw Error{Fault::usage, "generation " + uuid_text(receipt.begin.inference) +
                                    " has a receipt already"};
}

Hash256 ReceiptWriter::newest_hash() {
  newest_.reset();
  const Hash256 hash = newest_.step() ? newest_.hash(0) : Hash256{};
  newest_.reset();
  return hash;
}

std::uint64_t ReceiptWriter::write(std::span<PendingReceipt> receipts) {
  check_new(receipts);
  TransparencyLog log{store_};
  const std::uint64_t first = log.size();
  Hash256 previous = newest_hash();
  std::vector<Hash256> leaves;
  leaves.reserve(receipts.size());
  for (PendingReceipt& receipt : receipts) {
    const ReceiptBuilder::Finished finished = receipt.builder.finish(previous);
    const std::uint64_t leaf_index = first + leaves.size();
    const std::int64_t stream = insert_stream(receipt, leaf_index, finished, previous);
    insert_openings(stream, finished.openings);
    insert_provenance(stream, receipt.begin);
    if (signer_ != nullptr) sign_receipt(store_, leaf_index, finished.hash, *signer_);
    leaves.push_back(crypto::leaf_hash(finished.hash));
    previous = finished.hash;
  }
  log.append(leaves);
  return first;
}

std::int64_t ReceiptWriter::insert_stream(const PendingReceipt& receipt,
                                          std::uint64_t leaf_index,
                                          const ReceiptBuilder::Finished& finished,
                                          const Hash256& previous) {
  const GenerationBegin& begin = receipt.begin;
  const GenerationEnd& end = receipt.end;
  stream_.run(store_.tenant_id(), leaf_index, ByteView{begin.inference}, begin.operation,
              static_cast<int>(begin.model.space), begin.model.hash, begin.started,
              end.completed, end.tokens_in, end.tokens_out, end.finish_reason, finished.bytes,
              finished.hash, previous);
  return store_.db().last_insert_id();
}

void ReceiptWriter::insert_openings(std::int64_t stream, std::span<const Opening> openings) {
  for (const Opening& opening : openings)
    opening_.run(stream, static_cast<std::int64_t>(opening.position), store_.tenant_id(),
                 opening.salt, opening.content);
}

void ReceiptWriter::insert_provenance(std::int64_t stream, const GenerationBegin& begin) {
  const auto add = [&](const char* type, std::int64_t sequence, const Id& atom, double weight) {
    provenance_.run(stream, type, sequence, store_.tenant_id(), static_cast<int>(atom.space),
                    atom.hash, weight);
  };
  add("model", 0, begin.model, 1.0);
  std::int64_t sequence = 0;
  for (const Evidence& evidence : begin.evidence)
    add("evidence", sequence++, evidence.atom, evidence.weight);
}

}  // namespace hart::prov
