// Whether the simulated disk loses what a real one may lose, and nothing else.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "core/error.h"
#include "fault_disk.h"
#include "fault_file_io.h"
#include "fault_vfs.h"
#include "scratch_directory.h"

namespace hart::fault {
namespace {

namespace fs = std::filesystem;

/// A directory with a file "old" that says "before".
struct Directory {
  Directory() { std::ofstream{file("old")} << "before"; }

  [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in{file(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  ScratchDirectory scratch;
  std::string path = scratch.path().string();
};

/// Does `work` on the disk of a fresh directory, cuts the power, and tells what `outcome` says
/// of it, over many seeds.
template <typename Work, typename Outcome>
std::set<std::string> outcomes(const Work& work, const Outcome& outcome) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Directory directory;
    {
      FaultDisk disk{directory.path, seed};
      FaultFileIo io{disk};
      work(directory, disk, io);
      disk.cut_power();
      disk.apply_crash();
    }
    seen.insert(outcome(directory));
  }
  return seen;
}

using Mode = store::FileIo::Mode;
using Seen = std::set<std::string>;

std::string old_content(const Directory& directory) {
  return directory.content("old");
}
std::string names(const Directory& directory) {
  std::set<std::string> sorted;
  for (const auto& entry : fs::directory_iterator{directory.path})
    sorted.insert(entry.path().filename().string());
  std::string all;
  for (const std::string& name : sorted) all += (all.empty() ? "" : " ") + name;
  return all;
}

TEST_CASE("disk: a write that was not synced is kept or lost, a synced one is kept") {
  const auto write = [](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    io.open(directory.file("old"), Mode::read_write)->write_at(0, as_bytes("AFTER!"));
  };
  CHECK(outcomes(write, old_content) == Seen{"before", "AFTER!"});
  const auto write_and_sync = [&](const Directory& directory, FaultDisk& disk,
                                  FaultFileIo& io) {
    write(directory, disk, io);
    io.open(directory.file("old"), Mode::read_write)->sync();
  };
  CHECK(outcomes(write_and_sync, old_content) == Seen{"AFTER!"});
}

TEST_CASE(
    "disk: writes that were not synced reach it in any order, and overlap as they were made") {
  const auto write_twice = [](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    const auto file = io.open(directory.file("old"), Mode::read_write);
    file->write_at(0, as_bytes("1111"));
    file->write_at(2, as_bytes("2222"));
  };
  CHECK(outcomes(write_twice, old_content) == Seen{"before", "1111re", "be2222", "112222"});
}

TEST_CASE("disk: a large write may be torn, in sectors of 512 bytes") {
  const std::string ones(2048, '1');
  const auto write = [&](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    const auto file = io.open(directory.file("old"), Mode::read_write);
    file->write_at(0, as_bytes(std::string(2048, '0')));
    file->sync();
    file->write_at(0, as_bytes(ones));
  };
  const Seen seen = outcomes(write, old_content);
  CHECK(seen.size() > 4);
  for (const std::string& content : seen)
    for (std::size_t at = 0; at < content.size(); ++at)
      CHECK(content[at] == content[at / 512 * 512]);
}

TEST_CASE("disk: a cut that was not synced may come undone") {
  const auto cut = [](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    io.open(directory.file("old"), Mode::read_write)->truncate(2);
  };
  CHECK(outcomes(cut, old_content) == Seen{"before", "be"});
}

TEST_CASE("disk: a name that was made or removed lasts only once its directory is synced") {
  const auto change = [](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    io.open(directory.file("new"), Mode::create)->sync();
    CHECK(io.remove(directory.file("old")));
  };
  CHECK(outcomes(change, names) == Seen{"old", "new old", "new", ""});
  const auto change_and_sync = [&](const Directory& directory, FaultDisk& disk,
                                   FaultFileIo& io) {
    change(directory, disk, io);
    io.sync_directory(directory.path);
  };
  CHECK(outcomes(change_and_sync, names) == Seen{"new"});
}

TEST_CASE("disk: a rename is there as a whole or not at all") {
  const auto replace = [](const Directory& directory, FaultDisk&, FaultFileIo& io) {
    const auto file = io.open(directory.file("new"), Mode::create);
    file->write_at(0, as_bytes("after"));
    file->sync();
    io.sync_directory(directory.path);
    io.rename(directory.file("new"), directory.file("old"));
  };
  const auto both = [](const Directory& directory) {
    return names(directory) + ": " + old_content(directory);
  };
  CHECK(outcomes(replace, both) == Seen{"new old: before", "old: after"});
}

TEST_CASE("disk: what a failed sync gave up, a later sync that succeeds does not bring back") {
  const auto sync_twice = [](const Directory& directory, FaultDisk& disk, FaultFileIo& io) {
    disk.plan({FaultKind::io_error, OperationKind::sync, 1, 1});
    const auto file = io.open(directory.file("old"), Mode::read_write);
    file->write_at(0, as_bytes("AFTER!"));
    CHECK_THROWS_AS(file->sync(), Error);
    CHECK_NOTHROW(file->sync());
  };
  CHECK(outcomes(sync_twice, old_content) == Seen{"before", "AFTER!"});
}

TEST_CASE("disk: after the power went nothing changes and everything fails") {
  const auto write_after = [](const Directory& directory, FaultDisk& disk, FaultFileIo& io) {
    const auto file = io.open(directory.file("old"), Mode::read_write);
    disk.plan({FaultKind::crash, OperationKind::sync, 1, 1});
    CHECK_THROWS_AS(file->sync(), Error);
    CHECK(disk.crashed());
    CHECK_THROWS_AS(file->write_at(0, as_bytes("AFTER!")), Error);
    CHECK_THROWS_AS(file->truncate(0), Error);
    CHECK_THROWS_AS(io.remove(directory.file("old")), Error);
  };
  CHECK(outcomes(write_after, old_content) == Seen{"before"});
}

TEST_CASE("disk: without space nothing is made or grows, but files can be cut and removed") {
  const Directory directory;
  FaultDisk disk{directory.path, 1};
  FaultFileIo io{disk};
  const auto file = io.open(directory.file("old"), Mode::read_write);
  disk.plan({FaultKind::no_space, OperationKind::change, 1, 100});
  CHECK_THROWS_AS(static_cast<void>(io.open(directory.file("new"), Mode::create)), Error);
  CHECK_THROWS_AS(file->write_at(6, as_bytes("more")), Error);
  CHECK(disk.take_struck());
  CHECK_NOTHROW(file->truncate(2));
  CHECK(io.remove(directory.file("old")));
}

TEST_CASE("disk: short transfers are put together by the file") {
  const Directory directory;
  FaultDisk disk{directory.path, 1};
  FaultFileIo io{disk};
  disk.plan({FaultKind::short_transfer, OperationKind::change, 1, 1000});
  disk.plan({FaultKind::short_transfer, OperationKind::read, 1, 1000});
  const std::string text = "a text that takes several transfers";
  const auto file = io.open(directory.file("old"), Mode::read_write);
  file->write_at(0, as_bytes(text));
  CHECK(directory.content("old") == text);
  std::string back(text.size(), ' ');
  file->read_at(0, {reinterpret_cast<std::uint8_t*>(back.data()), back.size()});
  CHECK(back == text);
  std::array<std::uint8_t, 2> beyond{};
  CHECK_THROWS_AS(file->read_at(text.size() - 1, beyond), Error);
  CHECK(disk.count(OperationKind::change) > 1);
}

/// Makes a table, synced, and puts a row into it; then the power goes.
auto insert_with(const std::string& synchronous) {
  return [synchronous](const Directory& directory, FaultDisk& disk, FaultFileIo&) {
    const FaultVfs vfs{disk, 1};
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(directory.file("a.db").c_str(), &db) == SQLITE_OK);
    const std::string sql =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x);"
        "PRAGMA synchronous = " +
        synchronous + "; INSERT INTO t VALUES (1)";
    CHECK(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    // Before the close, which would sync.
    disk.cut_power();
    sqlite3_close(db);
  };
}

std::string rows(const Directory& directory) {
  sqlite3* db = nullptr;
  sqlite3_stmt* count = nullptr;
  REQUIRE(sqlite3_open(directory.file("a.db").c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM t", -1, &count, nullptr) == SQLITE_OK);
  CHECK(sqlite3_step(count) == SQLITE_ROW);
  const std::string found = std::to_string(sqlite3_column_int64(count, 0));
  sqlite3_finalize(count);
  sqlite3_close(db);
  return found;
}

TEST_CASE("disk: SQLite may lose a commit without a sync, and none with it") {
  CHECK(outcomes(insert_with("FULL"), rows) == Seen{"1"});
  CHECK(outcomes(insert_with("OFF"), rows) == Seen{"0", "1"});
}

}  // namespace
}  // namespace hart::fault
