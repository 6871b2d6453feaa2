#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "crypto/ed25519.h"

namespace hart::crypto {

/// Signed notes: text that ends in a newline, an empty line, and one line for each signature,
///
///     — <key name> base64(4 bytes of key id || signature)
///
/// with an em dash. Source: c2sp.org/signed-note; the text forms of keys are those of
/// golang.org/x/mod/sumdb/note. Only Ed25519 signatures (type 0x01) are made and checked;
/// others are kept as they are.
using NoteKeyId = std::array<std::uint8_t, 4>;

/// A public key and the name that it signs under.
struct NoteVerifier {
  std::string name;
  Ed25519PublicKey key{};

  /// The first four bytes of SHA-256(name || 0x0A || 0x01 || key).
  [[nodiscard]] NoteKeyId id() const;
  /// `<name>+<id, 8 hexadecimal digits>+<base64(0x01 || key)>`.
  [[nodiscard]] std::string text() const;
  /// The inverse. Throws Error(data) when the text has another form or the id is another key's.
  [[nodiscard]] static NoteVerifier parse(std::string_view text);

  friend bool operator==(const NoteVerifier&, const NoteVerifier&) = default;
};

/// A private key and the name that it signs under.
class NoteSigner {
 public:
  /// Throws Error(data) when `name` cannot be one: empty, with a space, a plus or a control
  /// character, or not UTF-8.
  NoteSigner(std::string name, Ed25519PrivateKey key);

  [[nodiscard]] const NoteVerifier& verifier() const noexcept { return verifier_; }
  [[nodiscard]] Ed25519Signature sign(std::string_view text) const {
    return key_.sign(as_bytes(text));
  }

  /// `PRIVATE+KEY+<name>+<id>+<base64(0x01 || seed)>`. The caller keeps it secret.
  [[nodiscard]] std::string text() const;
  /// The inverse; spaces and newlines around it are ignored. Throws Error(data) without
  /// repeating any of the text.
  [[nodiscard]] static NoteSigner parse(std::string_view text);

 private:
  NoteVerifier verifier_;
  Ed25519PrivateKey key_;
};

struct NoteSignature {
  std::string name;
  NoteKeyId key_id{};
  ByteBuffer signature;
};

struct SignedNote {
  std::string text;  ///< ends in a newline
  std::vector<NoteSignature> signatures;
};

/// The most signatures that a note may carry; the specification asks for at least 16.
inline constexpr std::size_t kMaxNoteSignatures = 100;

/// Signs `text` once for each signer. Throws Error(data) when it does not end in a newline, is
/// not UTF-8 or holds another control character.
[[nodiscard]] SignedNote sign_note(std::string text,
                                   std::span<const NoteSigner* const> signers);

/// The note as text.
[[nodiscard]] std::string format_note(const SignedNote& note);
/// The inverse. Verifies nothing. Throws Error(data) naming the line that is not as specified.
[[nodiscard]] SignedNote parse_note(std::string_view text);

/// Whether `verifier` signed the note: it has a signature under that name and key id, and all
/// of those are right.
[[nodiscard]] bool is_signed_by(const SignedNote& note, const NoteVerifier& verifier);

}  // namespace hart::crypto
