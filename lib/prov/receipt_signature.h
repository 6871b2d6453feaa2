#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "crypto/signed_note.h"
#include "store/store.h"

namespace hart::prov {

/// Signatures of single receipts. A receipt needs none to be proven: the checkpoint of a log
/// signs all receipts in it. One of its own vouches for a receipt that is handed on alone.
///
/// What is signed is the text of a note,
///
///     hart-receipt
///     sha256:<64 hexadecimal digits, the receipt's id>
///
/// so that a signature of a receipt never passes for one of a checkpoint, whose second line is
/// a number. Signatures stand beside the receipt: its bytes, and so its id, are the same with
/// and without.
[[nodiscard]] std::string receipt_note_text(const Hash256& receipt_hash);

/// One kept signature.
struct ReceiptSignature {
  std::uint64_t leaf_index = 0;
  std::string verifier;  ///< NoteVerifier::text of the key
  ByteBuffer signature;
};

/// Signs the receipt at `leaf_index` of the acting tenant's log and keeps the signature; a
/// second one of the same key changes nothing. Call inside a WriteTransaction.
void sign_receipt(store::Store& store, std::uint64_t leaf_index, const Hash256& receipt_hash,
                  const crypto::NoteSigner& signer);

/// The signatures of the receipt at `leaf_index`, ordered by key.
[[nodiscard]] std::vector<ReceiptSignature> receipt_signatures(store::Store& store,
                                                               std::uint64_t leaf_index);

/// They as a note that can be handed on; a note without signatures when there are none.
[[nodiscard]] crypto::SignedNote receipt_note(store::Store& store, std::uint64_t leaf_index,
                                              const Hash256& receipt_hash);

}  // namespace hart::prov
