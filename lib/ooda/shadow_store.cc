#include "ooda/shadow_store.h"

#include <sqlite3.h>

#include <filesystem>

#include "core/error.h"

namespace hart::ooda {
namespace {

namespace fs = std::filesystem;

constexpr int kTimeoutMs = 10'000;

std::string shadow_directory(const store::Store& original) {
  return original.directory() + "/ooda-shadow";
}

struct CloseDatabase {
  void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// Copies page by page, so that the copy is laid out as the original is and as fast to read.
void copy_database(store::Connection& from, const std::string& path, const char* afterwards) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  const Database to{opened};
  if (code != SQLITE_OK) throw Error{Fault::cannot_create, path + ": cannot be created"};
  sqlite3_backup* backup = sqlite3_backup_init(to.get(), "main", from.handle(), "main");
  if (backup == nullptr)
    throw Error{Fault::io, path + ": " + std::string{sqlite3_errmsg(to.get())}};
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK)
    throw Error{Fault::io, "the store cannot be copied to try a change on: " +
                               std::string{sqlite3_errmsg(to.get())}};
  if (sqlite3_exec(to.get(), afterwards, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw Error{Fault::io, path + ": " + std::string{sqlite3_errmsg(to.get())}};
}

void require_room(const store::Store& original) {
  std::uintmax_t needed = 0;
  std::error_code error;
  for (const char* name : {"/hart.db", "/hart.db-wal", "/index.db", "/index.db-wal"}) {
    const std::uintmax_t bytes = fs::file_size(original.directory() + name, error);
    if (!error) needed += bytes;
  }
  const fs::space_info space = fs::space(original.directory(), error);
  // The action itself needs room too, at most as much again.
  if (!error && space.available < 2 * needed)
    throw Error{Fault::io, "no room to try a change on a copy: " + std::to_string(2 * needed) +
                               " bytes are needed beside the store"};
}

}  // namespace

ShadowStore::ShadowStore(store::Store& original) : directory_{shadow_directory(original)} {
  remove_shadow(original);
  require_room(original);
  try {
    fs::create_directories(directory_ + "/packs");
    // Without packs the copy's writers must not look for the last one.
    copy_database(original.db(), directory_ + "/hart.db", "DELETE FROM pack");
    if (fs::exists(original.directory() + "/index.db"))
      copy_database(original.index_db(), directory_ + "/index.db", "");
    link_index_files(original);
    store_ = std::make_unique<store::Store>(
        store::OpenOptions{directory_, original.tenant_name(), kTimeoutMs, true});
  } catch (const fs::filesystem_error& error) {
    remove_shadow(original);
    throw Error{Fault::cannot_create, directory_ + ": " + error.code().message()};
  } catch (...) {
    remove_shadow(original);
    throw;
  }
}

/// Files of indexes never change once they are there: the copy shares them.
void ShadowStore::link_index_files(const store::Store& original) const {
  const fs::path from = original.directory() + "/indexes";
  if (!fs::exists(from)) return;
  fs::create_directories(directory_ + "/indexes");
  for (const auto& entry : fs::directory_iterator{from}) {
    std::error_code gone;
    fs::create_hard_link(entry.path(),
                         fs::path{directory_} / "indexes" / entry.path().filename(), gone);
  }
}

ShadowStore::~ShadowStore() {
  store_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void remove_shadow(const store::Store& original) noexcept {
  std::error_code ignored;
  fs::remove_all(shadow_directory(original), ignored);
}

}  // namespace hart::ooda
