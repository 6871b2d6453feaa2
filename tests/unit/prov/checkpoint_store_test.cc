#include "prov/checkpoint_store.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "core/error.h"
#include "fixture.h"
#include "prov/receipt_signature.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

crypto::NoteSigner log_key(const std::string& name = "log.example") {
  return {name, crypto::Ed25519PrivateKey::generate()};
}

void write_receipts_of(const test::ScratchStore& scratch, int count) {
  store::Store store = scratch.open();
  for (int i = 0; i < count; ++i) (void)test::write_receipt(store);
}

const std::string kNoGuards =
    "PRAGMA foreign_keys = OFF;"
    "DROP TRIGGER transparency_tile_only_grows;"
    "DROP TRIGGER transparency_tile_is_never_deleted;"
    "DROP TRIGGER transparency_checkpoint_is_never_changed;"
    "DROP TRIGGER transparency_checkpoint_is_never_deleted;"
    "DROP TRIGGER receipt_signature_is_never_changed;"
    "DROP TRIGGER receipt_signature_is_never_deleted;";

TEST_CASE("checkpoint store: a head is signed, kept once, and found again") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer = log_key();
  write_receipts_of(scratch, 2);
  store::Store store = scratch.open();
  CHECK_FALSE(newest_checkpoint(store));
  const crypto::SignedNote first = sign_checkpoint(store, signer, "log.example");
  const crypto::SignedNote again = sign_checkpoint(store, signer, "log.example");
  CHECK(crypto::format_note(first) == crypto::format_note(again));
  CHECK(crypto::is_signed_by(first, signer.verifier()));
  const Checkpoint checkpoint = parse_checkpoint(first.text);
  CHECK(checkpoint.size == 2);
  CHECK(checkpoint.root == TransparencyLog{store}.root(2));

  (void)test::write_receipt(store);
  (void)sign_checkpoint(store, signer, "log.example");
  const auto newest = newest_checkpoint(store);
  REQUIRE(newest);
  CHECK(parse_checkpoint(newest->text).size == 3);
  const LogVerification found = verify_log(store);
  CHECK(found.problems.empty());
  CHECK(found.checkpoints == 2);
  CHECK_THROWS_AS((void)sign_checkpoint(store, signer, "log.example", 4), Error);
}

TEST_CASE("checkpoint store: the signatures of two keys stand on one note") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner old_key = log_key();
  const crypto::NoteSigner new_key = log_key();
  store::Store store = scratch.open();
  (void)sign_checkpoint(store, old_key, "log.example");
  (void)sign_checkpoint(store, new_key, "log.example");
  const auto newest = newest_checkpoint(store, "log.example");
  REQUIRE(newest);
  CHECK(newest->signatures.size() == 2);
  CHECK(crypto::is_signed_by(*newest, old_key.verifier()));
  CHECK(crypto::is_signed_by(*newest, new_key.verifier()));
  CHECK(parse_checkpoint(newest->text).root == crypto::empty_root());
  CHECK_FALSE(newest_checkpoint(store, "another"));
}

TEST_CASE("checkpoint store: a log that was rewritten is not signed") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer = log_key();
  write_receipts_of(scratch, 3);
  {
    store::Store store = scratch.open();
    (void)sign_checkpoint(store, signer, "log.example");
  }
  for (const char* change : {"UPDATE transparency_tile SET hashes = CAST(substr(hashes, 33, 32)"
                             " || substr(hashes, 1, 32) || substr(hashes, 65) AS BLOB)",
                             "UPDATE transparency_tile SET hashes = substr(hashes, 1, 64)"}) {
    CAPTURE(change);
    REQUIRE(scratch.tamper("DROP TRIGGER IF EXISTS transparency_tile_only_grows;" +
                           std::string{change}) == "");
    store::Store store = scratch.open();
    CHECK_THROWS_AS((void)sign_checkpoint(store, signer, "log.example"), Error);
    CHECK_FALSE(verify_log(store).problems.empty());
  }
}

TEST_CASE("checkpoint store: every tenant's log has an origin of its own") {
  const test::ScratchStore scratch{test::prov_modules()};
  scratch.add_tenant("other");
  const crypto::NoteSigner signer = log_key();
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  CHECK(default_origin(mine, signer.verifier()) == "log.example");
  CHECK(default_origin(theirs, signer.verifier()) == "log.example/other");
  (void)sign_checkpoint(mine, signer, "log.example");
  CHECK_FALSE(newest_checkpoint(theirs));
}

TEST_CASE("checkpoint store: a key that is trusted must have signed") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer = log_key();
  const crypto::NoteSigner namesake = log_key();
  write_receipts_of(scratch, 1);
  store::Store store = scratch.open();
  const std::array<crypto::NoteVerifier, 1> trusted{signer.verifier()};
  CHECK_FALSE(verify_log(store, trusted).problems.empty());
  (void)sign_checkpoint(store, namesake, "log.example");
  CHECK(verify_log(store).problems.empty());
  CHECK_FALSE(verify_log(store, trusted).problems.empty());
  (void)sign_checkpoint(store, signer, "log.example");
  CHECK(verify_log(store, trusted).problems.empty());
}

TEST_CASE("receipt signature: it is kept beside the receipt, and handed on as a note") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer = log_key("signer.example");
  store::Store store = scratch.open();
  const GenerationStream stream = resolve_stream(store, test::write_receipt(store));
  CHECK(receipt_note(store, 0, stream.receipt_hash).signatures.empty());
  for (int i = 0; i < 2; ++i) {
    store::WriteTransaction transaction{store};
    sign_receipt(store, stream.leaf_index, stream.receipt_hash, signer);
    transaction.commit();
  }
  const crypto::SignedNote note = receipt_note(store, 0, stream.receipt_hash);
  CHECK(note.text == "hart-receipt\nsha256:" + to_hex(stream.receipt_hash) + "\n");
  CHECK(note.signatures.size() == 1);
  CHECK(crypto::is_signed_by(crypto::parse_note(crypto::format_note(note)), signer.verifier()));
  // Never taken for a checkpoint.
  CHECK_THROWS_AS((void)parse_checkpoint(note.text), Error);
  const LogVerification found = verify_log(store);
  CHECK(found.problems.empty());
  CHECK(found.signatures == 1);
}

TEST_CASE("verify: any byte of a tile, a checkpoint or a signature that was changed is found") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer = log_key();
  write_receipts_of(scratch, 3);
  {
    store::Store store = scratch.open();
    (void)sign_checkpoint(store, signer, "log.example");
    store::WriteTransaction transaction{store};
    sign_receipt(store, 1, stream_at(store, 1)->receipt_hash, signer);
    transaction.commit();
  }
  REQUIRE(scratch.tamper(kNoGuards) == "");
  const auto sound = [&] {
    store::Store store = scratch.open("default", false);
    return verify_log(store).problems.empty();
  };
  REQUIRE(sound());
  store::Connection db{scratch.directory() + "/hart.db", store::Connection::Mode::read_write,
                       10'000};
  const struct {
    const char* table;
    const char* column;
    const char* type;
  } columns[] = {{"transparency_tile", "hashes", "BLOB"},
                 {"transparency_checkpoint", "note", "TEXT"},
                 {"transparency_checkpoint", "verifier", "TEXT"},
                 {"transparency_checkpoint", "origin", "TEXT"},
                 {"receipt_signature", "verifier", "TEXT"},
                 {"receipt_signature", "signature", "BLOB"}};
  for (const auto& each : columns) {
    const char *table = each.table, *column = each.column, *type = each.type;
    const std::string of = std::string{column} + " AS ";
    const ByteBuffer bytes = [&] {
      auto row = db.prepare("SELECT CAST(" + of + "BLOB) FROM " + table, store::Scope::owner);
      REQUIRE(row.step());
      return ByteBuffer{row.blob(0).begin(), row.blob(0).end()};
    }();
    const auto write = [&](const ByteBuffer& changed) {
      db.prepare(
            "UPDATE " + std::string{table} + " SET " + column + " = CAST(? AS " + type + ")",
            store::Scope::owner)
          .run(changed);
    };
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      CAPTURE(table);
      CAPTURE(column);
      CAPTURE(at);
      ByteBuffer changed = bytes;
      changed[at] ^= 1;
      write(changed);
      CHECK_FALSE(sound());
    }
    write(bytes);
  }
  CHECK(sound());
}

}  // namespace
}  // namespace hart::prov
