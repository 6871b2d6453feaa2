#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hart::store {

class EdgeWalk;

/// What a statement may touch. Enforced by SQLite's authorizer while the statement is prepared.
enum class Scope {
  tenant,  ///< views whose name begins with `my_` only: the rows of the acting tenant
  owner,   ///< every table: for the store's own functions and each module's own tables
};

/// A prepared statement. Parameters are numbered from 1, columns from 0. Text and blobs that a
/// column returns live until the next step or reset.
class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);

  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::uint64_t value);  ///< Throws Error(data) above 2^63 - 1.
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, const char* value) { bind(index, std::string_view{value}); }
  void bind(int index, const std::string& value) { bind(index, std::string_view{value}); }
  void bind(int index, ByteView value);
  void bind(int index, const ByteBuffer& value) { bind(index, ByteView{value}); }
  void bind(int index, const Hash256& value) { bind(index, ByteView{value}); }
  void bind(int index, std::nullptr_t);
  /// For a statement over `edge_frontier` (see edge_walk.h). The walk must outlive the
  /// statement's last step.
  void bind(int index, EdgeWalk& walk);
  template <typename T> void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, nullptr);
    }
  }

  /// Resets, binds 1, 2, … and leaves the statement ready to step.
  template <typename... Values> Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  /// Binds, runs to the end, resets. For statements that return no rows.
  template <typename... Values> void run(const Values&... values) {
    with(values...);
    finish();
  }

  /// True when there is a row. Throws Error: busy, io (disk full), data (corrupt), internal.
  bool step();
  void finish();
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] double real(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] ByteView blob(int column) const noexcept;
  [[nodiscard]] bool is_null(int column) const noexcept;
  /// A column that holds a 32-byte digest. Throws Error(data) on another length.
  [[nodiscard]] Hash256 hash(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to one SQLite database, used by one thread. Foreign keys are on; the
/// functions `current_tenant()` and `now_us()` are registered.
class Connection {
 public:
  enum class Mode { read_only, read_write, create };

  /// Throws Error(no_input) when there is no such file (but for Mode::create), Error(data) when
  /// it is not an SQLite database.
  Connection(const std::string& path, Mode mode, int timeout_ms);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The tenant that `current_tenant()` answers with; 0, nobody, at first.
  void set_tenant(std::int64_t tenant_id) noexcept;
  [[nodiscard]] std::int64_t tenant() const noexcept;

  /// Throws Error(denied) when the statement touches more than its scope allows.
  [[nodiscard]] Statement prepare(std::string_view sql, Scope scope = Scope::tenant);
  /// Runs one or more statements without parameters, as the owner.
  void exec(const std::string& sql);
  /// The first column of the first row, or 0, as the owner.
  [[nodiscard]] std::int64_t query_integer(std::string_view sql);

  [[nodiscard]] std::int64_t last_insert_id() const noexcept;
  [[nodiscard]] std::int64_t changes() const noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;
  /// Loads SpatiaLite into this connection. Throws Error(unavailable) when it is not installed.
  void load_spatialite();
  [[nodiscard]] sqlite3* handle() const noexcept { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept;
  };
  struct State;  ///< what the authorizer and the functions look at; outlives the handle
  std::unique_ptr<State> state_;
  std::unique_ptr<sqlite3, Close> db_;
};

/// A read transaction: one consistent snapshot, and far cheaper lookups than one lock each.
class Snapshot {
 public:
  explicit Snapshot(Connection& db);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Connection& db_;
  bool owner_;  ///< false inside another transaction
};

}  // namespace hart::store
