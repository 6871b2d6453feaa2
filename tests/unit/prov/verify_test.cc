#include "prov/verify.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixture.h"
#include "prov/explanation.h"
#include "prov/graph/derivation.h"

namespace hart::prov {
namespace {

/// All problems of all receipts and of the log.
std::vector<std::string> problems(const test::ScratchStore& scratch) {
  store::Store store = scratch.open("default", false);
  std::vector<std::string> all = verify_log(store).problems;
  for_each_stream(store, [&](const GenerationStream& stream) {
    for (const std::string& problem : verify_stream(store, stream).problems)
      all.push_back(problem);
  });
  return all;
}

void write_three(const test::ScratchStore& scratch) {
  store::Store store = scratch.open();
  for (int i = 0; i < 3; ++i) (void)test::write_receipt(store);
  (void)derive_graph(store);
}

const std::string kNoTriggers =
    "DROP TRIGGER generation_stream_is_never_changed;"
    "DROP TRIGGER generation_stream_is_never_deleted;"
    "DROP TRIGGER generation_stream_opening_is_never_changed;"
    "DROP TRIGGER atom_provenance_is_never_changed;"
    "DROP TRIGGER transparency_tile_only_grows;"
    "DROP TRIGGER transparency_tile_is_never_deleted;";

TEST_CASE("verify: an untouched store has no problems") {
  const test::ScratchStore scratch{test::prov_modules()};
  CHECK(problems(scratch).empty());
  write_three(scratch);
  CHECK(problems(scratch).empty());
}

TEST_CASE("verify: any change to any column of any table is found") {
  const std::string second = " WHERE generation_stream_id = 2";
  for (const std::string& change : std::vector<std::string>{
           "UPDATE generation_stream SET receipt = CAST(substr(receipt, 1, 40) || X'FE' ||"
           " substr(receipt, 42) AS BLOB)" +
               second,
           "UPDATE generation_stream SET receipt = zeroblob(8)" + second,
           "UPDATE generation_stream SET receipt_hash = zeroblob(32)" + second,
           "UPDATE generation_stream SET previous_hash = zeroblob(32)" + second,
           "UPDATE generation_stream SET uuid = randomblob(16)" + second,
           "UPDATE generation_stream SET operation = 'embed_text'" + second,
           "UPDATE generation_stream SET model_hash = zeroblob(32)" + second,
           "UPDATE generation_stream SET model_space = 0" + second,
           "UPDATE generation_stream SET started_us = started_us + 1" + second,
           "UPDATE generation_stream SET completed_us = completed_us + 1" + second,
           "UPDATE generation_stream SET tokens_in = tokens_in + 1" + second,
           "UPDATE generation_stream SET tokens_out = tokens_out + 1" + second,
           "UPDATE generation_stream SET finish_reason = 'length'" + second,
           "UPDATE generation_stream SET leaf_index = 7" + second,
           "DELETE FROM generation_stream" + second,
           "DELETE FROM generation_stream WHERE generation_stream_id = 3",
           "UPDATE generation_stream_opening SET openings = CAST(substr(openings, 1, 60) ||"
           " X'FE' || substr(openings, 62) AS BLOB)" +
               second,
           "UPDATE generation_stream_opening SET openings = X'00'" + second,
           "UPDATE generation_stream_opening SET tenant_id = 2" + second,
           "UPDATE generation_stream_opening SET generation_stream_id = 9" + second,
           "UPDATE atom_provenance SET atom_hash = zeroblob(32)" + second +
               " AND role = 1 AND sequence = 0",
           "UPDATE atom_provenance SET atom_hash = zeroblob(32)" + second + " AND role = 0",
           "UPDATE atom_provenance SET weight = 0.5" + second +
               " AND role = 1 AND sequence = 1",
           "UPDATE atom_provenance SET atom_space = 0" + second +
               " AND role = 1 AND sequence = 1",
           "DELETE FROM atom_provenance" + second + " AND role = 0",
           "DELETE FROM atom_provenance" + second + " AND sequence = 1",
           "UPDATE atom_provenance SET role = 2" + second + " AND role = 1 AND sequence = 1",
           "UPDATE atom_provenance SET tenant_id = 2" + second + " AND role = 0",
           "UPDATE atom_provenance SET generation_stream_id = 9" + second + " AND role = 0",
           "UPDATE transparency_tile SET hashes = zeroblob(96)",
           "UPDATE transparency_tile SET hashes = substr(hashes, 1, 64)",
           "UPDATE transparency_tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)",
           "UPDATE transparency_tile SET tile_index = 1",
           "UPDATE transparency_tile SET level = 1",
           "DELETE FROM transparency_tile",
           "INSERT INTO transparency_tile VALUES (9, 1, 1, 0, zeroblob(32))",
           "INSERT INTO transparency_checkpoint VALUES (1, 'o', 3, 'k', 'o')",
           "INSERT INTO receipt_signature VALUES (1, 1, 'k', zeroblob(64))",
       }) {
    CAPTURE(change);
    const test::ScratchStore scratch{test::prov_modules()};
    write_three(scratch);
    REQUIRE(scratch.tamper("PRAGMA foreign_keys = OFF;" + kNoTriggers + change) == "");
    CHECK_FALSE(problems(scratch).empty());
  }
}

TEST_CASE(
    "verify: a receipt that was rewritten with a matching hash still breaks chain and log") {
  const test::ScratchStore scratch{test::prov_modules()};
  write_three(scratch);
  // Take over the whole row of the second receipt from a store of its own.
  const test::ScratchStore forge{test::prov_modules()};
  write_three(forge);
  REQUIRE(scratch.tamper(kNoTriggers + "ATTACH '" + forge.directory() +
                         "/hart.db' AS forged; UPDATE generation_stream SET (uuid, receipt,"
                         " receipt_hash, previous_hash) = (SELECT uuid, receipt, receipt_hash,"
                         " previous_hash FROM forged.generation_stream WHERE leaf_index = 1)"
                         " WHERE leaf_index = 1") == "");
  CHECK_FALSE(problems(scratch).empty());
}

TEST_CASE("verify: without its openings a receipt still verifies, and explains what is left") {
  const test::ScratchStore scratch{test::prov_modules()};
  write_three(scratch);
  REQUIRE(scratch.tamper("DELETE FROM generation_stream_opening WHERE generation_stream_id = 2;"
                         "DELETE FROM atom_provenance WHERE generation_stream_id = 2"
                         " AND role = 1") == "");
  CHECK(problems(scratch).empty());
  store::Store store = scratch.open("default", false);
  const auto stream = stream_at(store, 1);
  REQUIRE(stream);
  const ReceiptVerification verified = verify_stream(store, *stream);
  CHECK(verified.opened == 0);
  CHECK(verified.commitments == 8);
  const Explanation why = explain(store, *stream);
  CHECK(why.erased == 8);
  CHECK_FALSE(why.prompt);
  CHECK(why.evidence.empty());
  CHECK(why.seed == 42);
}

TEST_CASE("verify: single openings can be erased, and the others still open") {
  const test::ScratchStore scratch{test::prov_modules()};
  write_three(scratch);
  {
    store::Store store = scratch.open();
    const auto stream = stream_at(store, 1);
    REQUIRE(stream);
    const Receipt receipt = decode_receipt(stream->receipt);
    const std::vector<std::uint32_t> gone{receipt.prompt.position, receipt.evidence[0].position,
                                          999};
    store::WriteTransaction transaction{store};
    CHECK(erase_openings(store, stream->generation_stream_id, gone) == 2);
    CHECK(erase_openings(store, stream->generation_stream_id, gone) == 0);
    transaction.commit();
  }
  CHECK(problems(scratch).empty());
  store::Store store = scratch.open("default", false);
  const Explanation why = explain(store, *stream_at(store, 1));
  CHECK(why.erased == 2);
  CHECK_FALSE(why.prompt);
  CHECK(why.output == "a secretanswer");
  REQUIRE(why.evidence.size() == 1);
  CHECK(why.evidence[0].evidence.text == "a dog is a mammal");
  CHECK(explain(store, *stream_at(store, 0)).erased == 0);
}

TEST_CASE("verify: an opening that does not match is never explained as what was said") {
  const test::ScratchStore scratch{test::prov_modules()};
  write_three(scratch);
  REQUIRE(scratch.tamper(kNoTriggers + "UPDATE generation_stream_opening SET openings ="
                                       " CAST(substr(openings, 1, length(openings) - 1) ||"
                                       " X'41' AS BLOB) WHERE generation_stream_id = 1") == "");
  store::Store store = scratch.open("default", false);
  CHECK_THROWS_AS((void)explain(store, *stream_at(store, 0)), Error);
}

TEST_CASE("verify: receipts cannot be changed while the triggers stand") {
  const test::ScratchStore scratch{test::prov_modules()};
  write_three(scratch);
  for (const char* change :
       {"UPDATE generation_stream SET tokens_out = 0", "DELETE FROM generation_stream",
        "UPDATE generation_stream_opening SET openings = X'00'",
        "UPDATE atom_provenance SET weight = 0"}) {
    CAPTURE(change);
    CHECK(scratch.tamper(change).find("never") != std::string::npos);
  }
  CHECK(problems(scratch).empty());
}

}  // namespace
}  // namespace hart::prov
