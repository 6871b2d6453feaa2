#include "store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/error.h"
#include "store/access.h"
#include "store/as_of.h"
#include "store/audit.h"
#include "store/lock.h"
#include "store/migrate.h"
#include "store/packs.h"
#include "store/payload_key.h"
#include "store/reader_lease.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;

constexpr int kCatalogPageBytes = 16'384;
/// Random keys touch pages all over the catalog: with SQLite's own 2 MB each is written many
/// times.
constexpr int kWriterCacheKib = 65'536;
constexpr int kIndexPageBytes = 65'536;
constexpr int kCachePageBytes = 16'384;
/// Of a transaction's, for the audit log, which takes no more in a minute.
constexpr std::size_t kMostRefusals = 60;

/// Geometry columns, registered without SpatiaLite's triggers: those call its functions at
/// every insert, and the tools do not load it.
struct GeometryColumn {
  const char* table;
  const char* column;
  int type;  ///< as SpatiaLite numbers them: 3001 POINT ZM, 3002 LINESTRING ZM
};
constexpr GeometryColumn kGeometryColumns[] = {
    {"tenant_atom", "spatial_key", 3001},          {"atom_composition", "spatial_key", 3001},
    {"atom_embedding", "spatial_key", 3001},       {"tensor_atom", "weights_geometry", 3002},
    {"atom_relation", "spatial_expression", 3002},
};

void register_geometry(Connection& db) {
  db.load_spatialite();
  db.exec("SELECT InitSpatialMetadata(1, 'NONE')");
  // 'NONE' leaves out even the reference system that SpatiaLite itself calls undefined.
  db.exec(
      "INSERT OR IGNORE INTO spatial_ref_sys (srid, auth_name, auth_srid, ref_sys_name, "
      "proj4text,"
      " srtext) VALUES (-1, 'NONE', -1, 'Undefined - Cartesian', '', 'Undefined')");
  Statement insert = db.prepare(
      "INSERT INTO geometry_columns (f_table_name, f_geometry_column, geometry_type,"
      " coord_dimension, srid, spatial_index_enabled) VALUES (?, ?, ?, 4, -1, 0)",
      Scope::owner);
  for (const GeometryColumn& column : kGeometryColumns)
    insert.run(column.table, column.column, column.type);
}

void make_directory(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) {
    if (!fs::is_directory(directory, error) || !fs::is_empty(directory, error))
      throw Error{Fault::cannot_create, directory + ": exists and is not an empty directory"};
    return;
  }
  if (::mkdir(directory.c_str(), 0777) != 0)
    throw_errno(Fault::cannot_create, directory, errno);
}

/// Undoes a half-made store when its making fails.
struct CreationGuard {
  const std::string& directory;
  bool done = false;
  ~CreationGuard() {
    std::error_code ignored;
    if (done) return;
    for (const char* name :
         {"hart.db", "hart.db-wal", "hart.db-shm", "lock", "readers", "packs"})
      fs::remove_all(fs::path{directory} / name, ignored);
    fs::remove(directory, ignored);
  }
};

void check_identity(Connection& db, const std::string& path) {
  const std::int64_t application = db.query_integer("PRAGMA application_id");
  if (application != kApplicationId)
    throw Error{Fault::data, path + ": an SQLite database, but not a Hartonomous store"};
  const std::int64_t version = db.query_integer("PRAGMA user_version");
  if (version == kSchemaVersion) return;
  throw Error{Fault::config,
              path + ": schema version " + std::to_string(version) +
                  ", but this program reads version " + std::to_string(kSchemaVersion) +
                  (version < kSchemaVersion ? "; run hart-ingest migrate"
                                            : "; it was written by a newer one")};
}

std::unique_ptr<Connection> open_side(const std::string& path, bool writable, int page_bytes,
                                      int timeout_ms) {
  if (!writable)
    return std::make_unique<Connection>(path, Connection::Mode::read_only, timeout_ms);
  auto db = std::make_unique<Connection>(path, Connection::Mode::create, timeout_ms);
  db->exec("PRAGMA page_size = " + std::to_string(page_bytes) +
           "; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  return db;
}

}  // namespace

struct Store::Impl {
  std::string directory;
  Admission admission;
  int timeout_ms;
  bool writable;
  std::optional<TimeUs> as_of;
  std::unique_ptr<Connection> db;
  std::unique_ptr<Connection> index_db;
  std::unique_ptr<Connection> cache_db;
  std::unique_ptr<Packs> packs;
  std::unique_ptr<ReaderLease> lease;
  std::string command;                ///< as the audit log names it
  bool is_writing = false;            ///< a WriteTransaction lives
  std::vector<std::string> refusals;  ///< since it began
};

void Store::create(const std::string& directory, std::span<const SchemaModule> modules,
                   const PayloadKey* payload_key) {
  make_directory(directory);
  CreationGuard guard{directory};
  if (::mkdir((directory + "/packs").c_str(), 0777) != 0)
    throw_errno(Fault::cannot_create, directory + "/packs", errno);
  {
    const WriterLock lock{directory + "/lock", 0};
    Connection db{directory + "/hart.db", Connection::Mode::create, 0};
    db.exec("PRAGMA page_size = " + std::to_string(kCatalogPageBytes));
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    apply_migrations(db, modules, 0);
    Statement tenant =
        db.prepare("INSERT INTO tenant (tenant_id, name, created_us) VALUES (1, 'default', ?)",
                   Scope::owner);
    tenant.run(now_us());
    if (payload_key != nullptr) set_payload_key(db, *payload_key, now_us());
    db.exec("COMMIT");
    register_geometry(db);
    // Last: a store without its application id is none, so a crash above leaves nothing to
    // open.
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  guard.done = true;
}

Store::Store(const OpenOptions& options) : impl_{std::make_unique<Impl>()} {
  const std::string path = options.directory + "/hart.db";
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (!fs::exists(options.directory, error))
      throw Error{Fault::no_input, options.directory + ": no such store"};
    throw Error{Fault::no_input, options.directory + ": not a store (it has no hart.db)"};
  }
  impl_->directory = options.directory;
  impl_->admission = {options.tenant, process_actor(), {}};
  impl_->timeout_ms = options.timeout_ms;
  impl_->writable = options.writable;
  if (options.access) impl_->command = command_of(*options.access);
  const auto mode =
      options.writable ? Connection::Mode::read_write : Connection::Mode::read_only;
  impl_->db = std::make_unique<Connection>(path, mode, options.timeout_ms);
  check_identity(*impl_->db, path);
  if (options.access) impl_->admission = admit(*impl_->db, options);
  if (options.writable) {
    impl_->db->exec("PRAGMA synchronous = FULL");
    impl_->db->exec("PRAGMA cache_size = -" + std::to_string(kWriterCacheKib));
    if (::access(path.c_str(), W_OK) != 0)
      throw Error{Fault::denied, path + ": not permitted to write the store"};
  }
  Statement find =
      impl_->db->prepare("SELECT tenant_id, active FROM tenant WHERE name = ?", Scope::owner);
  find.with(tenant_name());
  if (!find.step() || find.integer(1) == 0)
    throw Error{Fault::no_input, "no such tenant: " + tenant_name()};
  impl_->db->set_tenant(find.integer(0));
  impl_->lease = std::make_unique<ReaderLease>(options.directory, *impl_->db);
  if (options.as_of || options.snapshot) {
    if (options.writable) throw Error{Fault::internal, "the past cannot be written to"};
    if (options.snapshot)
      show_snapshot(*impl_->db, *options.snapshot);
    else
      show_as_of(*impl_->db, *options.as_of);
    if (!options.snapshot) impl_->as_of = options.as_of;
  }
  auto seal = find_payload_seal(*impl_->db, options.payload_key_file);
  if (!seal && options.must_be_encrypted)
    throw Error{Fault::config,
                options.directory +
                    ": its payload is not encrypted, which is chosen when a store is made"};
  impl_->packs = std::make_unique<Packs>(options.directory + "/packs", std::move(seal));
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Connection& Store::db() noexcept {
  return *impl_->db;
}

Connection& Store::index_db() {
  if (!impl_->index_db)
    impl_->index_db = open_side(impl_->directory + "/index.db", impl_->writable,
                                kIndexPageBytes, impl_->timeout_ms);
  return *impl_->index_db;
}

Connection& Store::cache_db() {
  if (!impl_->cache_db)
    impl_->cache_db = open_side(impl_->directory + "/cache.db", impl_->writable,
                                kCachePageBytes, impl_->timeout_ms);
  return *impl_->cache_db;
}

Packs& Store::packs() noexcept {
  return *impl_->packs;
}
void Store::renew_lease() {
  impl_->lease->renew(*impl_->db);
}
const std::string& Store::directory() const noexcept {
  return impl_->directory;
}
std::int64_t Store::tenant_id() const noexcept {
  return impl_->db->tenant();
}
const std::string& Store::tenant_name() const noexcept {
  return impl_->admission.tenant;
}
const std::string& Store::actor() const noexcept {
  return impl_->admission.actor;
}
const ApiKey* Store::api_key() const noexcept {
  return impl_->admission.key ? &*impl_->admission.key : nullptr;
}
bool Store::writable() const noexcept {
  return impl_->writable;
}
std::optional<TimeUs> Store::as_of() const noexcept {
  return impl_->as_of;
}

void Store::note_refusal(const std::string& why) {
  if (impl_->refusals.size() < kMostRefusals) impl_->refusals.push_back(why);
  if (!impl_->is_writing) end_writing();
}

void Store::begin_writing() noexcept {
  impl_->is_writing = true;
}

void Store::end_writing() noexcept {
  impl_->is_writing = false;
  for (const std::string& why : std::exchange(impl_->refusals, {}))
    record_refusal(impl_->directory, {0, tenant_name(), actor(), impl_->command, true, why});
}

TimeUs Store::now() {
  const TimeUs wall = now_us();
  const TimeUs latest = db().query_integer("SELECT latest_us FROM store_clock");
  if (!writable() || !db().in_transaction()) return std::max(wall, latest);
  // Two events of one store never share an instant, even after the wall clock was set back.
  const TimeUs time = std::max(wall, latest + 1);
  db().prepare("UPDATE store_clock SET latest_us = ?", Scope::owner).run(time);
  return time;
}

namespace {

void roll_back(Connection& db) noexcept {
  // SQLite may have rolled back by itself, after a full disk for instance.
  if (!db.in_transaction()) return;
  try {
    db.exec("ROLLBACK");
  } catch (const Error&) {
    // Closing the connection rolls back as well.
  }
}

/// Whether packs hold what the catalog does not name: left by a commit that failed or a process
/// that ended.
bool has_unnamed_bytes(const Packs& packs, std::int64_t last_pack_id, std::uint64_t bytes) {
  std::error_code error;
  if (fs::exists(packs.path(last_pack_id + 1), error)) return true;
  if (last_pack_id == 0) return false;
  const auto size = fs::file_size(packs.path(last_pack_id), error);
  return !error && size > bytes;
}

/// Commits a tick of the clock. A commit that failed while it was synced, or whose process was
/// killed, may stand whole in the WAL, unseen until a power cut has the WAL read anew. A later
/// commit takes its place; until then, bytes that it names must stay.
void supersede_failed_commit(Store& store) {
  static_cast<void>(store.now());
  store.db().exec("COMMIT; BEGIN IMMEDIATE");
}

}  // namespace

WriteTransaction::WriteTransaction(Store& store) : store_{store} {
  if (!store.writable()) throw Error{Fault::internal, "a write to a store opened for reading"};
  lock_ = std::make_unique<WriterLock>(store.directory() + "/lock", store.impl_->timeout_ms);
  store.db().exec("BEGIN IMMEDIATE");
  try {
    Statement newest = store.db().prepare(
        "SELECT pack_id, bytes FROM pack WHERE pack_id < ? ORDER BY pack_id DESC LIMIT 1",
        Scope::owner);
    const bool any = newest.with(kFirstLinkedPack).step();
    const std::int64_t pack_id = any ? newest.integer(0) : 0;
    const auto bytes = any ? static_cast<std::uint64_t>(newest.integer(1)) : 0;
    newest.reset();
    if (has_unnamed_bytes(store.packs(), pack_id, bytes)) supersede_failed_commit(store);
    store.packs().begin(pack_id, bytes);
    store.begin_writing();
  } catch (...) {
    roll_back(store.db());
    throw;
  }
}

WriteTransaction::~WriteTransaction() {
  if (open_) {
    // A commit that failed may come true after a power cut: the next writer cuts off its bytes.
    store_.packs().end(commit_tried_);
    roll_back(store_.db());
  }
  // Refusals are recorded by writers of their own.
  lock_.reset();
  store_.end_writing();
}

void WriteTransaction::commit() {
  Statement grow = store_.db().prepare(
      "INSERT INTO pack (pack_id, bytes) VALUES (?, ?)"
      " ON CONFLICT (pack_id) DO UPDATE SET bytes = excluded.bytes",
      Scope::owner);
  for (const auto& [pack_id, bytes] : store_.packs().touched()) grow.run(pack_id, bytes);
  store_.packs().sync();
  commit_tried_ = true;
  store_.db().exec("COMMIT");
  open_ = false;
  store_.packs().end(true);
}

std::string find_store(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* environment = std::getenv("HART_STORE");
      environment != nullptr && *environment != '\0')
    return environment;
  std::error_code error;
  for (fs::path directory = fs::current_path(error); !directory.empty();
       directory = directory.parent_path()) {
    if (fs::exists(directory / ".hart" / "hart.db", error))
      return (directory / ".hart").string();
    if (directory == directory.root_path()) break;
  }
  throw Error{Fault::no_input,
              "no store: give --store, set HART_STORE, or make one with hart-ingest init"};
}

}  // namespace hart::store
