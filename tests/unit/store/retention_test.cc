#include "store/retention.h"

#include <doctest/doctest.h>

#include <map>

#include "faults.h"
#include "model_fixture.h"
#include "store/query_log.h"

namespace hart::store {
namespace {

using test::add_document;
using test::fault_of;
using test::kCatalogOnly;
using test::remove_named;

constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;

std::map<std::string, std::uint64_t> prune(Store& store, bool dry_run) {
  std::map<std::string, std::uint64_t> rows;
  for (const Pruned& table : prune_history(store, dry_run)) rows[table.table] = table.rows;
  return rows;
}

void set(Store& store, const std::string& table, std::int64_t days) {
  WriteTransaction transaction{store};
  set_retention(store, {table, days});
  transaction.commit();
}

/// An object's history row that ended so many days ago.
void put_ended(Store& store, const std::string& name, std::int64_t days) {
  WriteTransaction transaction{store};
  const TimeUs end = store.now() - days * kDay;
  store.db()
      .prepare(
          "INSERT INTO tenant_object_history (tenant_id, object_id, name, version,"
          " atom_hash, atom_space, kind, modality, subtype, atomizer, created_us,"
          " valid_to_us) VALUES (1, 1, ?, 1, zeroblob(32), 0, 'model', 6, 'gguf', 't/1',"
          " ?, ?)",
          Scope::owner)
      .run(name, end - 1, end);
  transaction.commit();
}

TEST_CASE("retention: every history has a policy, with the defaults of the schema") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  std::map<std::string, std::int64_t> days;
  for (const RetentionPolicy& policy : retention_policies(store))
    days[policy.table] = policy.keep_days;
  CHECK(days == std::map<std::string, std::int64_t>{{"tenant_object_history", 365},
                                                    {"tenant_atom_history", 365},
                                                    {"tensor_importance_history", 365},
                                                    {"layer_importance_history", 730},
                                                    {"query_log", 30}});
  Statement tables = store.db().prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql GLOB '*valid_to_us "
      "INTEGER*'",
      Scope::owner);
  int histories = 0;
  for (; tables.step(); ++histories) CHECK(days.contains(std::string{tables.text(0)}));
  CHECK(histories == 4);
}

TEST_CASE("retention: what ended before the limit goes, what ended after it stays") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  put_ended(store, "old", 366);
  put_ended(store, "young", 364);
  add_document(store, {"current", {"word"}, {}, {}});
  CHECK(prune(store, true)["tenant_object_history"] == 1);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object_history") == 2);
  CHECK(prune(store, false)["tenant_object_history"] == 1);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object_history"
                                 " WHERE name = 'young'") == 1);
  // The interval index goes with its rows.
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object_period") == 1);
  CHECK(resolve_object(store, "current").version == 1);
  CHECK(prune(store, false)["tenant_object_history"] == 0);
}

TEST_CASE("retention: a policy can be changed, to nothing too, and only where there is one") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  put_ended(store, "old", 10);
  set(store, "tenant_object_history", 11);
  CHECK(prune(store, false)["tenant_object_history"] == 0);
  set(store, "tenant_object_history", 9);
  CHECK(prune(store, false)["tenant_object_history"] == 1);
  add_document(store, {"one", {"word", "other"}, {}, {}});
  remove_named(store, "one");
  set(store, "tenant_atom_history", 0);
  CHECK(prune(store, false)["tenant_atom_history"] == 4);
  for (const char* table : {"tenant_object", "unknown", "", "tenant_object_history; DROP"})
    CHECK(fault_of([&] { set(store, table, 1); }) == Fault::usage);
  CHECK(fault_of([&] { set(store, "query_log", -1); }) == Fault::usage);
  CHECK(fault_of([&] { set(store, "query_log", 3'650'001); }) == Fault::usage);
}

TEST_CASE("retention: more rows than one transaction takes go in several") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  {
    WriteTransaction transaction{store};
    store.db().exec(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000)"
        " INSERT INTO tenant_atom_history (tenant_id, atom_id, modality, subtype,"
        " access_level, created_us, valid_from_us, valid_to_us)"
        " SELECT 1, i, 3, 'word', 'read', 1, 1, 5 FROM n");
    transaction.commit();
  }
  int steps = 0;
  std::uint64_t rows = 0;
  for (const Pruned& table : prune_history(store, false, [&] { ++steps; })) rows += table.rows;
  CHECK(rows == 25'000);
  CHECK(steps == 2 + 5);  // two full batches, and once a table
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom_history") == 0);
}

TEST_CASE("retention: the query log forgets, and its absence is no error") {
  const test::ScratchStore scratch{kCatalogOnly};
  {
    Store reader = scratch.open("default", false);
    CHECK(prune(reader, true)["query_log"] == 0);
  }
  Store store = scratch.open();
  for (const std::int64_t days : {31, 29}) {
    QueryRecord record;
    record.time = store.now() - days * kDay;
    record.tool = "hart-search";
    REQUIRE(log_query(store, record));
  }
  CHECK(prune(store, true)["query_log"] == 1);
  CHECK(prune(store, false)["query_log"] == 1);
  CHECK(logged_queries(store, 0, 10).size() == 1);
}

}  // namespace
}  // namespace hart::store
