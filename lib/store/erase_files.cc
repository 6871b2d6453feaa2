#include "store/erase_files.h"

#include <filesystem>
#include <vector>

#include "core/error.h"
#include "store/file_io.h"
#include "store/lock.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

/// How long the rewriting waits for its turn among the writers.
constexpr int kRewriteTimeoutMs = 30'000;

bool is_there(const Store& store, const char* name) {
  std::error_code error;
  return fs::exists(store.directory() + "/" + name, error);
}

std::vector<std::string> first_column(Connection& db, const char* sql) {
  std::vector<std::string> values;
  Statement rows = db.prepare(sql, Scope::owner);
  while (rows.step()) values.emplace_back(rows.text(0));
  return values;
}

/// Tables of index.db, and files beside it, are named after kind and generation: hart-store(5).
void drop_indexes(Store& store) {
  Connection& db = store.index_db();
  std::vector<std::string> tables;
  if (db.query_integer("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'index_generation'") ==
      0)
    return;
  {
    Statement generations =
        db.prepare("SELECT kind || '_' || generation FROM index_generation WHERE tenant_id = ?",
                   Scope::owner);
    generations.with(store.tenant_id());
    while (generations.step()) tables.emplace_back(generations.text(0));
  }
  for (const std::string& table : tables) {
    db.exec("DROP TABLE IF EXISTS \"" + table + "\"");
    file_io().remove(store.directory() + "/indexes/" + table);
  }
  db.prepare("DELETE FROM index_generation WHERE tenant_id = ?", Scope::owner)
      .run(store.tenant_id());
}

/// Every table of cache.db that tells tenants apart.
void drop_cached(Store& store) {
  Connection& db = store.cache_db();
  for (const std::string& table :
       first_column(db,
                    "SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
                    " WHERE t.type = 'table' AND c.name = 'tenant_id'"))
    db.prepare("DELETE FROM \"" + table + "\" WHERE tenant_id = ?", Scope::owner)
        .run(store.tenant_id());
}

/// False when a reader kept the log from being emptied.
bool rewrite(Connection& db) {
  db.exec("VACUUM");
  Statement checkpoint = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)", Scope::owner);
  return checkpoint.step() && checkpoint.integer(0) == 0;
}

/// Catalogs as they were before a migration.
void remove_old_catalogs(const Store& store) {
  std::error_code error;
  std::vector<std::string> old;
  for (const auto& entry : fs::directory_iterator{store.directory(), error})
    if (entry.path().filename().string().starts_with("hart.db.schema-"))
      old.push_back(entry.path().string());
  for (const std::string& path : old) file_io().remove(path);
}

}  // namespace

void erase_from_side_databases(Store& store) {
  if (is_there(store, "index.db")) drop_indexes(store);
  if (is_there(store, "cache.db")) drop_cached(store);
  // What models know of the tenant's prompts.
  std::error_code error;
  fs::remove_all(store.directory() + "/cache/kv/" + std::to_string(store.tenant_id()), error);
  if (error) throw_errno(Fault::io, store.directory() + "/cache/kv", error.value());
}

std::string rewrite_databases(Store& store) {
  remove_old_catalogs(store);
  std::vector<std::string> held;
  try {
    const WriterLock lock{store.directory() + "/lock", kRewriteTimeoutMs};
    if (!rewrite(store.db())) held.emplace_back("hart.db");
    if (is_there(store, "index.db") && !rewrite(store.index_db()))
      held.emplace_back("index.db");
    if (is_there(store, "cache.db") && !rewrite(store.cache_db()))
      held.emplace_back("cache.db");
  } catch (const Error& error) {
    if (error.fault() != Fault::busy) throw;
    held.emplace_back("a database");
  }
  if (!held.empty())
    return held.front() + " is in use by readers: deleted rows may remain in its log";
  if (is_there(store, "ooda-shadow"))
    return "hart-ooda is trying a change on a copy of the store";
  return {};
}

}  // namespace hart::store
