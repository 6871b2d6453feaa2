#include "store/fsck.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "sound_document.h"
#include "store/collect.h"
#include "store/file_io.h"
#include "store/packs.h"
#include "store/text_index.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::count_rows;
using test::kLifecycleModules;
using test::problems;
using test::remove_document;
using test::ScratchStore;
using test::words_of;

/// Three documents, of which one is kept twice; one version is in the history alone.
void fill(const ScratchStore& scratch) {
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  add_sound_document(store, "same", words_of("a", 10));
  add_sound_document(store, "b", words_of("b", 10));
  add_sound_document(store, "old", words_of("old", 10));
  remove_document(store, "old");
}

struct Outcome {
  FsckTotals totals;
  std::vector<Finding> findings;

  [[nodiscard]] bool says(const std::string& text) const {
    for (const Finding& finding : findings)
      if ((finding.where + ": " + finding.what).find(text) != std::string::npos) return true;
    return false;
  }
};

Outcome check(const ScratchStore& scratch, FsckOptions options = {}) {
  Outcome outcome;
  Store store = scratch.open();
  outcome.totals = fsck(store, options,
                        [&](const Finding& finding) { outcome.findings.push_back(finding); });
  REQUIRE(outcome.totals.findings == outcome.findings.size());
  return outcome;
}

Outcome repair(const ScratchStore& scratch) {
  FsckOptions options;
  options.repair = true;
  return check(scratch, options);
}

/// Changes the catalog without its triggers and references, and finds what `fsck` then must.
void tamper(const ScratchStore& scratch, const std::string& sql) {
  REQUIRE(scratch.tamper("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; " +
                         sql) == "");
}

void damage_pack(const ScratchStore& scratch, std::uint64_t offset) {
  const std::string path = scratch.directory() + "/packs/pack-00000001.hpk";
  const auto file = posix_file_io().open(path, FileIo::Mode::read_write);
  std::array<std::uint8_t, 1> byte{};
  file->read_at(offset, byte);
  byte[0] ^= 1;
  file->write_at(offset, byte);
}

TEST_CASE("fsck: a sound store has no findings, and all of it is looked at") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  const Outcome outcome = check(scratch);
  CHECK(outcome.findings.empty());
  CHECK(outcome.totals.clean());
  CHECK(outcome.totals.atoms == 36);
  CHECK(outcome.totals.extents == 3);
  CHECK(outcome.totals.bytes == 3 * 400);
  CHECK(outcome.totals.leftovers == 0);
}

TEST_CASE("fsck: an empty store is sound") {
  const ScratchStore scratch{kLifecycleModules};
  CHECK(check(scratch).findings.empty());
  CHECK(repair(scratch).findings.empty());
}

TEST_CASE("fsck: a store open for reading is checked as well") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  Store store = scratch.open("default", false);
  CHECK(problems(store) == "");
}

TEST_CASE("fsck: a changed byte of an extent is found, and who needs it is said") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  damage_pack(scratch, 128 + 7);
  for (const bool quick : {false, true}) {
    FsckOptions options;
    options.quick = quick;
    options.threads = quick ? 1 : 3;
    const Outcome outcome = check(scratch, options);
    REQUIRE(outcome.findings.size() == 1);
    CHECK(outcome.findings[0].where == "extent 1 in pack 1 at offset 128");
    CHECK(outcome.findings[0].what ==
          "its checksum differs; needed by default/a@1, default/same@1");
    CHECK_FALSE(outcome.totals.clean());
  }
  const Outcome repaired = repair(scratch);
  REQUIRE(repaired.findings.size() == 1);
  CHECK_FALSE(repaired.findings[0].repaired);
}

TEST_CASE("fsck: bytes with another digest than the extent's are found, but not when quick") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  // The header must agree with the row: then only the digest can tell.
  {
    Store store = scratch.open();
    Statement row = store.db().prepare(
        "SELECT stored_bytes, checksum FROM extent WHERE extent_id = 1", Scope::owner);
    REQUIRE(row.step());
    ExtentRecord extent;
    extent.hash.fill(7);
    extent.decoded_bytes = extent.stored_bytes = static_cast<std::uint64_t>(row.integer(0));
    extent.checksum = static_cast<std::uint32_t>(row.integer(1));
    posix_file_io()
        .open(store.packs().path(1), FileIo::Mode::read_write)
        ->write_at(64, extent_header(extent));
  }
  tamper(scratch,
         "UPDATE extent SET hash = x'"
         "0707070707070707070707070707070707070707070707070707070707070707'"
         " WHERE extent_id = 1");
  FsckOptions quick;
  quick.quick = true;
  CHECK(check(scratch, quick).findings.empty());
  CHECK(check(scratch).says("extent 1 in pack 1 at offset 128: its hash differs"));
}

TEST_CASE("fsck: an extent's header that says another thing than its row is found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  damage_pack(scratch, 64 + 10);
  CHECK(check(scratch).says("is not what the catalog says"));
}

TEST_CASE("fsck: damage that nobody needs is dropped by a repair") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  {
    Store store = scratch.open();
    CHECK(count_rows(store, "extent") == 3);
  }
  // The third extent is the removed document's; its atoms go without their bytes.
  tamper(scratch, "DELETE FROM atom_payload WHERE extent_id = 3");
  damage_pack(scratch, 64 + 2 * 512 + 64 + 1);
  const Outcome outcome = repair(scratch);
  CHECK(outcome.says("extent 3 in pack 1"));
  for (const Finding& finding : outcome.findings)
    CHECK(finding.repaired == (finding.where.find("extent 3") != std::string::npos));
  Store store = scratch.open();
  CHECK(count_rows(store, "extent") == 2);
}

TEST_CASE("fsck: a pack that is missing, short or another is found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  const std::string path = scratch.directory() + "/packs/pack-00000001.hpk";
  SUBCASE("missing") {
    std::filesystem::remove(path);
    CHECK(check(scratch).says("pack 1: "));
    // Nothing can be repaired in a store that cannot be written to.
    const Outcome repaired = repair(scratch);
    CHECK(repaired.says("pack 1: "));
    CHECK(repaired.totals.repaired == 0);
  }
  SUBCASE("short") {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 64);
    CHECK(check(scratch).says("bytes, but the catalog refers to"));
  }
  SUBCASE("another") {
    damage_pack(scratch, 16);
    CHECK(check(scratch).says("pack 1: its header is not that of this pack"));
  }
}

TEST_CASE("fsck: extents that overlap or lie outside of their pack are found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  SUBCASE("overlap") {
    tamper(scratch, "UPDATE extent SET pack_offset = pack_offset - 64 WHERE extent_id = 2");
    CHECK(check(scratch).says("extent 2 in pack 1 at offset 576: overlaps with extent 1"));
  }
  SUBCASE("outside") {
    tamper(scratch, "UPDATE extent SET pack_offset = 1048576 WHERE extent_id = 2");
    CHECK(check(scratch).says("extent 2 in pack 1 at offset 1048576: lies outside"));
  }
  SUBCASE("before the first place") {
    tamper(scratch, "UPDATE extent SET pack_offset = 0 WHERE extent_id = 2");
    CHECK(check(scratch).says("extent 2 in pack 1"));
  }
}

TEST_CASE("fsck: a hole over living bytes is found and forgotten before anything is lost") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  tamper(scratch,
         "INSERT INTO pack_hole (pack_id, pack_offset, bytes, epoch) VALUES (1, 576, 512, 1)");
  CHECK(check(scratch).says("hole in pack 1 at offset 576: overlaps with extent 2"));
  const Outcome outcome = repair(scratch);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].repaired);
  CHECK(outcome.totals.clean());
  CHECK(check(scratch).findings.empty());
  Store store = scratch.open();
  collect(store, {});
  CHECK(problems(store) == "");
}

TEST_CASE("fsck: rows of atoms that contradict themselves are found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  struct Case {
    const char* sql;
    const char* finding;
  };
  const Case cases[] = {
      {"UPDATE atom SET value = x'6162', bytes = 2 WHERE form = 0 AND atom_id ="
       " (SELECT min(atom_id) FROM atom WHERE form = 0)",
       "its value does not have this digest"},
      {"UPDATE atom SET bytes = 41 WHERE form = 0 AND atom_id ="
       " (SELECT min(atom_id) FROM atom WHERE form = 0)",
       "its value has another length"},
      {"UPDATE atom SET value = zeroblob(40) WHERE form = 1 AND space = 1",
       "is no descriptor of version 1"},
      {"UPDATE atom SET value = CAST(substr(value, 1, 8) || zeroblob(32) AS BLOB) WHERE form = "
       "1"
       " AND space = 1",
       "its descriptor does not have this digest"},
      {"UPDATE atom SET value = CAST(substr(value, 1, 8) || zeroblob(32) AS BLOB) WHERE form = "
       "1"
       " AND space = 0",
       "its descriptor is that of another content"},
      {"UPDATE atom_payload SET bytes = bytes - 1 WHERE extent_id = 2",
       "its payload has 399 bytes, the atom 400"},
      {"UPDATE atom_payload SET extent_offset = 1 WHERE extent_id = 2",
       "part 0 of its payload reaches beyond extent 2"},
      {"DELETE FROM atom_payload WHERE extent_id = 2", "has no payload"},
      {"DELETE FROM extent WHERE extent_id = 2", "refers to a missing row of extent"},
      {"UPDATE tenant_atom SET spatial_key = x'0102' WHERE atom_id = 1",
       "tenant_atom.spatial_key: "},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.sql);
    const ScratchStore one{kLifecycleModules};
    fill(one);
    tamper(one, wrong.sql);
    const Outcome outcome = check(one);
    CHECK(outcome.says(wrong.finding));
    CHECK_FALSE(outcome.totals.clean());
  }
}

TEST_CASE("fsck: wrong counts of holders are found and set right") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  SUBCASE("too many") {
    tamper(scratch, "UPDATE tenant_atom SET holders = holders + 1 WHERE atom_id <= 3");
  }
  SUBCASE("too few") {
    tamper(scratch, "UPDATE tenant_atom SET holders = 1 WHERE atom_id IN (1, 2, 3)");
  }
  SUBCASE("none contains it") {
    tamper(scratch,
           "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders,"
           " created_us) SELECT 1, atom_id, 3, 'word', 1, latest_us FROM atom, store_clock "
           "ORDER BY atom_id DESC"
           " LIMIT 3");
  }
  CHECK(check(scratch).findings.size() == 3);
  const Outcome outcome = repair(scratch);
  CHECK(outcome.findings.size() == 3);
  CHECK(outcome.totals.repaired == 3);
  CHECK(outcome.totals.clean());
  CHECK(check(scratch).findings.empty());
}

TEST_CASE("fsck: what is part of an object but not held is found, and is no guess to repair") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  tamper(scratch, "DELETE FROM tenant_atom WHERE atom_id = 2");
  CHECK(check(scratch).says("is part of an object, but not held"));
  CHECK_FALSE(repair(scratch).totals.clean());
}

TEST_CASE("fsck: a snapshot counts as a holder") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  tamper(scratch,
         "INSERT INTO snapshot VALUES (1, 1, 's', 1);"
         "INSERT INTO snapshot_object (snapshot_id, object_id, name, version, atom_id,"
         " structure_id, kind, modality, subtype, atomizer, created_us)"
         " SELECT 1, object_id, name, version, atom_id, structure_id, kind, modality, subtype,"
         " atomizer, created_us FROM tenant_object WHERE name = 'b'");
  CHECK(check(scratch).findings.size() == 12);
  CHECK(repair(scratch).totals.clean());
  CHECK(check(scratch).findings.empty());
  Store store = scratch.open();
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom WHERE holders = 2") == 24);
}

TEST_CASE("fsck: intervals of the history that contradict each other are found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  SUBCASE("ends before it begins") {
    tamper(scratch,
           "UPDATE tenant_atom_history SET valid_from_us = valid_to_us + 1 WHERE atom_id ="
           " (SELECT max(atom_id) FROM tenant_atom_history)");
    CHECK(check(scratch).says("an interval ends before it begins"));
  }
  SUBCASE("two at a time") {
    tamper(scratch,
           "INSERT INTO tenant_atom_history (tenant_id, atom_id, modality, valid_to_us,"
           " subtype, access_level, created_us, valid_from_us)"
           " SELECT tenant_id, atom_id, modality, valid_to_us + 10, subtype, access_level,"
           " created_us, valid_to_us - 1 FROM tenant_atom_history LIMIT 1");
    CHECK(check(scratch).says("two intervals overlap"));
  }
}

TEST_CASE("fsck: the index of the history's intervals is compared and made anew") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  SUBCASE("another interval") {
    tamper(scratch, "UPDATE tenant_object_period SET last = last + 100");
    CHECK(check(scratch).says("tenant_object_period 1: does not have the interval"));
  }
  SUBCASE("missing") {
    tamper(scratch, "DELETE FROM tenant_object_period");
    CHECK(check(scratch).says("tenant_object_period 1: does not have the interval"));
  }
  SUBCASE("too many") {
    tamper(scratch, "INSERT INTO tenant_object_period VALUES (77, 1, 2, 1, 2)");
    CHECK(check(scratch).says("tenant_object_period 77: is of no history row"));
  }
  CHECK(repair(scratch).totals.clean());
  CHECK(check(scratch).findings.empty());
}

TEST_CASE("fsck: files that an interrupted writer left are no damage, and go with a repair") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  const std::string stray = scratch.directory() + "/packs/pack-00000007.hpk";
  std::ofstream{stray} << "half a pack";
  const Outcome outcome = check(scratch);
  CHECK(outcome.findings.empty());
  CHECK(outcome.totals.leftovers == 1);
  CHECK(repair(scratch).totals.clean());
  CHECK_FALSE(std::filesystem::exists(stray));
}

TEST_CASE("fsck: full text that is not the tenant's is found and indexed anew") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  {
    Store store = scratch.open();
    WriteTransaction transaction{store};
    index_passage(store, 4711, "a passage that nobody holds");
    transaction.commit();
  }
  CHECK(check(scratch).says("tenant default: the full text has 1 passages"));
  CHECK(repair(scratch).totals.clean());
  CHECK(check(scratch).findings.empty());
  Store store = scratch.open();
  CHECK(count_indexed_passages(store) == 2);
}

TEST_CASE("fsck: full text that does not fit together is found") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  {
    Store store = scratch.open();
    WriteTransaction transaction{store};
    index_passage(store, 1, "first words");
    transaction.commit();
  }
  CHECK(check(scratch).findings.empty());
  tamper(scratch, "DELETE FROM text_fts_1_data WHERE id > 10");
  CHECK(check(scratch).says("tenant default: the full text does not fit together"));
  CHECK(repair(scratch).totals.clean());
  CHECK(check(scratch).findings.empty());
}

TEST_CASE("fsck: what the progress throws stops it") {
  const ScratchStore scratch{kLifecycleModules};
  fill(scratch);
  Store store = scratch.open();
  FsckOptions options;
  options.progress = [](std::uint64_t) { throw Error{Fault::busy, "enough"}; };
  CHECK_THROWS_AS(fsck(store, options, [](const Finding&) {}), Error);
}

}  // namespace
}  // namespace hart::store
