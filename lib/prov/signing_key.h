#pragma once

#include <string>

#include "crypto/signed_note.h"
#include "store/store.h"

namespace hart::prov {

/// Reads the private key that signs from a file: a note key (PRIVATE+KEY+...), which has its
/// name in it, or an Ed25519 key in PEM, which needs `name`. With a note key a `name` that is
/// not empty must be its own. Throws Error(denied) when the file lies in the store's directory,
/// where whoever can rewrite the log would find it, or when others than its owner may read it;
/// Error(usage) when a name is missing or another; Error(data) when it holds no key;
/// Error(no_input) when it is not there.
[[nodiscard]] crypto::NoteSigner read_signing_key(const store::Store& store,
                                                  const std::string& path,
                                                  const std::string& name);

/// Makes a key, writes it to a new file that only its owner may read, and returns its public
/// half. Throws Error(cannot_create) when there is such a file already, Error(data) when `name`
/// cannot name a key.
crypto::NoteVerifier create_signing_key(const std::string& path, const std::string& name);

/// A public key as an argument: a verifier's text, or the path of a file that holds one.
[[nodiscard]] crypto::NoteVerifier read_verifier(const std::string& text_or_path);

}  // namespace hart::prov
