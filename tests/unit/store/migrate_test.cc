#include "store/migrate.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "faults.h"
#include "scratch.h"
#include "sound_document.h"
#include "store/file_io.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

using test::fault_of;
using test::kLifecycleModules;

constexpr int kTimeoutMs = 200;

/// An empty store as a version of the schema made it. What version 1 wrote itself is migrated
/// in tests/cli/lifecycle.bats.
class OldStore {
 public:
  explicit OldStore(int version = 1) {
    fs::create_directories(directory() + "/packs");
    Connection db{catalog(), Connection::Mode::create, 0};
    db.exec("PRAGMA journal_mode = WAL");
    for (const Migration& step : catalog_schema().migrations)
      if (step.version <= version) db.exec(step.sql);
    db.exec(
        "INSERT INTO tenant (tenant_id, name, created_us) VALUES (1, 'default', 1);"
        "PRAGMA user_version = " +
        std::to_string(version) +
        "; PRAGMA application_id = " + std::to_string(kApplicationId));
  }

  [[nodiscard]] std::string directory() const { return scratch_ / "old.hart"; }
  [[nodiscard]] std::string catalog() const { return directory() + "/hart.db"; }
  void exec(const std::string& sql) const {
    Connection db{catalog(), Connection::Mode::read_write, 0};
    db.exec("PRAGMA foreign_keys = OFF; " + sql);
  }
  [[nodiscard]] std::int64_t query(const std::string& sql) const {
    Connection db{catalog(), Connection::Mode::read_only, 0};
    return db.query_integer(sql);
  }
  [[nodiscard]] Migrated migrate(bool dry_run = false) const {
    return migrate_store(directory(), kLifecycleModules, kTimeoutMs, dry_run);
  }

 private:
  Scratch scratch_;
};

TEST_CASE("migrate: a store of version 2 keeps its maps, its indexes and their figures") {
  const OldStore old{2};
  old.exec(
      "INSERT INTO embedding_model VALUES (5, 1, 'm', zeroblob(32), 3, 1);"
      "INSERT INTO spatial_projection VALUES (9, 1, 5, 'landmark', 4, x'0102', 77, 0.5, 1);"
      "INSERT INTO search_index VALUES (1, 1, 5, 'rtree', 3, 10, 10, '{}', 0.25, 10, 100, 1)");
  CHECK(old.migrate().from == 2);
  CHECK(old.query("SELECT version = 4 AND projection = x'0102' AND fitted_on = 77"
                  " AND rank_correlation = 0.5 AND stress IS NULL FROM spatial_projection"
                  " WHERE spatial_projection_id = 9") == 1);
  CHECK(old.query("SELECT recall = 0.25 AND recall_interval IS NULL FROM search_index") == 1);
  CHECK(old.query("SELECT count(*) FROM atom_relation") == 0);
}

TEST_CASE(
    "migrate: a store of version 5 keeps its atoms and extents, shared and to be written") {
  const OldStore old{5};
  old.exec(
      "INSERT INTO pack VALUES (1, 4096);"
      "INSERT INTO extent VALUES (7, zeroblob(32), 1, 10, 9, 1, 2, 1, 64, NULL, 0);"
      "INSERT INTO extent VALUES (9, randomblob(32), 0, 10, 9, 1, 3, 1, 128, 7, 5);"
      "INSERT INTO atom VALUES (3, zeroblob(32), 0, 0, 4, x'01020304');"
      "INSERT INTO atom_payload VALUES (3, 0, 9, 0, 4);"
      "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders, created_us)"
      " VALUES (1, 3, 3, 'word', 1, 5);"
      "INSERT INTO tenant_object (tenant_id, name, version, atom_id, kind, modality, subtype,"
      " atomizer, created_us) VALUES (1, 'a', 1, 3, 'file', 3, 'plain', 't/1', 5)");
  CHECK(old.migrate().from == 5);
  CHECK(old.query("SELECT COUNT(*) FROM atom WHERE atom_id = 3 AND hash = zeroblob(32)"
                  " AND bytes = 4 AND value = x'01020304' AND scope = 0") == 1);
  CHECK(old.query("SELECT COUNT(*) FROM extent WHERE extent_id = 9 AND base_extent_id = 7"
                  " AND base_offset = 5 AND scope = 0") == 1);
  CHECK(old.query("SELECT COUNT(*) FROM extent WHERE hash_kind = 1 AND scope = 0") == 1);
  Store store{{old.directory(), "default", kTimeoutMs, true, {}}};
  CHECK(resolve_object(store, "a").access == AccessLevel::write);
  store.db().exec("DELETE FROM tenant_object");
  CHECK(test::count_rows(store, "tenant_object_history") == 1);
}

TEST_CASE("migrate: an old store becomes one of this version, and its catalog is kept") {
  const OldStore old;
  const Migrated planned = old.migrate(true);
  CHECK(planned.from == 1);
  CHECK(planned.to == kSchemaVersion);
  CHECK(planned.backup.empty());
  CHECK(old.query("PRAGMA user_version") == 1);

  const Migrated done = old.migrate();
  CHECK(done.from == 1);
  CHECK(done.backup == old.directory() + "/hart.db.schema-1");
  Connection before{done.backup, Connection::Mode::read_only, 0};
  CHECK(before.query_integer("PRAGMA user_version") == 1);
  CHECK(before.query_integer("SELECT COUNT(*) FROM tenant") == 1);

  Store store{{old.directory(), "default", kTimeoutMs, true, {}}};
  CHECK(test::problems(store) == "");
  test::add_sound_document(store, "a", test::words_of("a", 10));
  CHECK(test::problems(store) == "");
}

TEST_CASE("migrate: the tables of both ways to this version are the same") {
  const OldStore old;
  static_cast<void>(old.migrate());
  const test::ScratchStore made{kLifecycleModules};
  Store fresh = made.open();
  Connection migrated{old.catalog(), Connection::Mode::read_only, 0};
  const auto tables = [](Connection& db) {
    std::string text;
    // SpatiaLite's own tables are made with a store.
    Statement rows = db.prepare(
        "SELECT t.name || ' ' || c.name || ' ' || c.type || c.\"notnull\" || c.pk"
        " FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
        " WHERE t.name IN (SELECT name FROM sqlite_schema WHERE sql LIKE '%STRICT%')"
        " ORDER BY t.name, c.cid",
        Scope::owner);
    while (rows.step()) text += std::string{rows.text(0)} + "\n";
    return text;
  };
  CHECK(tables(migrated) == tables(fresh.db()));
}

TEST_CASE("migrate: a store of this version is left alone") {
  const test::ScratchStore scratch{kLifecycleModules};
  const Migrated done =
      migrate_store(scratch.directory(), kLifecycleModules, kTimeoutMs, false);
  CHECK(done.from == done.to);
  CHECK(done.backup.empty());
}

TEST_CASE("migrate: what fails on the way leaves the old store as it was") {
  const OldStore old;
  old.exec(
      "INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype, holders, created_us)"
      " VALUES (1, 4711, 3, 'word', 1, 1)");
  CHECK(fault_of([&] { static_cast<void>(old.migrate()); }) == Fault::data);
  CHECK(old.query("PRAGMA user_version") == 1);
  CHECK(old.query("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'pack_hole'") == 0);
}

/// A disk on which nothing can be given its name.
class NoRenames final : public FileIo {
 public:
  std::unique_ptr<File> open(const std::string& path, Mode mode) override {
    return posix_file_io().open(path, mode);
  }
  bool remove(const std::string& path) override { return posix_file_io().remove(path); }
  void rename(const std::string& from, const std::string&) override {
    CHECK(fs::exists(from));
    throw Error{Fault::io, from + ": no space left"};
  }
  void sync_directory(const std::string& directory) override {
    posix_file_io().sync_directory(directory);
  }
};

TEST_CASE("migrate: a copy of the catalog that fails leaves nothing of it, and the store") {
  const OldStore old;
  {
    NoRenames disk;
    const FileIoOverride failing{disk};
    CHECK(fault_of([&] { (void)old.migrate(); }) == Fault::io);
  }
  for (const auto& entry : fs::directory_iterator{old.directory()})
    CHECK_FALSE(entry.path().filename().string().starts_with("hart.db.schema-"));
  CHECK(old.query("PRAGMA user_version") == 1);
  CHECK(old.migrate().from == 1);
}

TEST_CASE("migrate: what is no store of ours, newer or in use is refused") {
  const Scratch scratch;
  CHECK(fault_of([&] {
          static_cast<void>(
              migrate_store(scratch / "none", kLifecycleModules, kTimeoutMs, false));
        }) == Fault::no_input);
  const OldStore old;
  SUBCASE("newer") {
    old.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
    CHECK(fault_of([&] { static_cast<void>(old.migrate()); }) == Fault::config);
  }
  SUBCASE("of somebody else") {
    old.exec("PRAGMA application_id = 7");
    CHECK(fault_of([&] { static_cast<void>(old.migrate()); }) == Fault::data);
  }
  SUBCASE("in use") {
    Connection other{old.catalog(), Connection::Mode::read_write, 0};
    other.exec("BEGIN IMMEDIATE");
    CHECK(fault_of([&] { static_cast<void>(old.migrate()); }) == Fault::busy);
    other.exec("ROLLBACK");
    CHECK(old.migrate().from == 1);
  }
}

}  // namespace
}  // namespace hart::store
