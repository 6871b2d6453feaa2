#include "store/retention.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr std::int64_t kRowsPerTransaction = 10'000;
constexpr std::int64_t kMostDays = 3'650'000;
constexpr TimeUs kDayUs = TimeUs{86'400} * 1'000'000;

/// A table that forgets: its key, and the column that says when a row ended.
struct PrunedTable {
  const char* name;
  const char* key;  ///< null where the module that owns the table does the forgetting
  const char* time;
  bool in_cache;  ///< in cache.db, where it may be missing
};
constexpr std::array<PrunedTable, 6> kTables{{
    {"tenant_object_history", "history_id", "valid_to_us", false},
    {"tenant_atom_history", "tenant_id, atom_id, modality, valid_to_us", "valid_to_us", false},
    {"tensor_importance_history", "tenant_id, model_atom_id, position, valid_to_us",
     "valid_to_us", false},
    {"layer_importance_history", "tenant_id, model_atom_id, layer_index, valid_to_us",
     "valid_to_us", false},
    {"query_log", "query_id", "time_us", true},
    {"generation_stream_opening", nullptr, nullptr, false},
}};

const PrunedTable& find_table(const std::string& name) {
  const auto* found =
      std::find_if(kTables.begin(), kTables.end(),
                   [&](const PrunedTable& table) { return name == table.name; });
  if (found != kTables.end()) return *found;
  std::string message = "no retention policy for '" + name + "': there is one for each of";
  for (const PrunedTable& table : kTables) message += std::string{" "} + table.name;
  throw Error{Fault::usage, message};
}

/// The connection that has the table; null when there is no such table.
Connection* connection_of(Store& store, const PrunedTable& table) {
  if (!table.in_cache) return &store.db();
  try {
    Connection& cache = store.cache_db();
    Statement find = cache.prepare(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", Scope::owner);
    return find.with(table.name).step() ? &cache : nullptr;
  } catch (const Error& error) {
    // The cache may be lost at any time.
    if (error.fault() == Fault::no_input) return nullptr;
    throw;
  }
}

std::uint64_t count_old(Connection& db, const PrunedTable& table, TimeUs before) {
  Statement count = db.prepare(
      std::string{"SELECT COUNT(*) FROM "} + table.name + " WHERE " + table.time + " < ?",
      Scope::owner);
  count.with(before).step();
  return static_cast<std::uint64_t>(count.integer(0));
}

/// At most so many rows; returns how many.
std::uint64_t delete_some(Connection& db, const PrunedTable& table, TimeUs before) {
  const std::string name{table.name};
  db.prepare("DELETE FROM " + name + " WHERE (" + table.key + ") IN (SELECT " + table.key +
                 " FROM " + name + " WHERE " + table.time + " < ? LIMIT ?)",
             Scope::owner)
      .run(before, kRowsPerTransaction);
  return static_cast<std::uint64_t>(db.changes());
}

std::uint64_t delete_old(Store& store, Connection& db, const PrunedTable& table, TimeUs before,
                         const std::function<void()>& step) {
  std::uint64_t total = 0;
  for (;;) {
    std::uint64_t rows = 0;
    if (table.in_cache) {
      rows = delete_some(db, table, before);
    } else {
      WriteTransaction transaction{store};
      rows = delete_some(db, table, before);
      transaction.commit();
    }
    total += rows;
    if (rows < static_cast<std::uint64_t>(kRowsPerTransaction)) return total;
    if (step) step();
  }
}

}  // namespace

std::vector<RetentionPolicy> retention_policies(Store& store) {
  Statement rows = store.db().prepare(
      "SELECT table_name, keep_days FROM retention_policy ORDER BY table_name", Scope::owner);
  std::vector<RetentionPolicy> policies;
  while (rows.step()) policies.push_back({std::string{rows.text(0)}, rows.integer(1)});
  return policies;
}

void set_retention(Store& store, const RetentionPolicy& policy) {
  const PrunedTable& table = find_table(policy.table);
  if (policy.keep_days < 0 || policy.keep_days > kMostDays)
    throw Error{Fault::usage, "a history is kept for 0 to " + std::to_string(kMostDays) +
                                  " days, not " + std::to_string(policy.keep_days)};
  store.db()
      .prepare("UPDATE retention_policy SET keep_days = ? WHERE table_name = ?", Scope::owner)
      .run(policy.keep_days, table.name);
}

std::vector<Pruned> prune_history(Store& store, bool dry_run,
                                  const std::function<void()>& step) {
  const TimeUs now = store.now();
  std::vector<Pruned> pruned;
  for (const RetentionPolicy& policy : retention_policies(store)) {
    const PrunedTable& table = find_table(policy.table);
    if (table.key == nullptr) continue;
    Pruned result{policy.table, policy.keep_days,
                  std::max<TimeUs>(0, now - policy.keep_days * kDayUs), 0};
    if (Connection* db = connection_of(store, table))
      result.rows = dry_run ? count_old(*db, table, result.before)
                            : delete_old(store, *db, table, result.before, step);
    pruned.push_back(std::move(result));
    if (step) step();
  }
  return pruned;
}

}  // namespace hart::store
