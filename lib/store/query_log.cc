#include "store/query_log.h"

#include <cstring>
#include <string>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS query_log ("
    " query_id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id INTEGER NOT NULL,"
    " time_us INTEGER NOT NULL, tool TEXT NOT NULL, operation TEXT NOT NULL,"
    " strategy TEXT NOT NULL, statement TEXT NOT NULL, parameters TEXT NOT NULL,"
    " input TEXT NOT NULL, plan TEXT NOT NULL, row_count INTEGER NOT NULL,"
    " latency_us INTEGER NOT NULL, vector BLOB) STRICT;"
    "CREATE INDEX IF NOT EXISTS query_log_by_tenant ON query_log (tenant_id, query_id)";

/// The log keeps the newest of a tenant's queries; what is older has been observed.
constexpr std::int64_t kMaxLogged = 100'000;

/// Creates the table, and adds the column that it had not always.
void ensure_table(Connection& cache) {
  cache.exec(kSchema);
  if (cache.query_integer(
          "SELECT count(*) FROM pragma_table_info('query_log') WHERE name = 'vector'") == 0)
    cache.exec("ALTER TABLE query_log ADD COLUMN vector BLOB");
}

ByteView bytes_of(std::span<const float> vector) {
  return {reinterpret_cast<const std::uint8_t*>(vector.data()), vector.size_bytes()};
}

std::vector<float> floats_of(ByteView bytes) {
  std::vector<float> vector(bytes.size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), bytes.data(), vector.size() * sizeof(float));
  return vector;
}

void insert_records(Connection& cache, std::int64_t tenant_id,
                    std::span<const QueryRecord> records) {
  Statement insert = cache.prepare(
      "INSERT INTO query_log (tenant_id, time_us, tool, operation, strategy, statement,"
      " parameters, input, plan, row_count, latency_us, vector)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      Scope::owner);
  // Most queries of a stream differ in their vectors alone.
  const Json* written = nullptr;
  std::string parameters;
  for (const QueryRecord& record : records) {
    if (written == nullptr || *written != record.parameters)
      parameters = dump_json(record.parameters);
    written = &record.parameters;
    insert.run(tenant_id, record.time, record.tool, record.operation, record.strategy,
               record.statement, parameters, record.input, record.plan, record.rows,
               record.latency_us, bytes_of(record.vector));
    const std::int64_t newest = cache.last_insert_id();
    if (newest % 1000 == 0)
      cache.prepare("DELETE FROM query_log WHERE query_id <= ?", Scope::owner)
          .run(newest - kMaxLogged);
  }
}

}  // namespace

bool log_query(Store& store, const QueryRecord& record) noexcept {
  return log_queries(store, {&record, 1});
}

bool log_queries(Store& store, std::span<const QueryRecord> records) noexcept {
  if (!store.writable()) return false;
  try {
    Connection& cache = store.cache_db();
    ensure_table(cache);
    cache.exec("BEGIN IMMEDIATE");
    try {
      insert_records(cache, store.tenant_id(), records);
      cache.exec("COMMIT");
    } catch (...) {
      if (cache.in_transaction()) cache.exec("ROLLBACK");
      throw;
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<LoggedQuery> logged_queries(Store& store, std::int64_t after, std::int64_t limit) {
  std::vector<LoggedQuery> queries;
  try {
    Connection& cache = store.cache_db();
    if (store.writable()) ensure_table(cache);
    Statement rows = cache.prepare(
        "SELECT query_id, time_us, tool, operation, strategy, statement, parameters, input,"
        " plan, row_count, latency_us, vector FROM query_log"
        " WHERE tenant_id = ? AND query_id > ?"
        " ORDER BY query_id LIMIT ?",
        Scope::owner);
    rows.with(store.tenant_id(), after, limit);
    while (rows.step()) {
      LoggedQuery query;
      query.query_id = rows.integer(0);
      query.record.time = rows.integer(1);
      query.record.tool = rows.text(2);
      query.record.operation = rows.text(3);
      query.record.strategy = rows.text(4);
      query.record.statement = rows.text(5);
      query.record.parameters = parse_json(rows.text(6), "logged parameters");
      query.record.input = rows.text(7);
      query.record.plan = rows.text(8);
      query.record.rows = static_cast<std::uint64_t>(rows.integer(9));
      query.record.latency_us = static_cast<std::uint64_t>(rows.integer(10));
      query.record.vector = floats_of(rows.blob(11));
      queries.push_back(std::move(query));
    }
  } catch (const Error& error) {
    // The log may be lost at any time: without one there is nothing to observe.
    if (error.fault() == Fault::busy) throw;
  }
  return queries;
}

}  // namespace hart::store
