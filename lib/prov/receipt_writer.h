#pragma once

#include <cstdint>
#include <span>

#include "crypto/signed_note.h"
#include "prov/receipt.h"
#include "prov/receipt_draft.h"
#include "store/store.h"

namespace hart::prov {

/// Writes receipts, any number in one transaction: the rows, the openings, the leaves of the
/// log, and a signature of each where a key is given. What lineage is searched by is derived
/// later, when it is asked for (graph/derivation.h): it would cost as much as all the rest. The
/// statements are prepared once. One thread at a time.
class ReceiptWriter {
 public:
  /// `store` and `signer` outlive the writer; `store` is writable.
  explicit ReceiptWriter(store::Store& store, const crypto::NoteSigner* signer = nullptr);

  /// Whether the acting tenant has a receipt of this UUID.
  [[nodiscard]] bool knows(const Uuid& inference);

  /// Adds the receipts in their order and returns the index of the first in the log. Call
  /// inside a WriteTransaction: they are durable once it has been committed. Their builders are
  /// spent. Throws Error(usage), and changes nothing, when a UUID was used before.
  std::uint64_t write(std::span<PendingReceipt> receipts);

 private:
  void check_new(std::span<const PendingReceipt> receipts);
  Hash256 newest_hash();
  std::int64_t insert_stream(const PendingReceipt& receipt, std::uint64_t leaf_index,
                             const ReceiptBuilder::Finished& finished, const Hash256& previous);

  store::Store& store_;
  const crypto::NoteSigner* signer_;
  store::Statement known_;
  store::Statement latest_;
  store::Statement newest_;
  store::Statement stream_;
  store::Statement opening_;
};

}  // namespace hart::prov
