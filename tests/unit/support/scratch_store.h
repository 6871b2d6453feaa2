#pragma once

#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <span>
#include <string>

#include "core/error.h"
#include "store/store.h"

namespace hart::test {

/// An empty store in a fresh directory under the system's temporary one, removed at the end.
class ScratchStore {
 public:
  explicit ScratchStore(std::span<const store::SchemaModule> modules) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "hart-unit-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error{Fault::cannot_create, "no scratch directory"};
    parent_ = pattern;
    store::Store::create(directory(), modules);
  }
  ~ScratchStore() {
    std::error_code ignored;
    std::filesystem::remove_all(parent_, ignored);
  }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  [[nodiscard]] std::string directory() const { return parent_ + "/test.hart"; }

  [[nodiscard]] store::Store open(const std::string& tenant = "default",
                                  bool writable = true) const {
    return store::Store{{directory(), tenant, 10'000, writable}};
  }

  void add_tenant(const std::string& name) const {
    store::Store store = open();
    store::WriteTransaction transaction{store};
    store.db()
        .prepare("INSERT INTO tenant (name, created_us) VALUES (?, 1)", store::Scope::owner)
        .run(name);
    transaction.commit();
  }

  /// Runs SQL past the library, as somebody with the file in hand would: without triggers when
  /// `sql` drops them, without the tenant's views. Returns SQLite's message, empty on success.
  std::string tamper(const std::string& sql) const {
    sqlite3* db = nullptr;
    if (sqlite3_open((directory() + "/hart.db").c_str(), &db) != SQLITE_OK)
      throw Error{Fault::io, "cannot open the store to tamper with it"};
    sqlite3_create_function(db, "current_tenant", 0, SQLITE_UTF8, nullptr, zero, nullptr,
                            nullptr);
    sqlite3_create_function(db, "now_us", 0, SQLITE_UTF8, nullptr, zero, nullptr, nullptr);
    char* message = nullptr;
    sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
    const std::string result = message == nullptr ? "" : message;
    sqlite3_free(message);
    sqlite3_close(db);
    return result;
  }

 private:
  static void zero(sqlite3_context* context, int, sqlite3_value**) {
    sqlite3_result_int64(context, 0);
  }

  std::string parent_;
};

}  // namespace hart::test
