#include "crypto/signed_note.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "core/error.h"

namespace hart::crypto {
namespace {

// The example of the package golang.org/x/mod/sumdb/note.
const std::string kPrivateKeyText =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const std::string kPublicKeyText =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kNoteText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kNoteBytes =
    kNoteText +
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngo"
    "tpRZb6KE6RyyBwJnAM=\n";

SignedNote signed_by(const std::string& text, const std::vector<const NoteSigner*>& signers) {
  return sign_note(text, signers);
}

TEST_CASE("signed note: key texts, notes and signatures are those of the Go package") {
  const NoteSigner signer = NoteSigner::parse(kPrivateKeyText + "\n");
  CHECK(signer.text() == kPrivateKeyText);
  CHECK(signer.verifier().text() == kPublicKeyText);
  CHECK(NoteVerifier::parse(kPublicKeyText) == signer.verifier());
  const SignedNote note = signed_by(kNoteText, {&signer});
  CHECK(format_note(note) == kNoteBytes);
  CHECK(is_signed_by(parse_note(kNoteBytes), signer.verifier()));
}

TEST_CASE("signed note: the note of the specification is read, and written back as it was") {
  // c2sp.org/signed-note; its text holds an empty line of its own.
  const std::string bytes =
      "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito "
      "sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfL"
      "W9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
  const SignedNote note = parse_note(bytes);
  CHECK(note.text.ends_with("\n\ned è subito sera.\n"));
  REQUIRE(note.signatures.size() == 1);
  CHECK(note.signatures[0].name == "quasimodo.example/salvatore");
  CHECK(to_hex(note.signatures[0].key_id) == "367ba04b");
  CHECK(note.signatures[0].signature.size() == 64);
  CHECK(format_note(note) == bytes);
}

TEST_CASE(
    "signed note: a signature of an unknown key is ignored, a wrong one of a known is not") {
  const NoteSigner known{"known.example", Ed25519PrivateKey::generate()};
  const NoteSigner stranger{"stranger.example", Ed25519PrivateKey::generate()};
  const NoteSigner namesake{"known.example", Ed25519PrivateKey::generate()};
  SignedNote note = signed_by("text\n", {&stranger, &namesake, &known});
  CHECK(is_signed_by(note, known.verifier()));
  CHECK(is_signed_by(note, stranger.verifier()));

  // The same key once more, with a signature of something else.
  const Ed25519Signature other = known.sign("other\n");
  note.signatures.push_back(
      {"known.example", known.verifier().id(), ByteBuffer{other.begin(), other.end()}});
  CHECK_FALSE(is_signed_by(note, known.verifier()));
  note.signatures.pop_back();
  note.signatures.pop_back();
  CHECK_FALSE(is_signed_by(note, known.verifier()));
  CHECK(is_signed_by(note, namesake.verifier()));
  note.text = "texts\n";
  CHECK_FALSE(is_signed_by(note, namesake.verifier()));
}

TEST_CASE("signed note: what is not as specified is refused") {
  const std::string line = kNoteBytes.substr(kNoteText.size() + 1);
  for (const std::string& bad : std::vector<std::string>{
           "",
           "\n",
           kNoteText,
           kNoteText + "\n",
           kNoteText + line,
           kNoteBytes.substr(0, kNoteBytes.size() - 1),
           kNoteBytes + "\n",
           kNoteText + "\n- PeterNeumann AAAAAAA=\n",
           kNoteText + "\n— PeterNeumann\n",
           kNoteText + "\n— PeterNeumann AAAAAA==\n",
           kNoteText + "\n— PeterNeumann AAAAAAA\n",
           kNoteText + "\n— Peter+Neumann AAAAAAA=\n",
           kNoteText + "\n—  AAAAAAA=\n",
           kNoteText + "\n— Peter\u00a0Neumann AAAAAAA=\n",
           "tab\there\n\n" + line,
           "not \xc0\xaf UTF-8\n\n" + line,
           "not \xed\xa0\x80 UTF-8\n\n" + line,
           "cut \xe2\x80\n\n" + line,
       }) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)parse_note(bad), Error);
  }
  std::string many = kNoteText + "\n";
  for (std::size_t i = 0; i < kMaxNoteSignatures; ++i) many += line;
  CHECK(parse_note(many).signatures.size() == kMaxNoteSignatures);
  CHECK_THROWS_AS((void)parse_note(many + line), Error);
}

TEST_CASE("signed note: a text that a note cannot hold is not signed") {
  const NoteSigner signer = NoteSigner::parse(kPrivateKeyText);
  for (const std::string& bad :
       {std::string{}, std::string{"no newline"}, std::string{"a\rb\n"}, std::string{"\xff\n"},
        std::string{"nul\0byte\n", 9}}) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)signed_by(bad, {&signer}), Error);
  }
}

TEST_CASE("signed note: keys of another form are refused, and a private one is not repeated") {
  for (const std::string& bad : std::vector<std::string>{
           "",
           "PeterNeumann",
           "PeterNeumann+c74f20a3",
           "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
           "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
           "PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWs",
           "PeterNeumann+c74f20a3+ARpc",
           "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
       }) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)NoteVerifier::parse(bad), Error);
    CHECK_THROWS_AS((void)NoteSigner::parse("PRIVATE+KEY+" + bad), Error);
  }
  CHECK_THROWS_AS((void)NoteSigner::parse(kPublicKeyText), Error);
  const std::string secret = "AYEKFALVFGyNhPJEMzD1QIDr";
  try {
    (void)NoteSigner::parse("PRIVATE+KEY+PeterNeumann+c74f20a3+" + secret + "=!");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(std::string{error.what()}.find(secret) == std::string::npos);
  }
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\u2003b", "\xff"}) {
    CAPTURE(name);
    CHECK_THROWS_AS((NoteSigner{name, Ed25519PrivateKey::generate()}), Error);
  }
}

}  // namespace
}  // namespace hart::crypto
