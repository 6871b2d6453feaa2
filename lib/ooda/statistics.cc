#include "ooda/statistics.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace hart::ooda {
namespace {

using store::Scope;
using store::Statement;

/// Below so many rows every plan is fast.
constexpr std::int64_t kSmallTable = 100;
/// With more rows than this ANALYZE takes seconds: then it looks at a sample.
constexpr std::int64_t kSampledFrom = 2'000'000;
/// No table is so long: a higher rowid is not a number of rows.
constexpr std::int64_t kLongestTable = 1LL << 32;

bool have_statistics(store::Store& store) {
  return store.db().query_integer(
             "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'") != 0;
}

/// Our own tables that have a rowid. SpatiaLite's are not STRICT.
std::vector<std::string> rowid_tables(store::Store& store) {
  Statement select = store.db().prepare(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
      " AND wr = 0 AND strict = 1 ORDER BY name",
      Scope::owner);
  std::vector<std::string> tables;
  while (select.step()) tables.emplace_back(select.text(0));
  return tables;
}

/// Rows of each table as the statistics have it: the first number of any of its lines.
std::map<std::string, std::int64_t> known_rows(store::Store& store) {
  std::map<std::string, std::int64_t> rows;
  if (!have_statistics(store)) return rows;
  Statement select = store.db().prepare(
      "SELECT tbl, CAST(stat AS INTEGER) FROM sqlite_stat1 ORDER BY rowid", Scope::owner);
  while (select.step()) rows[std::string{select.text(0)}] = select.integer(1);
  return rows;
}

/// Rows of a table: its highest rowid, where rowids count rows. The ledger's have the tenant in
/// their upper bits; such a table is counted, and where that takes long its `known` rows are
/// believed.
std::int64_t count_rows(store::Store& store, const std::string& table, std::int64_t known) {
  const std::int64_t highest =
      store.db().query_integer("SELECT max(rowid) FROM \"" + table + '"');
  if (highest <= kLongestTable) return highest;
  const std::int64_t counted =
      store.db().query_integer("SELECT count(*) FROM (SELECT 1 FROM \"" + table + "\" LIMIT " +
                               std::to_string(kSampledFrom + 1) + ")");
  return counted > kSampledFrom ? std::max(counted, known) : counted;
}

/// The planner reckons in logarithms, and the figures of a sampled ANALYZE are estimates: less
/// than a factor of four changes no plan.
bool is_far(std::int64_t known, std::int64_t now) {
  return known > 4 * now || now > 4 * known;
}

}  // namespace

PlannerStatistics observe_statistics(store::Store& store) {
  PlannerStatistics statistics;
  statistics.present = have_statistics(store);
  const auto known = known_rows(store);
  for (const std::string& table : rowid_tables(store)) {
    const auto found = known.find(table);
    const std::int64_t known_of_table = found == known.end() ? 0 : found->second;
    const std::int64_t rows = count_rows(store, table, known_of_table);
    statistics.rows += rows;
    if (rows >= kSmallTable && is_far(known_of_table, rows)) statistics.stale.push_back(table);
  }
  return statistics;
}

Json save_statistics(store::Store& store) {
  if (!have_statistics(store)) return nullptr;
  Json saved = Json::array();
  Statement select = store.db().prepare(
      "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY rowid", Scope::owner);
  while (select.step())
    saved.push_back({std::string{select.text(0)},
                     select.is_null(1) ? Json(nullptr) : Json(std::string{select.text(1)}),
                     std::string{select.text(2)}});
  return saved;
}

void gather_statistics(store::Store& store) {
  const bool sampled = observe_statistics(store).rows > kSampledFrom;
  store::WriteTransaction transaction{store};
  store.db().exec(std::string{"PRAGMA analysis_limit = "} + (sampled ? "1000" : "0") +
                  "; ANALYZE main; PRAGMA analysis_limit = 0");
  transaction.commit();
}

void restore_statistics(store::Store& store, const Json& saved) {
  if (!saved.is_null() && !saved.is_array())
    throw Error{Fault::data, "saved statistics are neither null nor an array"};
  {
    store::WriteTransaction transaction{store};
    if (saved.is_null()) {
      store.db().exec("DROP TABLE IF EXISTS sqlite_stat1");
    } else {
      // Only ANALYZE may make the table; the smallest one does.
      if (!have_statistics(store)) store.db().exec("ANALYZE sqlite_schema");
      store.db().exec("DELETE FROM sqlite_stat1");
      Statement insert = store.db().prepare(
          "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)", Scope::owner);
      for (const Json& line : saved) {
        if (!line.is_array() || line.size() != 3)
          throw Error{Fault::data, "a line of saved statistics has not three parts"};
        const auto index =
            line[1].is_null() ? std::nullopt : std::optional{line[1].get<std::string>()};
        insert.run(line[0].get<std::string>(), index, line[2].get<std::string>());
      }
    }
    transaction.commit();
  }
  // Reads the schema again, with the statistics that are there now or with none.
  store.db().exec("PRAGMA writable_schema = RESET");
}

}  // namespace hart::ooda
