#include "prov/receipt_writer.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/receipt_openings.h"
#include "prov/receipt_signature.h"
#include "prov/transparency_log.h"

namespace hart::prov {

ReceiptWriter::ReceiptWriter(store::Store& store, const crypto::NoteSigner* signer)
    : store_{store},
      signer_{signer},
      known_{store.db().prepare("SELECT 1 FROM my_generation_stream WHERE uuid = ?")},
      latest_{store.db().prepare("SELECT max(uuid) FROM my_generation_stream")},
      newest_{store.db().prepare("SELECT receipt_hash FROM my_generation_stream "
                                 "ORDER BY leaf_index DESC LIMIT 1")},
      stream_{
          store.db().prepare("INSERT INTO generation_stream (tenant_id, leaf_index, uuid, "
                             "operation, model_space,"
                             " model_hash, started_us, completed_us, tokens_in, tokens_out, "
                             "finish_reason,"
                             " receipt, receipt_hash, previous_hash)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                             store::Scope::owner)},
      opening_{store.db().prepare("INSERT INTO generation_stream_opening "
                                  "(generation_stream_id, tenant_id, openings)"
                                  " VALUES (?, ?, ?)",
                                  store::Scope::owner)} {}

bool ReceiptWriter::knows(const Uuid& inference) {
  const bool known = known_.with(ByteView{inference}).step();
  known_.reset();
  return known;
}

void ReceiptWriter::check_new(std::span<const PendingReceipt> receipts) {
  latest_.reset();
  ByteBuffer latest;
  if (latest_.step()) latest.assign(latest_.blob(0).begin(), latest_.blob(0).end());
  latest_.reset();
  std::set<Uuid> seen;
  for (const PendingReceipt& receipt : receipts) {
    // UUIDs ascend with time: what is above all that are there needs no look-up.
    const bool above = std::ranges::lexicographical_compare(latest, receipt.inference);
    if (!seen.insert(receipt.inference).second || (!above && knows(receipt.inference)))
      throw Error{Fault::usage,
                  "generation " + uuid_text(receipt.inference) + " has a receipt already"};
  }
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
    if (!finished.openings.empty())
      opening_.run(stream, store_.tenant_id(), encode_openings(finished.openings));
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
  std::optional<int> space;
  std::optional<Hash256> model;
  if (receipt.model) {
    space = static_cast<int>(receipt.model->space);
    model = receipt.model->hash;
  }
  stream_.run(store_.tenant_id(), leaf_index, ByteView{receipt.inference}, receipt.operation,
              space, model, receipt.started, receipt.completed, receipt.tokens_in,
              receipt.tokens_out, receipt.finish_reason, finished.bytes, finished.hash,
              previous);
  return store_.db().last_insert_id();
}

}  // namespace hart::prov
