#include "store/migrate.h"

#include <filesystem>

#include "core/error.h"
#include "store/access.h"
#include "store/audit.h"
#include "store/connection.h"
#include "store/file_io.h"
#include "store/lock.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

void vacuum_into(Connection& db, const std::string& path) {
  std::string quoted;
  for (const char c : path) quoted += c == '\'' ? std::string{"''"} : std::string(1, c);
  db.exec("VACUUM INTO '" + quoted + "'");
}

/// A consistent copy, complete before its name appears. One that fails does not go on filling
/// the disk.
std::string copy_catalog(Connection& db, const std::string& directory, int version) {
  const std::string path = directory + "/hart.db.schema-" + std::to_string(version);
  const std::string partial = path + ".partial";
  std::error_code ignored;
  fs::remove(partial, ignored);
  try {
    vacuum_into(db, partial);
    file_io().open(partial, FileIo::Mode::read_write)->sync();
    file_io().rename(partial, path);
  } catch (...) {
    fs::remove(partial, ignored);
    throw;
  }
  file_io().sync_directory(directory);
  return path;
}

void check_references(Connection& db) {
  Statement broken = db.prepare("PRAGMA foreign_key_check", Scope::owner);
  if (broken.step())
    throw Error{Fault::data, "the catalog is damaged: a row of " + std::string{broken.text(0)} +
                                 " refers to a missing row of " + std::string{broken.text(2)} +
                                 "; nothing was changed"};
}

/// Where SpatiaLite's metadata is there, as in every store that `create` made.
void register_new_geometry(Connection& db) {
  if (db.query_integer("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'geometry_columns'") ==
      0)
    return;
  db.exec(
      "INSERT OR IGNORE INTO geometry_columns (f_table_name, f_geometry_column, geometry_type,"
      " coord_dimension, srid, spatial_index_enabled)"
      " VALUES ('atom_relation', 'spatial_expression', 3002, 4, -1, 0)");
}

/// The tables of the audit log are those of the new schema, where it has any.
void record_migration(Connection& db, const Migrated& done) {
  if (db.query_integer("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'audit_log'") == 0)
    return;
  AuditEntry entry;
  entry.actor = process_actor();
  entry.command = "hart-ingest migrate";
  entry.detail = "from schema " + std::to_string(done.from) + " to " + std::to_string(done.to);
  record_act(db, std::move(entry));
}

}  // namespace

void apply_migrations(Connection& db, std::span<const SchemaModule> modules, int from) {
  for (int version = from + 1; version <= kSchemaVersion; ++version)
    for (const SchemaModule& module : modules)
      for (const Migration& migration : module.migrations)
        if (migration.version == version) db.exec(migration.sql);
  db.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

Migrated migrate_store(const std::string& directory, std::span<const SchemaModule> modules,
                       int timeout_ms, bool dry_run,
                       const std::optional<AccessRequest>& access) {
  const std::string path = directory + "/hart.db";
  std::error_code error;
  if (!fs::exists(path, error)) throw Error{Fault::no_input, directory + ": no such store"};
  if (access) {
    // Without the lock, which a refusal takes to be recorded.
    Connection db{path, Connection::Mode::read_only, timeout_ms};
    OpenOptions options;
    options.directory = directory;
    options.access = *access;
    admit_owner(db, options);
  }
  const WriterLock lock{directory + "/lock", timeout_ms};
  Connection db{path, Connection::Mode::read_write, timeout_ms};
  if (db.query_integer("PRAGMA application_id") != kApplicationId)
    throw Error{Fault::data, path + ": an SQLite database, but not a Hartonomous store"};
  Migrated done;
  done.from = static_cast<int>(db.query_integer("PRAGMA user_version"));
  done.to = kSchemaVersion;
  if (done.from > kSchemaVersion)
    throw Error{Fault::config, path + ": schema version " + std::to_string(done.from) +
                                   ", but this program reads version " +
                                   std::to_string(kSchemaVersion)};
  if (done.from == done.to || dry_run) return done;
  done.backup = copy_catalog(db, directory, done.from);
  db.exec("PRAGMA synchronous = FULL");
  // Tables are made anew: their references are checked as a whole, before the commit.
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec("BEGIN IMMEDIATE");
  try {
    apply_migrations(db, modules, done.from);
    register_new_geometry(db);
    check_references(db);
    record_migration(db, done);
    db.exec("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.exec("ROLLBACK");
    throw;
  }
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return done;
}

}  // namespace hart::store
