#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/uuid.h"
#include "crypto/signed_note.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::prov {

/// What the verification of one receipt found. Sound when `problems` is empty.
struct ReceiptVerification {
  Uuid uuid{};
  std::uint64_t leaf_index = 0;
  Hash256 receipt_hash{};
  std::uint64_t commitments = 0;
  std::uint64_t opened = 0;  ///< commitments whose opening exists; the others were erased
  std::vector<std::string> problems;
};

/// Recomputes everything about one receipt of the acting tenant's: its hash, its link to the
/// one before, the columns beside it, every opening that exists against its commitment, the
/// provenance of atoms against the openings, its leaf, and its inclusion proof against the
/// log's root. Damage is reported, not thrown; Error(io) and kin are.
[[nodiscard]] ReceiptVerification verify_stream(store::Store& store,
                                                const GenerationStream& stream);

/// What the verification of the whole log found.
struct LogVerification {
  std::uint64_t size = 0;
  Hash256 root{};                 ///< recomputed from the leaves
  Hash256 head{};                 ///< hash of the newest receipt; zeros without one
  std::uint64_t checkpoints = 0;  ///< that were kept, one for each key that signed
  std::uint64_t signatures = 0;   ///< of single receipts
  std::vector<std::string> problems;
};

/// Recomputes the acting tenant's log from its leaves: every tile, without gaps, as many
/// receipts as leaves; that no row of the module's tables belongs to no receipt or to no
/// tenant; the checkpoints that were kept against the tree, and every signature, of checkpoints
/// and of receipts, against the key that stands beside it. Whose keys those are the store
/// cannot say: with `trusted`, each of these must have signed at least one checkpoint. Reads
/// O(size) rows and keeps a digest for each 256 leaves. The receipts themselves are verified by
/// `verify_stream`.
[[nodiscard]] LogVerification verify_log(store::Store& store,
                                         std::span<const crypto::NoteVerifier> trusted = {});

}  // namespace hart::prov
