#include "store/collect.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "solid_files.h"
#include "sound_document.h"
#include "store/extent_reader.h"
#include "store/file_io.h"
#include "store/packs.h"
#include "stored_text.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::begin_pack;
using test::count_rows;
using test::joined;
using test::kLifecycleModules;
using test::problems;
using test::put_sound_document;
using test::remove_document;
using test::ScratchStore;
using test::words_of;

std::uint64_t disk_bytes(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

bool file_contains(const std::string& path, const std::string& needle) {
  std::ifstream file{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  return bytes.find(needle) != std::string::npos;
}

TEST_CASE("collect: a store that lost nothing loses nothing") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  const std::int64_t atoms = count_rows(store, "atom");
  const Collected collected = collect(store, {});
  CHECK(collected.atoms == 0);
  CHECK(collected.extents == 0);
  CHECK(collected.bytes_freed == 0);
  CHECK(collected.complete);
  CHECK(count_rows(store, "atom") == atoms);
  CHECK(problems(store) == "");
}

TEST_CASE("collect: what was dropped goes with its rows and bytes, what is shared stays") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  auto kept = words_of("kept", 10);
  auto gone = words_of("gone", 10);
  kept.emplace_back("shared");
  gone.emplace_back("shared");
  add_sound_document(store, "kept", kept);
  const std::int64_t atoms = count_rows(store, "atom");
  const std::int64_t parts = count_rows(store, "atom_composition");
  add_sound_document(store, "gone", gone);
  remove_document(store, "gone");

  const Collected collected = collect(store, {});
  CHECK(collected.atoms == 12);
  CHECK(collected.extents == 1);
  CHECK(collected.bytes == 64 + 448);
  CHECK(collected.bytes_freed == collected.bytes);
  CHECK(collected.bytes_waiting == 0);
  CHECK(count_rows(store, "atom") == atoms);
  CHECK(count_rows(store, "atom_composition") == parts);
  CHECK(count_rows(store, "extent") == 1);
  CHECK(count_rows(store, "tenant_atom_history") == 0);
  CHECK(store.db().query_integer("PRAGMA foreign_keys") == 1);
  CHECK(problems(store) == "");
  CHECK_FALSE(file_contains(store.packs().path(1), "gone-3-"));
  CHECK(stored_text(store, "kept") == joined(kept));

  const Collected again = collect(store, {});
  CHECK(again.atoms == 0);
  CHECK(again.bytes_freed == 0);
}

TEST_CASE("collect: a dry run counts what a collection would take and takes nothing") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  remove_document(store, "a");
  CollectOptions dry;
  dry.dry_run = true;
  Store reader = scratch.open("default", false);
  const Collected would = collect(reader, dry);
  CHECK(would.atoms == 12);
  CHECK(would.extents == 1);
  CHECK(would.bytes == 64 + 448);
  CHECK(count_rows(store, "atom") == 12);
  reader.renew_lease();
  const Collected did = collect(store, {});
  CHECK(did.atoms == would.atoms);
  CHECK(did.extents == would.extents);
  CHECK(did.bytes == would.bytes);
}

TEST_CASE("collect: within the grace what was dropped stays") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  remove_document(store, "a");
  CollectOptions options;
  options.grace_us = 3'600'000'000;
  CHECK(collect(store, options).atoms == 0);
  CHECK(count_rows(store, "extent") == 1);
  options.grace_us = 0;
  CHECK(collect(store, options).atoms == 12);
}

TEST_CASE("collect: another tenant's hold and a snapshot keep what one tenant dropped") {
  const ScratchStore scratch{kLifecycleModules};
  scratch.add_tenant("other");
  {
    Store store = scratch.open();
    add_sound_document(store, "a", words_of("a", 10));
    Store other = scratch.open("other");
    add_sound_document(other, "theirs", words_of("a", 10));
    remove_document(store, "a");
  }
  Store store = scratch.open();
  CHECK(collect(store, {}).atoms == 0);
  Store other = scratch.open("other");
  CHECK(stored_text(other, "theirs") == joined(words_of("a", 10)));
  // A row of any table that names an atom keeps it, with all that it is made of.
  const std::int64_t object =
      other.db().query_integer("SELECT structure_id FROM tenant_object");
  remove_document(other, "theirs");
  store.db().exec(
      "INSERT INTO snapshot VALUES (1, 1, 's', 1);"
      "INSERT INTO snapshot_object (snapshot_id, object_id, name, version, atom_id, kind,"
      " modality, subtype, atomizer, created_us)"
      " SELECT 1, 1, 's', 1, " +
      std::to_string(object) + ", 'document', 3, 'plain', 'test/1', 1");
  CHECK(collect(store, {}).atoms == 1);  // the file, which the structure is not made of
  CHECK(count_rows(store, "atom") == 11);
}

TEST_CASE("collect: a reader goes on with what was removed and collected under it") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const auto words = words_of("a", 20'000);  // 800 kB: many pages
  add_sound_document(store, "a", words);
  add_sound_document(store, "b", words_of("b", 4));

  std::optional<Store> reader{scratch.open("default", false)};
  ExtentRecord extent;
  ByteView before_removal;
  {
    const Snapshot snapshot{reader->db()};
    Statement rows = reader->db().prepare(
        std::string{"SELECT "} + kExtentColumns + " FROM extent ORDER BY extent_id",
        Scope::owner);
    REQUIRE(rows.step());
    extent = read_extent(rows, 0);
    rows.reset();
    before_removal = reader->packs().stored(extent);
    remove_document(store, "a");
    const Collected collected = collect(store, {});
    CHECK(collected.extents == 1);
    CHECK(collected.bytes_freed == 0);
    CHECK(collected.bytes_waiting == collected.bytes);
    // The snapshot, a view that was out already, and a new look at the same place.
    CHECK(stored_text(*reader, "a") == joined(words));
  }
  CHECK(as_text(before_removal) == joined(words));
  CHECK(as_text(reader->packs().stored(extent)) == joined(words));

  // A reader that came later does not hold the bytes back, the one that came earlier does.
  Store later = scratch.open("default", false);
  CHECK(collect(store, {}).bytes_freed == 0);
  reader.reset();
  const std::uint64_t on_disk = disk_bytes(store.packs().path(1));
  const Collected collected = collect(store, {});
  CHECK(collected.extents == 0);
  CHECK(collected.bytes_freed > 800'000);
  CHECK(collected.bytes_waiting == 0);
  CHECK(disk_bytes(store.packs().path(1)) + 700'000 < on_disk);
  CHECK(stored_text(later, "b") == joined(words_of("b", 4)));
  CHECK(problems(store) == "");
}

TEST_CASE("collect: it waits for readers as long as it is told to") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  std::optional<Store> reader{scratch.open("default", false)};
  remove_document(store, "a");
  CollectOptions options;
  options.wait_seconds = 60;
  int steps = 0;
  options.step = [&] {
    // The sweep asks a few times; then it is waiting.
    if (++steps == 12) reader.reset();
  };
  CHECK(collect(store, options).bytes_freed == 512);
  CHECK_FALSE(reader.has_value());
}

TEST_CASE("collect: what a writer links again after the dead were found stays") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  const auto words = words_of("a", 10);
  add_sound_document(store, "a", words);
  add_sound_document(store, "b", words_of("b", 10));
  remove_document(store, "a");
  remove_document(store, "b");
  Store writer = scratch.open();
  CollectOptions options;
  bool written = false;
  options.step = [&] {
    if (std::exchange(written, true)) return;
    add_sound_document(writer, "again", words);
  };
  const Collected collected = collect(store, options);
  CHECK(collected.atoms == 12);
  CHECK(collected.extents == 1);
  CHECK(stored_text(store, "again") == joined(words));
  CHECK(problems(store) == "");
}

TEST_CASE("collect: what is interrupted leaves a sound store, and the next one goes on") {
  const ScratchStore scratch{kLifecycleModules};
  std::uint64_t atoms = 0;
  {
    Store store = scratch.open();
    for (const char* name : {"a", "b", "c"})
      add_sound_document(store, name, words_of(name, 2'000));
    for (const char* name : {"a", "b"}) remove_document(store, name);
    CollectOptions options;
    int steps = 0;
    options.step = [&] {
      if (++steps == 3) throw Error{Fault::busy, "enough"};
    };
    CHECK_THROWS_AS(collect(store, options), Error);
    CHECK(store.db().query_integer("PRAGMA foreign_keys") == 1);
    CHECK(problems(store) == "");
    atoms = static_cast<std::uint64_t>(count_rows(store, "atom"));
    CHECK(atoms < 6'006);
  }
  Store store = scratch.open();
  CollectOptions hurry;
  hurry.max_seconds = 1e-9;
  CHECK_FALSE(collect(store, hurry).complete);
  CHECK(problems(store) == "");
  const Collected collected = collect(store, {});
  CHECK(collected.atoms == atoms - 2'002);
  CHECK(collected.complete);
  CHECK(problems(store) == "");
  CHECK(stored_text(store, "c") == joined(words_of("c", 2'000)));
}

TEST_CASE("collect: a base lives as long as a difference to it does") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "base", words_of("base", 10));
  {
    WriteTransaction transaction{store};
    CatalogWriter writer{store};
    put_sound_document(writer, "delta", words_of("delta", 10));
    transaction.commit();
  }
  // The bytes are no real difference; which rows go is what counts here.
  store.db().exec(
      "UPDATE extent SET codec = 3, base_extent_id = (SELECT min(extent_id) FROM extent)"
      " WHERE extent_id = (SELECT max(extent_id) FROM extent)");
  remove_document(store, "base");
  CHECK(collect(store, {}).extents == 0);
  CHECK(count_rows(store, "extent") == 2);
  remove_document(store, "delta");
  CHECK(collect(store, {}).extents == 2);
  CHECK(count_rows(store, "extent") == 0);
}

TEST_CASE("collect: a pack in which nothing lives goes, but the newest keeps its number") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  begin_pack(store);
  add_sound_document(store, "b", words_of("b", 10));
  remove_document(store, "a");
  remove_document(store, "b");
  const Collected collected = collect(store, {});
  CHECK(collected.packs_removed == 1);
  CHECK(collected.bytes_freed == 2 * 512);
  CHECK_FALSE(std::filesystem::exists(store.packs().path(1)));
  CHECK(std::filesystem::exists(store.packs().path(2)));
  CHECK(store.db().query_integer("SELECT max(pack_id) FROM pack") == 2);
  CHECK(count_rows(store, "pack_hole WHERE freed = 0") == 0);
  add_sound_document(store, "c", words_of("c", 10));
  CHECK(stored_text(store, "c") == joined(words_of("c", 10)));
  CHECK(problems(store) == "");
}

TEST_CASE(
    "collect: a pack whose file went before its row is no damage and goes the next time") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  begin_pack(store);
  add_sound_document(store, "b", words_of("b", 10));
  remove_document(store, "a");
  {
    Store reader = scratch.open("default", false);
    CHECK(collect(store, {}).bytes_waiting == 512);
  }
  std::filesystem::remove(store.packs().path(1));
  CHECK(problems(store) == "");
  CHECK(collect(store, {}).packs_removed == 1);
  CHECK(count_rows(store, "pack") == 1);
  CHECK(problems(store) == "");
}

TEST_CASE("collect: where files cannot have holes, packs that are mostly dead are rewritten") {
  const ScratchStore scratch{kLifecycleModules};
  test::SolidFiles solid;
  const FileIoOverride io{solid};
  Store store = scratch.open();
  for (const char* name : {"a", "b", "c"}) add_sound_document(store, name, words_of(name, 100));
  begin_pack(store);
  add_sound_document(store, "d", words_of("d", 100));
  remove_document(store, "a");
  Collected collected = collect(store, {});
  CHECK(collected.bytes_freed == 0);
  CHECK(collected.bytes_waiting == 0);
  CHECK(collected.bytes_kept == collected.bytes);
  CHECK(collected.packs_removed == 0);

  remove_document(store, "b");
  {
    Store reader = scratch.open("default", false);
    const std::string before = stored_text(reader, "c");
    const Snapshot snapshot{reader.db()};
    collected = collect(store, {});
    CHECK(collected.packs_removed == 0);
    CHECK(stored_text(reader, "c") == before);
  }
  collected = collect(store, {});
  CHECK(collected.packs_removed == 1);
  CHECK_FALSE(std::filesystem::exists(store.packs().path(1)));
  CHECK(stored_text(store, "c") == joined(words_of("c", 100)));
  CHECK(stored_text(store, "d") == joined(words_of("d", 100)));
  CHECK(problems(store) == "");
}

TEST_CASE("collect: neighbouring extents become one hole, and whole blocks are given back") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  for (int i = 0; i < 40; ++i) {
    const std::string name = "n" + std::to_string(i);
    add_sound_document(store, name, words_of(name, 100));
  }
  add_sound_document(store, "last", words_of("last", 100));
  const std::uint64_t before = disk_bytes(store.packs().path(1));
  for (int i = 0; i < 40; i += 2) remove_document(store, "n" + std::to_string(i));
  collect(store, {});
  CHECK(count_rows(store, "pack_hole") == 20);
  for (int i = 1; i < 40; i += 2) remove_document(store, "n" + std::to_string(i));
  collect(store, {});
  CHECK(count_rows(store, "pack_hole") == 1);
  CHECK(disk_bytes(store.packs().path(1)) + 40 * 4'000 - 8'192 <= before);
  CHECK(stored_text(store, "last") == joined(words_of("last", 100)));
  CHECK(problems(store) == "");
}

TEST_CASE("collect: linked files lose their name when nothing in them lives, and no byte") {
  const ScratchStore scratch{kLifecycleModules};
  Store store = scratch.open();
  add_sound_document(store, "a", words_of("a", 10));
  const std::string link = store.packs().linked_path(kFirstLinkedPack);
  const std::string users = scratch.directory() + "/../users-file";
  std::ofstream{users} << joined(words_of("a", 10));
  std::filesystem::create_hard_link(users, link);
  store.db().exec("INSERT INTO pack VALUES (" + std::to_string(kFirstLinkedPack) +
                  ", 400); UPDATE extent SET codec = 4, pack_offset = 0, pack_id = " +
                  std::to_string(kFirstLinkedPack));
  CHECK(stored_text(store, "a") == joined(words_of("a", 10)));
  CHECK(problems(store) == "");
  remove_document(store, "a");
  CollectOptions options;
  options.overwrite = true;
  CHECK(collect(store, options).extents == 1);
  CHECK_FALSE(std::filesystem::exists(link));
  CHECK(file_contains(users, joined(words_of("a", 10))));
  CHECK(problems(store) == "");
}

TEST_CASE("collect: collections beside a writer and a reader lose nothing") {
  const ScratchStore scratch{kLifecycleModules};
  { Store store = scratch.open(); }
  std::atomic<bool> done{false};
  std::string failure;
  std::thread writing{[&] {
    try {
      Store store = scratch.open();
      for (int round = 0; round < 60; ++round) {
        const auto words = words_of("w" + std::to_string(round % 5), 20);
        add_sound_document(store, "w", words);
        if (stored_text(store, "w") != joined(words))
          throw std::runtime_error{"another content"};
        if (round % 3 == 2) remove_document(store, "w");
      }
    } catch (const std::exception& error) {
      failure = error.what();
    }
    done = true;
  }};
  std::string reader_failure;
  std::thread reading{[&] {
    try {
      while (!done) {
        Store store = scratch.open("default", false);
        const Snapshot snapshot{store.db()};
        Statement rows = store.db().prepare(
            std::string{"SELECT "} + kExtentColumns + " FROM extent", Scope::owner);
        ExtentReader reader{store};
        while (rows.step()) static_cast<void>(reader.read(read_extent(rows, 0), true));
      }
    } catch (const std::exception& error) {
      reader_failure = error.what();
    }
  }};
  Store store = scratch.open();
  while (!done) collect(store, {});
  writing.join();
  reading.join();
  CHECK(failure == "");
  CHECK(reader_failure == "");
  CHECK(problems(store) == "");
}

}  // namespace
}  // namespace hart::store
