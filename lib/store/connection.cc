#include "store/connection.h"

#include <sqlite3.h>

#include <limits>

#include "core/clock.h"
#include "core/error.h"
#include "store/authorizer.h"
#include "store/edge_walk.h"

namespace hart::store {
namespace {

/// SQLite says only that it cannot open a file; the system said why.
[[noreturn]] void throw_cannot_open(sqlite3* db, const std::string& what) {
  if (const int error = sqlite3_system_errno(db)) throw_errno(Fault::no_input, what, error);
  throw Error{Fault::no_input, what + ": " + sqlite3_errmsg(db)};
}

[[noreturn]] void throw_sqlite(sqlite3* db, int code) {
  const std::string message = sqlite3_errmsg(db);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error{Fault::busy, "the store is busy: " + message};
    case SQLITE_FULL:
    case SQLITE_IOERR:
      throw Error{Fault::io, "the store cannot be read or written: " + message};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error{Fault::data, "the store is damaged: " + message};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw Error{Fault::denied, "not permitted: " + message};
    case SQLITE_CANTOPEN:
      throw_cannot_open(db, "cannot open the store");
    default:
      throw Error{Fault::internal, "SQLite: " + message};
  }
}

void check(sqlite3* db, int code) {
  if (code != SQLITE_OK) throw_sqlite(db, code);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  check(db,
        sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
  statement_.reset(statement);
}

void Statement::bind(int index, std::int64_t value) {
  check(sqlite3_db_handle(statement_.get()),
        sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    throw Error{Fault::data, "a number above 2^63 - 1 cannot be stored"};
  bind(index, static_cast<std::int64_t>(value));
}

void Statement::bind(int index, double value) {
  check(sqlite3_db_handle(statement_.get()),
        sqlite3_bind_double(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  // A null data pointer would bind NULL instead of the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_db_handle(statement_.get()),
        sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}

void Statement::bind(int index, ByteView value) {
  const void* data = value.empty() ? "" : static_cast<const void*>(value.data());
  check(sqlite3_db_handle(statement_.get()),
        sqlite3_bind_blob64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT));
}

void Statement::bind(int index, std::nullptr_t) {
  check(sqlite3_db_handle(statement_.get()), sqlite3_bind_null(statement_.get(), index));
}

void Statement::bind(int index, EdgeWalk& walk) {
  check(sqlite3_db_handle(statement_.get()),
        sqlite3_bind_pointer(statement_.get(), index, &walk, kEdgeWalkPointer, nullptr));
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* db = sqlite3_db_handle(statement_.get());
  try {
    throw_sqlite(db, code);
  } catch (...) {
    reset();
    throw;
  }
}

void Statement::finish() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const noexcept {
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const noexcept {
  const auto* data =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

ByteView Statement::blob(int column) const noexcept {
  const auto* data =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Hash256 Statement::hash(int column) const {
  const ByteView bytes = blob(column);
  Hash256 hash{};
  if (bytes.size() != hash.size())
    throw Error{Fault::data, "the store is damaged: a digest of " +
                                 std::to_string(bytes.size()) + " bytes, expected 32"};
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

struct Connection::State {
  std::int64_t tenant_id = 0;
  AuthorizerState authorizer;
};

void Connection::Close::operator()(sqlite3* db) const noexcept {
  sqlite3_close_v2(db);
}

namespace {

void current_tenant_function(sqlite3_context* context, int, sqlite3_value**) {
  sqlite3_result_int64(context, *static_cast<const std::int64_t*>(sqlite3_user_data(context)));
}

void now_function(sqlite3_context* context, int, sqlite3_value**) {
  sqlite3_result_int64(context, now_us());
}

int open_flags(Connection::Mode mode) {
  switch (mode) {
    case Connection::Mode::read_only:
      return SQLITE_OPEN_READONLY;
    case Connection::Mode::read_write:
      return SQLITE_OPEN_READWRITE;
    case Connection::Mode::create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return SQLITE_OPEN_READONLY;
}

}  // namespace

Connection::Connection(const std::string& path, Mode mode, int timeout_ms)
    : state_{std::make_unique<State>()} {
  sqlite3* db = nullptr;
  // One thread uses a connection, so SQLite need not lock it.
  const int code =
      sqlite3_open_v2(path.c_str(), &db, open_flags(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (code == SQLITE_CANTOPEN) throw_cannot_open(db, path);
  check(db, code);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, timeout_ms);
  // Constant within a statement, so that SQLite calls it once a query and not once a row.
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC;
  check(db, sqlite3_create_function_v2(db, "current_tenant", 0, kFlags, &state_->tenant_id,
                                       current_tenant_function, nullptr, nullptr, nullptr));
  check(db, sqlite3_create_function_v2(db, "now_us", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, nullptr,
                                       now_function, nullptr, nullptr, nullptr));
  install_edge_walk(db);
  install_authorizer(db, state_->authorizer);
  exec("PRAGMA foreign_keys = ON");
}

Connection::~Connection() = default;

void Connection::set_tenant(std::int64_t tenant_id) noexcept {
  state_->tenant_id = tenant_id;
}

std::int64_t Connection::tenant() const noexcept {
  return state_->tenant_id;
}

Statement Connection::prepare(std::string_view sql, Scope scope) {
  const ScopeGuard guard{state_->authorizer, scope, sql};
  return Statement{db_.get(), sql};
}

void Connection::exec(const std::string& sql) {
  const ScopeGuard guard{state_->authorizer, Scope::owner, sql};
  check(db_.get(), sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t Connection::query_integer(std::string_view sql) {
  Statement statement = prepare(sql, Scope::owner);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Connection::last_insert_id() const noexcept {
  return sqlite3_last_insert_rowid(db_.get());
}

std::int64_t Connection::changes() const noexcept {
  return sqlite3_changes64(db_.get());
}

bool Connection::in_transaction() const noexcept {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

void Connection::load_spatialite() {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, nullptr);
  char* message = nullptr;
  const ScopeGuard guard{state_->authorizer, Scope::owner, {}};
  const int code = sqlite3_load_extension(db_.get(), "mod_spatialite", nullptr, &message);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  if (code == SQLITE_OK) return;
  const std::string reason = message == nullptr ? "unknown reason" : message;
  sqlite3_free(message);
  throw Error{Fault::unavailable, "SpatiaLite cannot be loaded: " + reason};
}

Snapshot::Snapshot(Connection& db) : db_{db}, owner_{!db.in_transaction()} {
  if (owner_) db_.exec("BEGIN");
}

Snapshot::~Snapshot() {
  // A failed statement may have ended the transaction already.
  if (owner_ && db_.in_transaction())
    sqlite3_exec(db_.handle(), "COMMIT", nullptr, nullptr, nullptr);
}

}  // namespace hart::store
