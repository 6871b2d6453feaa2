#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "store/store.h"

namespace hart::infer {

/// Which of the caches in cache.db.
enum class CacheKind : std::int64_t { generation = 1, prefix = 2 };

struct CacheFigures {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hits = 0;  ///< since the cache was last cleared
};

/// A cache of the acting tenant in cache.db (hart-store(5)): values under digests, each worth a
/// number of bytes; beyond the limit those that were not used for longest go. Several processes
/// may share one.
///
/// cache.db may be lost or damaged at any time, and a disk may be full: then nothing is found
/// and nothing is kept, and no error comes of it. A store that is open for reading is searched
/// and not changed. Uses are noted in memory, and written with the next change or at the end.
class CacheTable {
 public:
  /// `store` must outlive the table. Opens nothing yet. A use is noted in an entry when the one
  /// noted there is at least `resolution_us` old: many small entries would be written again for
  /// each look at them.
  CacheTable(store::Store& store, CacheKind kind, std::uint64_t limit_bytes,
             TimeUs resolution_us = 0);
  ~CacheTable();
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  /// The value under `key`, whose use is noted. `key` is a cryptographic digest, and must
  /// depend on the tenant and on the cache.
  [[nodiscard]] std::optional<ByteBuffer> find(const Hash256& key) noexcept;

  /// Runs `body` in a write transaction over cache.db, to which `put`, `remove`, `evict` and
  /// `connection` belong. False when it failed: nothing is changed then.
  bool change(const std::function<void()>& body) noexcept;
  /// Keeps `value`, which is worth `bytes`, in the place of what was under `key`.
  void put(const Hash256& key, ByteView value, std::uint64_t bytes);
  void remove(const Hash256& key);
  /// Removes entries until the others are worth no more than the limit; returns their keys.
  std::vector<Hash256> evict();
  [[nodiscard]] store::Connection& connection() { return store_.cache_db(); }

  /// Runs `body`, which reads cache.db. False when it failed.
  bool read(const std::function<void()>& body) noexcept;

  [[nodiscard]] CacheFigures figures() noexcept;
  [[nodiscard]] std::uint64_t limit_bytes() const noexcept { return limit_bytes_; }
  [[nodiscard]] std::int64_t tenant_id() const noexcept { return store_.tenant_id(); }

 private:
  [[nodiscard]] bool open();
  void note_failure(int fault) noexcept;
  void write_uses();
  [[nodiscard]] std::int64_t kind() const noexcept { return static_cast<std::int64_t>(kind_); }

  store::Store& store_;
  CacheKind kind_;
  std::uint64_t limit_bytes_;
  TimeUs resolution_us_;
  bool is_open_ = false;
  bool is_broken_ = false;
  std::optional<store::Statement> find_, insert_, remove_;
  std::unordered_map<std::int64_t, TimeUs> uses_;  ///< by slot; not written yet
  std::int64_t hits_ = 0;                          ///< not written yet
};

/// Where an entry lies: the first 8 bytes of its key.
[[nodiscard]] std::int64_t cache_slot(const Hash256& key) noexcept;

}  // namespace hart::infer
