#include "infer/cache_table.h"

#include <algorithm>

#include "core/endian.h"
#include "core/error.h"

namespace hart::infer {
namespace {

using store::Scope;
using store::Statement;

// The triggers keep the totals right whoever removes rows: hart-ingest erase does, too.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS inference_cache ("
    " slot INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, cache INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, used_us INTEGER NOT NULL,"
    " key BLOB NOT NULL, value BLOB NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS inference_cache_by_use"
    " ON inference_cache (tenant_id, cache, used_us);"
    "CREATE TABLE IF NOT EXISTS inference_cache_total ("
    " tenant_id INTEGER NOT NULL, cache INTEGER NOT NULL, entries INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, hits INTEGER NOT NULL, PRIMARY KEY (tenant_id, cache))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER IF NOT EXISTS inference_cache_added AFTER INSERT ON inference_cache BEGIN"
    " INSERT INTO inference_cache_total (tenant_id, cache, entries, bytes, hits)"
    " VALUES (new.tenant_id, new.cache, 1, new.bytes, 0) ON CONFLICT (tenant_id, cache)"
    " DO UPDATE SET entries = entries + 1, bytes = bytes + excluded.bytes; END;"
    "CREATE TRIGGER IF NOT EXISTS inference_cache_removed AFTER DELETE ON inference_cache BEGIN"
    " UPDATE inference_cache_total SET entries = entries - 1, bytes = bytes - old.bytes"
    " WHERE tenant_id = old.tenant_id AND cache = old.cache; END;"
    "CREATE TABLE IF NOT EXISTS prefix_cache_key ("
    " slot INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, file_slot INTEGER NOT NULL,"
    " key BLOB NOT NULL, file BLOB NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS prefix_cache_key_by_file ON prefix_cache_key (file_slot)";

/// Uses that wait in memory at most, so that a long stream does not lose all when it is killed.
constexpr std::size_t kMaxUses = 4096;
/// Pages that stay in memory: the upper levels of the tables of a full cache.
constexpr const char* kPageCache = "PRAGMA cache_size = -8192";

}  // namespace

std::int64_t cache_slot(const Hash256& key) noexcept {
  return load_le<std::int64_t>(key.data());
}

CacheTable::CacheTable(store::Store& store, CacheKind kind, std::uint64_t limit_bytes,
                       TimeUs resolution_us)
    : store_{store}, kind_{kind}, limit_bytes_{limit_bytes}, resolution_us_{resolution_us} {}

CacheTable::~CacheTable() {
  if (hits_ > 0) change([] {});
}

bool CacheTable::open() {
  if (is_open_ || is_broken_) return is_open_;
  store::Connection& db = store_.cache_db();
  if (store_.writable()) db.exec(kSchema);
  db.exec(kPageCache);
  find_.emplace(db.prepare("SELECT key, value, used_us FROM inference_cache WHERE slot = ?",
                           Scope::owner));
  is_open_ = true;
  return true;
}

void CacheTable::note_failure(int fault) noexcept {
  // A lock goes and a disk may get room again; a file that is no database stays so.
  if (fault != static_cast<int>(Fault::busy) && fault != static_cast<int>(Fault::io))
    is_broken_ = true;
  if (is_broken_) {
    for (auto* statement : {&find_, &insert_, &remove_}) statement->reset();
    is_open_ = false;
  }
}

bool CacheTable::read(const std::function<void()>& body) noexcept {
  try {
    if (!open()) return false;
    body();
    return true;
  } catch (const Error& error) {
    note_failure(static_cast<int>(error.fault()));
  } catch (const std::exception&) {
    is_broken_ = true;
  }
  return false;
}

std::optional<ByteBuffer> CacheTable::find(const Hash256& key) noexcept {
  std::optional<ByteBuffer> value;
  TimeUs used = 0;
  read([&] {
    find_->with(cache_slot(key));
    if (find_->step() && std::ranges::equal(find_->blob(0), key)) {
      const ByteView blob = find_->blob(1);
      value.emplace(blob.begin(), blob.end());
      used = find_->integer(2);
    }
    // A statement at rest holds no lock.
    find_->reset();
    if (!value || !store_.writable()) return;
    ++hits_;
    const TimeUs now = now_us();
    if (now - used >= resolution_us_) uses_[cache_slot(key)] = now;
  });
  if (uses_.size() >= kMaxUses) change([] {});
  return value;
}

void CacheTable::write_uses() {
  Statement use = connection().prepare(
      "UPDATE inference_cache SET used_us = max(used_us, ?2) WHERE slot = ?1", Scope::owner);
  for (const auto& [slot, used] : uses_) use.run(slot, used);
  connection()
      .prepare(
          "UPDATE inference_cache_total SET hits = hits + ? WHERE tenant_id = ? AND"
          " cache = ?",
          Scope::owner)
      .run(hits_, tenant_id(), kind());
}

bool CacheTable::change(const std::function<void()>& body) noexcept {
  if (!store_.writable()) return false;
  const bool done = read([&] {
    store::Connection& db = connection();
    db.exec("BEGIN IMMEDIATE");
    try {
      if (hits_ > 0) write_uses();
      body();
      db.exec("COMMIT");
    } catch (...) {
      if (db.in_transaction()) db.exec("ROLLBACK");
      throw;
    }
  });
  // Counts are not worth a second attempt.
  uses_.clear();
  hits_ = 0;
  return done;
}

void CacheTable::put(const Hash256& key, ByteView value, std::uint64_t bytes) {
  remove(key);
  if (!insert_)
    insert_.emplace(connection().prepare(
        "INSERT INTO inference_cache (slot, tenant_id, cache, bytes, used_us, key, value)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        Scope::owner));
  insert_->run(cache_slot(key), tenant_id(), kind(), bytes, now_us(), key, value);
}

void CacheTable::remove(const Hash256& key) {
  if (!remove_)
    remove_.emplace(
        connection().prepare("DELETE FROM inference_cache WHERE slot = ?", Scope::owner));
  remove_->run(cache_slot(key));
}

std::vector<Hash256> CacheTable::evict() {
  std::vector<Hash256> keys;
  std::uint64_t bytes = 0;
  {
    Statement total = connection().prepare(
        "SELECT bytes FROM inference_cache_total WHERE tenant_id = ? AND cache = ?",
        Scope::owner);
    if (total.with(tenant_id(), kind()).step())
      bytes = static_cast<std::uint64_t>(total.integer(0));
  }
  if (bytes <= limit_bytes_) return keys;
  {
    Statement oldest = connection().prepare(
        "SELECT key, bytes FROM inference_cache WHERE tenant_id = ? AND cache = ?"
        " ORDER BY used_us",
        Scope::owner);
    oldest.with(tenant_id(), kind());
    while (bytes > limit_bytes_ && oldest.step()) {
      keys.push_back(oldest.hash(0));
      bytes -= std::min(bytes, static_cast<std::uint64_t>(oldest.integer(1)));
    }
  }
  for (const Hash256& key : keys) remove(key);
  return keys;
}

CacheFigures CacheTable::figures() noexcept {
  CacheFigures figures;
  read([&] {
    Statement total = connection().prepare(
        "SELECT entries, bytes, hits FROM inference_cache_total"
        " WHERE tenant_id = ? AND cache = ?",
        Scope::owner);
    if (!total.with(tenant_id(), kind()).step()) return;
    figures = {static_cast<std::uint64_t>(total.integer(0)),
               static_cast<std::uint64_t>(total.integer(1)),
               static_cast<std::uint64_t>(total.integer(2))};
  });
  figures.hits += static_cast<std::uint64_t>(hits_);
  return figures;
}

}  // namespace hart::infer
