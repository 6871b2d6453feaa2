#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "store/connection.h"
#include "store/schema.h"

namespace hart::store {

struct ApiKey;
class Packs;
class PayloadKey;
class WriterLock;

/// On whose behalf, and for what, a store is opened: see store/access.h.
struct AccessRequest {
  std::string tool;           ///< "hart-search"
  std::string verb;           ///< the subcommand, and its own after a dot: "index.build"
  std::string api_key;        ///< empty: none was given
  bool tenant_given = false;  ///< somebody named the tenant; else a key's own acts
  bool administers = false;   ///< looks after the store, for all tenants
};

struct OpenOptions {
  std::string directory;           ///< the store directory itself
  std::string tenant = "default";  ///< who acts
  int timeout_ms = 30'000;         ///< how long to wait for a lock
  bool writable = false;
  /// Show what was held at that time; only for reading.
  std::optional<TimeUs> as_of = std::nullopt;
  /// Show what the snapshot of this name holds; only for reading.
  std::optional<std::string> snapshot = std::nullopt;
  /// What is asked for, to be permitted or refused. Without it nobody is asked: for the
  /// library's own use.
  std::optional<AccessRequest> access = std::nullopt;
  /// Holds the key of an encrypted payload; empty: none is given, and the payload stays closed.
  std::string payload_key_file = {};
  /// Refuse a store whose payload is not encrypted.
  bool must_be_encrypted = false;
};

/// An open store: the catalog's connection, acting as one tenant, and its packs.
///
/// Opening never changes what is committed. A crash leaves the last committed state; bytes of a
/// pack that no transaction refers to are cut off by the next writer. Layout: `hart-store.5`.
class Store {
 public:
  /// Makes an empty store with the tenant `default`, its payload encrypted when there is a key.
  /// Throws Error(cannot_create) when `directory` exists and is not an empty directory.
  static void create(const std::string& directory, std::span<const SchemaModule> modules,
                     const PayloadKey* payload_key = nullptr);

  /// Throws as `admit` and `find_payload_seal` do, Error(no_input) when there is no store, no
  /// such tenant or no such snapshot, Error(config) when its schema is of another version or
  /// its payload is not encrypted and must be, Error(data) when it is not
  /// a store of ours.
  explicit Store(const OpenOptions& options);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// The catalog, hart.db.
  [[nodiscard]] Connection& db() noexcept;
  /// index.db and cache.db, opened (and made, where the store is writable) when first asked
  /// for. Their tables belong to the modules that use them; what they hold may be lost at any
  /// time.
  [[nodiscard]] Connection& index_db();
  [[nodiscard]] Connection& cache_db();
  [[nodiscard]] Packs& packs() noexcept;

  [[nodiscard]] const std::string& directory() const noexcept;
  [[nodiscard]] std::int64_t tenant_id() const noexcept;
  [[nodiscard]] const std::string& tenant_name() const noexcept;
  [[nodiscard]] bool writable() const noexcept;
  /// Who acts, as the audit log names them; the key that was given, or null.
  [[nodiscard]] const std::string& actor() const noexcept;
  [[nodiscard]] const ApiKey* api_key() const noexcept;
  /// The instant that is shown; none for the present, and for a snapshot, which is shown
  /// without the history.
  [[nodiscard]] std::optional<TimeUs> as_of() const noexcept;

  /// Lets collections free what only an earlier reading of this store could need: for one who
  /// has let go of every view and record that came from it.
  void renew_lease();

  /// Has the audit log tell that the acting tenant was refused something: see `refuse`.
  void note_refusal(const std::string& why);

  /// The store's clock: never before any time that a committed transaction took from it.
  [[nodiscard]] TimeUs now();

 private:
  friend class WriteTransaction;
  void begin_writing() noexcept;
  void end_writing() noexcept;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A write transaction over hart.db and the packs. Waits for the store's writer lock
/// (Error(busy) after the timeout), and rolls back, packs included, unless committed. Do not
/// nest.
class WriteTransaction {
 public:
  explicit WriteTransaction(Store& store);
  ~WriteTransaction();
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;

  /// Syncs the packs, then commits the catalog: when it returns, everything is durable.
  void commit();

 private:
  Store& store_;
  std::unique_ptr<WriterLock> lock_;
  bool open_ = true;
  bool commit_tried_ = false;
};

/// The store directory to use: `given` when not empty, else the environment's HART_STORE, else
/// the nearest `.hart` in the working directory or above it. Throws Error(no_input) when there
/// is none.
[[nodiscard]] std::string find_store(const std::string& given);

}  // namespace hart::store
