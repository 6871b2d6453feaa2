#include "store/query_log.h"

#include "core/error.h"

namespace hart::store {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS query_log ("
    " query_id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id INTEGER NOT NULL,"
    " time_us INTEGER NOT NULL, tool TEXT NOT NULL, operation TEXT NOT NULL,"
    " strategy TEXT NOT NULL, statement TEXT NOT NULL, parameters TEXT NOT NULL,"
    " input TEXT NOT NULL, plan TEXT NOT NULL, row_count INTEGER NOT NULL,"
    " latency_us INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS query_log_by_tenant ON query_log (tenant_id, query_id)";

/// The log keeps the newest of a tenant's queries; what is older has been observed.
constexpr std::int64_t kMaxLogged = 100'000;

/// Whether JSON may have to write it with escapes. Looks at all of it, since without a way out
/// the loop runs over many characters at once.
bool may_need_escapes(const std::string& text) {
  unsigned found = 0;
  for (const char c : text)
    found |= static_cast<unsigned>(c < ' ') | static_cast<unsigned>(c == '"') |
             static_cast<unsigned>(c == '\\') | static_cast<unsigned>(c == '\x7f');
  return found != 0;
}

void append_string(std::string& text, const std::string& string) {
  if (may_need_escapes(string)) {
    text += dump_json(string);
    return;
  }
  text += '"';
  text += string;
  text += '"';
}

/// As `dump_json`. A vector in base64 makes up nearly all of it, and needs no escapes.
std::string parameters_text(const Json& parameters) {
  std::string text{"{"};
  for (auto member = parameters.begin(); member != parameters.end(); ++member) {
    if (text.size() > 1) text += ',';
    append_string(text, member.key());
    text += ':';
    if (const auto* string = member->get_ptr<const std::string*>())
      append_string(text, *string);
    else
      text += dump_json(*member);
  }
  text += '}';
  return text;
}

void insert_records(Connection& cache, std::int64_t tenant_id,
                    std::span<const QueryRecord> records) {
  Statement insert = cache.prepare(
      "INSERT INTO query_log (tenant_id, time_us, tool, operation, strategy, statement,"
      " parameters, input, plan, row_count, latency_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      Scope::owner);
  for (const QueryRecord& record : records) {
    insert.run(tenant_id, record.time, record.tool, record.operation, record.strategy,
               record.statement, parameters_text(record.parameters), record.input, record.plan,
               record.rows, record.latency_us);
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
    cache.exec(kSchema);
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
    if (store.writable()) cache.exec(kSchema);
    Statement rows = cache.prepare(
        "SELECT query_id, time_us, tool, operation, strategy, statement, parameters, input, "
        "plan,"
        " row_count, latency_us FROM query_log WHERE tenant_id = ? AND query_id > ?"
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
      queries.push_back(std::move(query));
    }
  } catch (const Error& error) {
    // The log may be lost at any time: without one there is nothing to observe.
    if (error.fault() == Fault::busy) throw;
  }
  return queries;
}

}  // namespace hart::store
