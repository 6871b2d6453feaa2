#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "crypto/signed_note.h"
#include "prov/checkpoint.h"
#include "store/store.h"

namespace hart::prov {

/// The checkpoints of the acting tenant's log that were signed, kept beside the log.

/// The origin of a tenant's log where none is given: the name of the key, as the specification
/// advises, and for another tenant than `default` its name after it, since no two logs may have
/// one origin.
[[nodiscard]] std::string default_origin(const store::Store& store,
                                         const crypto::NoteVerifier& verifier);

/// Signs the head of the log, or what it was at `size` leaves, and keeps the note. The same
/// head, origin and key give the same note, which is kept once. Opens a WriteTransaction.
/// Throws Error(data), and signs nothing, when the log no longer leads to the last checkpoint
/// that was kept for the origin: a log must never sign two histories. Throws Error(usage) when
/// the log has fewer than `size` leaves.
[[nodiscard]] crypto::SignedNote sign_checkpoint(store::Store& store,
                                                 const crypto::NoteSigner& signer,
                                                 const std::string& origin,
                                                 std::optional<std::uint64_t> size = {});

/// A row of the table: one signature of one checkpoint.
struct KeptCheckpoint {
  std::string origin;
  std::uint64_t size = 0;
  std::string verifier;  ///< NoteVerifier::text of the key that signed
  std::string note;
};

/// In ascending order of origin and size.
void for_each_checkpoint(store::Store& store,
                         const std::function<void(const KeptCheckpoint&)>& visit);

/// The newest checkpoint, of any origin or the one given, with the signatures of all keys that
/// signed it; nothing when there is none. Throws Error(data) when what is kept is no note.
[[nodiscard]] std::optional<crypto::SignedNote> newest_checkpoint(
    store::Store& store, const std::optional<std::string>& origin = {});

}  // namespace hart::prov
