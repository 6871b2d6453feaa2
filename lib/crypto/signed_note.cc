#include "crypto/signed_note.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::crypto {
namespace {

constexpr std::uint8_t kEd25519Type = 0x01;
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";
constexpr std::string_view kEmDash = "\u2014 ";

/// One character of UTF-8, removed from the front of `text`: shortest form, no surrogates, at
/// most U+10FFFF. Throws Error(data).
char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t length = first < 0x80             ? 1
                             : (first & 0xe0) == 0xc0 ? 2
                             : (first & 0xf0) == 0xe0 ? 3
                             : (first & 0xf8) == 0xf0 ? 4
                                                      : 0;
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  char32_t character = length == 1 ? first : first & (0x7f >> length);
  bool sound = length > 0 && length <= text.size();
  for (std::size_t i = 1; sound && i < length; ++i) {
    sound = (byte(i) & 0xc0) == 0x80;
    character = character << 6 | (byte(i) & 0x3f);
  }
  if (!sound || character < kLeast[length] || character > 0x10ffff ||
      (character >= 0xd800 && character < 0xe000))
    throw Error{Fault::data, "signed note: not UTF-8"};
  text.remove_prefix(length);
  return character;
}

/// Unicode's White_Space above the control characters.
bool is_unicode_space(char32_t c) noexcept {
  return c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_key_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const char32_t c = take_character(name);
    if (c < 0x20 || c == '+' || is_unicode_space(c)) return false;
  }
  return true;
}

void check_text(std::string_view text) {
  if (text.empty() || text.back() != '\n')
    throw Error{Fault::data, "signed note: the text does not end in a newline"};
  while (!text.empty()) {
    const char32_t c = take_character(text);
    if (c < 0x20 && c != '\n')
      throw Error{Fault::data, "signed note: a control character in the text"};
  }
}

/// Splits `<name>+<id>+<base64>`. A name holds no plus, base64 may.
struct KeyFields {
  std::string_view name;
  std::string_view id;
  std::string_view data;
};

KeyFields key_fields(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second =
      first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos)
    throw Error{Fault::data, "note key: expected <name>+<id>+<base64>"};
  KeyFields fields{text.substr(0, first), text.substr(first + 1, second - first - 1),
                   text.substr(second + 1)};
  if (!is_key_name(fields.name)) throw Error{Fault::data, "note key: no valid name"};
  return fields;
}

/// The 32 bytes of an Ed25519 key, of either half.
std::array<std::uint8_t, 32> key_bytes(std::string_view base64) {
  ByteBuffer bytes;
  try {
    bytes = from_base64(base64);
  } catch (const Error&) {
    // What could not be decoded may be most of a private key.
    throw Error{Fault::data, "note key: the key is not base64"};
  }
  if (bytes.size() != 33 || bytes[0] != kEd25519Type)
    throw Error{Fault::data, "note key: not an Ed25519 key (type 1, 32 bytes)"};
  std::array<std::uint8_t, 32> key;
  std::copy(bytes.begin() + 1, bytes.end(), key.begin());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

void check_id(const NoteVerifier& verifier, std::string_view id) {
  if (to_hex(verifier.id()) != id)
    throw Error{Fault::data, "note key " + verifier.name + ": the id is not that of the key"};
}

std::string typed_base64(const std::array<std::uint8_t, 32>& key) {
  ByteBuffer bytes{kEd25519Type};
  bytes.reserve(1 + key.size());
  append(bytes, key);
  std::string text = to_base64(bytes);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

NoteSignature parse_signature(std::string_view line, std::size_t number) {
  const auto bad = [&](const char* what) {
    return Error{Fault::data, "signed note: signature " + std::to_string(number) + ": " + what};
  };
  if (!line.starts_with(kEmDash)) throw bad("does not begin with an em dash and a space");
  line.remove_prefix(kEmDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) throw bad("expected a key name and base64");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  if (!is_key_name(signature.name)) throw bad("no valid key name");
  ByteBuffer bytes;
  try {
    bytes = from_base64(line.substr(space + 1));
  } catch (const Error&) {
    throw bad("not base64");
  }
  if (bytes.size() <= signature.key_id.size()) throw bad("too short for a key id");
  const auto rest = bytes.begin() + static_cast<std::ptrdiff_t>(signature.key_id.size());
  std::copy(bytes.begin(), rest, signature.key_id.begin());
  signature.signature.assign(rest, bytes.end());
  return signature;
}

}  // namespace

NoteKeyId NoteVerifier::id() const {
  constexpr std::array<std::uint8_t, 2> kSeparator{'\n', kEd25519Type};
  const Hash256 digest = sha256_concat({as_bytes(name), kSeparator, key});
  NoteKeyId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::string NoteVerifier::text() const {
  return name + '+' + to_hex(id()) + '+' + typed_base64(key);
}

NoteVerifier NoteVerifier::parse(std::string_view text) {
  const KeyFields fields = key_fields(text);
  NoteVerifier verifier{std::string{fields.name}, key_bytes(fields.data)};
  check_id(verifier, fields.id);
  return verifier;
}

NoteSigner::NoteSigner(std::string name, Ed25519PrivateKey key)
    : verifier_{std::move(name), key.public_key()}, key_{std::move(key)} {
  if (!is_key_name(verifier_.name))
    throw Error{Fault::data, "'" + verifier_.name +
                                 "' cannot name a key: expected no spaces, no plus and no "
                                 "control characters"};
}

std::string NoteSigner::text() const {
  return std::string{kPrivatePrefix} + verifier_.name + '+' + to_hex(verifier_.id()) + '+' +
         typed_base64(key_.seed());
}

NoteSigner NoteSigner::parse(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with(kPrivatePrefix))
    throw Error{Fault::data, "note key: does not begin with " + std::string{kPrivatePrefix}};
  const KeyFields fields = key_fields(text.substr(kPrivatePrefix.size()));
  auto seed = key_bytes(fields.data);
  NoteSigner signer{std::string{fields.name}, Ed25519PrivateKey::from_seed(seed)};
  OPENSSL_cleanse(seed.data(), seed.size());
  check_id(signer.verifier(), fields.id);
  return signer;
}

SignedNote sign_note(std::string text, std::span<const NoteSigner* const> signers) {
  check_text(text);
  SignedNote note{std::move(text), {}};
  for (const NoteSigner* const signer : signers) {
    const Ed25519Signature signature = signer->sign(note.text);
    const NoteVerifier& verifier = signer->verifier();
    note.signatures.push_back(
        {verifier.name, verifier.id(), ByteBuffer{signature.begin(), signature.end()}});
  }
  return note;
}

std::string format_note(const SignedNote& note) {
  std::string text = note.text + '\n';
  for (const NoteSignature& signature : note.signatures) {
    ByteBuffer bytes{signature.key_id.begin(), signature.key_id.end()};
    append(bytes, signature.signature);
    text += std::string{kEmDash} + signature.name + ' ' + to_base64(bytes) + '\n';
  }
  return text;
}

SignedNote parse_note(std::string_view text) {
  check_text(text);
  // The last empty line: the text itself may hold others.
  const std::size_t empty = text.rfind("\n\n");
  if (empty == std::string_view::npos)
    throw Error{Fault::data, "signed note: no empty line between text and signatures"};
  SignedNote note{std::string{text.substr(0, empty + 1)}, {}};
  std::string_view rest = text.substr(empty + 2);
  if (rest.empty()) throw Error{Fault::data, "signed note: no signatures"};
  while (!rest.empty()) {
    if (note.signatures.size() == kMaxNoteSignatures)
      throw Error{Fault::data, "signed note: more than " + std::to_string(kMaxNoteSignatures) +
                                   " signatures"};
    const std::size_t end = rest.find('\n');
    note.signatures.push_back(parse_signature(rest.substr(0, end), note.signatures.size() + 1));
    rest.remove_prefix(end + 1);
  }
  return note;
}

bool is_signed_by(const SignedNote& note, const NoteVerifier& verifier) {
  const NoteKeyId id = verifier.id();
  bool signed_once = false;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != verifier.name || signature.key_id != id) continue;
    if (!verify_ed25519(verifier.key, as_bytes(note.text), signature.signature)) return false;
    signed_once = true;
  }
  return signed_once;
}

}  // namespace hart::crypto
