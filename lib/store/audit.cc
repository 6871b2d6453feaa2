#include "store/audit.h"

#include <algorithm>

#include "core/error.h"
#include "store/api_key.h"
#include "store/lock.h"
#include "store/rate_limit.h"

namespace hart::store {
namespace {

constexpr RateLimit kRefusalsRecorded{60, 60};
/// How long a refusal waits for those that write.
constexpr int kRecordTimeoutMs = 2'000;

void insert_entry(Connection& db, const AuditEntry& entry, std::optional<std::int64_t> tenant) {
  db.prepare(
        "INSERT INTO audit_log (time_us, tenant_id, actor, command, outcome, detail)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        Scope::owner)
      .run(entry.time, tenant, entry.actor, entry.command, entry.refused ? "refused" : "done",
           entry.detail);
}

}  // namespace

void record_act(Store& store, const std::string& command, const std::string& detail) {
  AuditEntry entry;
  entry.time = store.now();
  entry.actor = store.actor();
  entry.command = command;
  entry.detail = detail;
  insert_entry(store.db(), entry, store.tenant_id());
}

void record_act(Connection& db, AuditEntry entry) {
  if (entry.time == 0) {
    entry.time = std::max(now_us(), db.query_integer("SELECT latest_us FROM store_clock") + 1);
    db.prepare("UPDATE store_clock SET latest_us = ?", Scope::owner).run(entry.time);
  }
  insert_entry(db, entry, std::nullopt);
}

void record_lone_act(Store& store, const std::string& command, const std::string& detail) {
  WriteTransaction transaction{store};
  record_act(store, command, detail);
  transaction.commit();
}

void refuse(Store& store, const std::string& why) {
  store.note_refusal(why);
  throw Error{Fault::denied, why};
}

void record_refusal(const std::string& directory, const AuditEntry& entry) noexcept {
  try {
    AuditEntry recorded = entry;
    recorded.time = now_us();
    recorded.refused = true;
    RateLimiter limiter{directory};
    if (limiter.take(kRefusalBucket, kRefusalsRecorded, recorded.time) > 0) return;
    const WriterLock lock{directory + "/lock", kRecordTimeoutMs};
    Connection db{directory + "/hart.db", Connection::Mode::read_write, kRecordTimeoutMs};
    db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
    std::optional<std::int64_t> tenant;
    if (entry.tenant) {
      Statement find = db.prepare("SELECT tenant_id FROM tenant WHERE name = ?", Scope::owner);
      if (find.with(*entry.tenant).step()) tenant = find.integer(0);
    }
    insert_entry(db, recorded, tenant);
    db.exec("COMMIT");
  } catch (...) {
    // The answer is no in any case.
  }
}

void for_each_audit_entry(Store& store, std::optional<TimeUs> since,
                          const std::function<void(const AuditEntry&)>& visit) {
  Statement rows = store.db().prepare(
      "SELECT time_us, name, actor, command, outcome = 'refused', detail FROM audit_log"
      " LEFT JOIN tenant USING (tenant_id) WHERE time_us >= ? ORDER BY audit_id",
      Scope::owner);
  rows.with(since.value_or(0));
  while (rows.step()) {
    AuditEntry entry;
    entry.time = rows.integer(0);
    if (!rows.is_null(1)) entry.tenant = rows.text(1);
    entry.actor = rows.text(2);
    entry.command = rows.text(3);
    entry.refused = rows.integer(4) != 0;
    entry.detail = rows.text(5);
    visit(entry);
  }
}

}  // namespace hart::store
