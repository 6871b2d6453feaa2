#include "infer/clear_caches.h"

#include <filesystem>

#include "core/error.h"
#include "infer/prefix_cache.h"
#include "store/file_io.h"

namespace hart::infer {
namespace {

bool is_there(store::Connection& db, const char* table) {
  store::Statement find = db.prepare(
      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", store::Scope::owner);
  return find.with(table).step();
}

void delete_rows(store::Connection& db, std::int64_t tenant_id) {
  db.exec("BEGIN IMMEDIATE");
  try {
    if (is_there(db, "inference_cache")) {
      for (const char* sql : {"DELETE FROM inference_cache WHERE tenant_id = ?",
                              "DELETE FROM inference_cache_total WHERE tenant_id = ?",
                              "DELETE FROM prefix_cache_key WHERE tenant_id = ?"})
        db.prepare(sql, store::Scope::owner).run(tenant_id);
    }
    db.exec("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.exec("ROLLBACK");
    throw;
  }
}

}  // namespace

void clear_caches(store::Store& store) {
  try {
    delete_rows(store.cache_db(), store.tenant_id());
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    for (const char* name : {"/cache.db", "/cache.db-wal", "/cache.db-shm"})
      store::file_io().remove(store.directory() + name);
  }
  std::error_code error;
  std::filesystem::remove_all(prefix_directory(store), error);
}

}  // namespace hart::infer
