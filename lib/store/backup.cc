#include "store/backup.h"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "core/error.h"
#include "store/file_io.h"
#include "store/pack_copy.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

/// Pages of a database that are copied between two calls of the progress.
constexpr int kPagesAtATime = 1'024;

struct CloseDatabase {
  void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

[[noreturn]] void throw_failed(sqlite3* db, const std::string& path) {
  throw Error{Fault::io, path + ": " + sqlite3_errmsg(db)};
}

/// A file in the copy's folder whose presence says that the copy is being made.
std::string marker(const std::string& partial) {
  return partial + "/backup-in-progress";
}

/// Removes what an interrupted backup left, and nothing else.
void make_partial(const std::string& partial) {
  std::error_code error;
  if (fs::exists(partial, error)) {
    if (!fs::exists(marker(partial), error))
      throw Error{Fault::cannot_create, partial + ": is in the way, and no interrupted backup"};
    fs::remove_all(partial, error);
  }
  if (!fs::create_directory(partial, error)) {
    if (!error) error = std::make_error_code(std::errc::file_exists);
    throw_errno(Fault::cannot_create, partial, error.value());
  }
  file_io().open(marker(partial), FileIo::Mode::create)->sync();
  fs::create_directory(partial + "/packs", error);
  if (error) throw_errno(Fault::cannot_create, partial + "/packs", error.value());
}

class Backup {
 public:
  Backup(Store& store, std::string partial, const BackupOptions& options)
      : store_{store}, partial_{std::move(partial)}, options_{options} {}

  BackedUp run();

 private:
  void copy_database(Connection& from, const std::string& name);
  void copy_packs();
  void settle_catalog();
  void copy_index_files();
  void count(std::uint64_t bytes);

  Store& store_;
  std::string partial_;
  const BackupOptions& options_;
  BackedUp done_;
};

void Backup::count(std::uint64_t bytes) {
  done_.bytes += bytes;
  if (options_.progress) options_.progress(bytes);
}

void Backup::copy_database(Connection& from, const std::string& name) {
  const std::string path = partial_ + "/" + name;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  const Database to{opened};
  if (code != SQLITE_OK) throw Error{Fault::cannot_create, path + ": cannot be created"};
  sqlite3_backup* copy = sqlite3_backup_init(to.get(), "main", from.handle(), "main");
  if (copy == nullptr) throw_failed(to.get(), path);
  const auto page_bytes = static_cast<std::uint64_t>(from.query_integer("PRAGMA page_size"));
  int state = SQLITE_OK;
  int left = 0;
  try {
    while (state == SQLITE_OK) {
      state = sqlite3_backup_step(copy, kPagesAtATime);
      const int total = sqlite3_backup_pagecount(copy);
      const int before = left == 0 ? total : left;
      left = sqlite3_backup_remaining(copy);
      count(static_cast<std::uint64_t>(before - left) * page_bytes);
    }
  } catch (...) {
    sqlite3_backup_finish(copy);
    throw;
  }
  if (sqlite3_backup_finish(copy) != SQLITE_OK) throw_failed(to.get(), path);
}

void Backup::copy_packs() {
  for (const PackContent& pack : pack_contents(store_)) {
    copy_pack(store_, pack, partial_ + "/packs", [&](std::uint64_t bytes) { count(bytes); });
    ++done_.packs;
  }
}

/// The copy's packs have no bytes where the original's had dead ones.
void Backup::settle_catalog() {
  Connection db{partial_ + "/hart.db", Connection::Mode::read_write, 0};
  db.exec("UPDATE pack_hole SET freed = 1, overwrite = 0, epoch = 0");
  Statement dead = db.prepare(
      "DELETE FROM pack AS p WHERE NOT EXISTS"
      " (SELECT 1 FROM extent AS e WHERE e.pack_id = p.pack_id)"
      " AND pack_id IS NOT (SELECT max(pack_id) FROM pack WHERE pack_id < ?)",
      Scope::owner);
  dead.run(kFirstLinkedPack);
  db.exec("DELETE FROM pack_hole WHERE pack_id NOT IN (SELECT pack_id FROM pack)");
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// A generation whose file went meanwhile is passed over by those who read the copy.
void Backup::copy_index_files() {
  const fs::path from = store_.directory() + "/indexes";
  if (!fs::exists(from)) return;
  fs::create_directories(partial_ + "/indexes");
  for (const auto& entry : fs::directory_iterator{from}) {
    if (entry.path().extension() == ".part") continue;
    std::error_code error;
    fs::copy_file(entry.path(), fs::path{partial_} / "indexes" / entry.path().filename(),
                  error);
    if (error && error != std::errc::no_such_file_or_directory)
      throw Error{Fault::io, entry.path().string() + ": " + error.message()};
  }
}

BackedUp Backup::run() {
  {
    const Snapshot snapshot{store_.db()};
    done_.objects = store_.db().query_integer("SELECT COUNT(*) FROM tenant_object");
    copy_database(store_.db(), "hart.db");
    copy_packs();
  }
  if (fs::exists(store_.directory() + "/index.db")) {
    copy_database(store_.index_db(), "index.db");
    copy_index_files();
  }
  settle_catalog();
  return done_;
}

void sync_all(const std::string& directory) {
  for (const auto& entry : fs::recursive_directory_iterator{directory})
    if (entry.is_regular_file())
      file_io().open(entry.path().string(), FileIo::Mode::read_write)->sync();
  file_io().sync_directory(directory + "/packs");
  if (fs::exists(directory + "/indexes")) file_io().sync_directory(directory + "/indexes");
  file_io().sync_directory(directory);
}

FsckTotals check_copy(const std::string& partial, const std::string& tenant,
                      const BackupOptions& options, const FindingVisitor& visit) {
  // For writing, so that SQLite leaves no files of its own behind.
  Store copy{{partial, tenant, 10'000, true, {}}};
  FsckOptions fsck_options;
  fsck_options.quick = true;
  fsck_options.threads = options.threads;
  fsck_options.progress = options.progress;
  return fsck(copy, fsck_options, visit);
}

}  // namespace

BackedUp backup(Store& store, const std::string& directory, const BackupOptions& options,
                const FindingVisitor& visit) {
  fs::path target{directory};
  if (!target.has_filename()) target = target.parent_path();
  const std::string partial = target.string() + ".partial";
  std::error_code error;
  if (fs::exists(target, error))
    throw Error{Fault::cannot_create, target.string() + ": exists"};
  make_partial(partial);
  try {
    BackedUp done = Backup{store, partial, options}.run();
    done.checked = check_copy(partial, store.tenant_name(), options, visit);
    fs::remove(partial + "/readers", error);
    sync_all(partial);
    file_io().remove(marker(partial));
    file_io().sync_directory(partial);
    file_io().rename(partial, target.string());
    const fs::path parent = target.parent_path();
    file_io().sync_directory(parent.empty() ? "." : parent.string());
    return done;
  } catch (const fs::filesystem_error& failure) {
    fs::remove_all(partial, error);
    throw Error{Fault::io, partial + ": " + failure.code().message()};
  } catch (...) {
    fs::remove_all(partial, error);
    throw;
  }
}

}  // namespace hart::store
