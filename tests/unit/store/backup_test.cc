#include "store/backup.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "faults.h"
#include "scratch.h"
#include "sound_document.h"
#include "store/collect.h"
#include "store/extent_reader.h"
#include "stored_text.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

using test::add_sound_document;
using test::count_rows;
using test::fault_of;
using test::joined;
using test::kLifecycleModules;
using test::problems;
using test::remove_document;
using test::ScratchStore;
using test::words_of;

BackedUp back_up(Store& store, const std::string& directory,
                 const BackupOptions& options = {}) {
  return backup(store, directory, options, [](const Finding& finding) {
    FAIL_CHECK(finding.where << ": " << finding.what);
  });
}

Store open_copy(const std::string& directory) {
  OpenOptions options;
  options.directory = directory;
  options.writable = true;
  return Store{options};
}

TEST_CASE("backup: the copy is a store with the same objects, and can be written to") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 100));
  add_sound_document(store, "b", words_of("b", 100));
  store.index_db().exec("CREATE TABLE t (x); INSERT INTO t VALUES ('vectors')");
  store.cache_db().exec("CREATE TABLE t (x)");
  std::uint64_t told = 0;
  BackupOptions options;
  options.progress = [&](std::uint64_t bytes) { told += bytes; };
  const BackedUp done = back_up(store, elsewhere / "copy", options);
  CHECK(done.objects == 2);
  CHECK(done.packs == 1);
  CHECK(done.checked.extents == 2);
  CHECK(told >= done.bytes);
  CHECK_FALSE(fs::exists(elsewhere / "copy.partial"));
  CHECK_FALSE(fs::exists(elsewhere / "copy/backup-in-progress"));
  CHECK_FALSE(fs::exists(elsewhere / "copy/cache.db"));

  Store copy = open_copy(elsewhere / "copy");
  CHECK(problems(copy) == "");
  CHECK(stored_text(copy, "a") == joined(words_of("a", 100)));
  CHECK(copy.index_db().query_integer("SELECT COUNT(*) FROM t") == 1);
  add_sound_document(copy, "c", words_of("c", 100));
  remove_document(copy, "a");
  collect(copy, {});
  CHECK(problems(copy) == "");
  CHECK(stored_text(copy, "c") == joined(words_of("c", 100)));
  CHECK(stored_text(store, "a") == joined(words_of("a", 100)));
}

TEST_CASE("backup: an empty store can be backed up") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open("default", false);
  back_up(store, elsewhere / "copy/");
  Store copy = open_copy(elsewhere / "copy");
  CHECK(problems(copy) == "");
}

TEST_CASE("backup: bytes that are dead are not copied") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "gone", words_of("gone", 50'000));
  add_sound_document(store, "kept", words_of("kept", 100));
  remove_document(store, "gone");
  const Store reader = scratch.open("default", false);
  CHECK(collect(store, {}).bytes_waiting > 0);
  back_up(store, elsewhere / "copy");
  struct stat status {};
  REQUIRE(::stat((elsewhere / "copy/packs/pack-00000001.hpk").c_str(), &status) == 0);
  CHECK(status.st_size > 2'000'000);
  CHECK(status.st_blocks * 512 < 100'000);
  Store copy = open_copy(elsewhere / "copy");
  CHECK(count_rows(copy, "pack_hole WHERE freed = 0") == 0);
  CHECK(stored_text(copy, "kept") == joined(words_of("kept", 100)));
  CHECK(problems(copy) == "");
}

TEST_CASE(
    "backup: what is added, removed and collected meanwhile changes nothing in the copy") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 100));
  Store writer = scratch.open();
  bool changed = false;
  BackupOptions options;
  options.progress = [&](std::uint64_t) {
    if (std::exchange(changed, true)) return;
    add_sound_document(writer, "later", words_of("later", 100));
    remove_document(writer, "a");
    CHECK(collect(writer, {}).bytes_freed == 0);
  };
  CHECK(back_up(store, elsewhere / "copy", options).objects == 1);
  Store copy = open_copy(elsewhere / "copy");
  CHECK(stored_text(copy, "a") == joined(words_of("a", 100)));
  CHECK(count_rows(copy, "tenant_object") == 1);
  CHECK(problems(copy) == "");
}

TEST_CASE("backup: linked files are copied") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  std::ofstream{store.packs().linked_path(kFirstLinkedPack)} << joined(words_of("a", 10));
  store.db().exec("INSERT INTO pack VALUES (" + std::to_string(kFirstLinkedPack) +
                  ", 400); UPDATE extent SET codec = 4, pack_offset = 0, pack_id = " +
                  std::to_string(kFirstLinkedPack));
  CHECK(back_up(store, elsewhere / "copy").packs == 2);
  Store copy = open_copy(elsewhere / "copy");
  CHECK(stored_text(copy, "a") == joined(words_of("a", 10)));
}

TEST_CASE("backup: what is in the way stays, what an interrupted backup left goes") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  fs::create_directory(elsewhere / "copy");
  CHECK(fault_of([&] { back_up(store, elsewhere / "copy"); }) == Fault::cannot_create);
  fs::remove(elsewhere / "copy");
  fs::create_directory(elsewhere / "copy.partial");
  std::ofstream{elsewhere / "copy.partial/users"} << "x";
  CHECK(fault_of([&] { back_up(store, elsewhere / "copy"); }) == Fault::cannot_create);
  CHECK(fs::exists(elsewhere / "copy.partial/users"));
  std::ofstream{elsewhere / "copy.partial/backup-in-progress"};
  back_up(store, elsewhere / "copy");
  CHECK_FALSE(fs::exists(elsewhere / "copy/users"));
  CHECK(fault_of([&] { back_up(store, elsewhere / "no/such/folder"); }) ==
        Fault::cannot_create);
}

TEST_CASE("backup: one that is stopped leaves nothing") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 100));
  BackupOptions options;
  options.progress = [&](std::uint64_t) { throw Error{Fault::busy, "enough"}; };
  CHECK(fault_of([&] { back_up(store, elsewhere / "copy", options); }) == Fault::busy);
  CHECK_FALSE(fs::exists(elsewhere / "copy"));
  CHECK_FALSE(fs::exists(elsewhere / "copy.partial"));
  CHECK(problems(store) == "");
}

TEST_CASE("backup: damage is said and copied as it is") {
  const ScratchStore scratch{kLifecycleModules};
  const Scratch elsewhere;
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 100));
  posix_file_io()
      .open(store.packs().path(1), FileIo::Mode::read_write)
      ->write_at(500, as_bytes("damage"));
  std::string found;
  const BackedUp done = backup(store, elsewhere / "copy", {},
                               [&](const Finding& finding) { found += finding.what; });
  CHECK(done.checked.findings == 1);
  CHECK(found.find("its checksum differs") != std::string::npos);
  CHECK(fs::exists(elsewhere / "copy/hart.db"));
}

}  // namespace
}  // namespace hart::store
