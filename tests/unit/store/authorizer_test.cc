#include "store/authorizer.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/error.h"
#include "store/snapshot.h"
#include "store/text_index.h"
#include "support/scratch_store.h"
#include "support/view_plans.h"

namespace hart::store {
namespace {

const SchemaModule kAuthorizerModules[] = {catalog_schema()};

std::string values_of(Store& store, const char* sql) {
  Statement rows = store.db().prepare(sql, Scope::owner);
  std::string found;
  while (rows.step()) found += std::string{rows.text(0)} + " ";
  return found;
}

/// The files of the library and the tools in which `text` stands.
std::string sources_with(const std::string& text) {
  const std::filesystem::path root = std::filesystem::path{HART_TEST_DATA} / "../..";
  std::string found;
  for (const char* folder : {"lib", "tools"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root / folder}) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file{entry.path()};
      const std::string content{std::istreambuf_iterator<char>{file}, {}};
      if (content.find(text) != std::string::npos) found += entry.path().string() + " ";
    }
  return found;
}

TEST_CASE("authorizer: nothing opens blobs past it") {
  CHECK(sources_with("sqlite3_blob_open") == "");
  CHECK(sources_with("sqlite3_set_authorizer") != "");
}

TEST_CASE(
    "authorizer: what must be unique is so within a tenant, so that no conflict tells of "
    "another") {
  const test::ScratchStore scratch{kAuthorizerModules};
  Store store = scratch.open();
  // The ids of keys are random, and nobody chooses one.
  CHECK(values_of(store,
                  "SELECT t.name || '.' || i.name FROM sqlite_schema AS t,"
                  " pragma_table_info(t.name) AS c, pragma_index_list(t.name) AS i"
                  " WHERE t.sql LIKE 'CREATE TABLE%' AND c.name = 'tenant_id' AND i.\"unique\""
                  "   AND i.origin <> 'pk' AND t.name NOT IN ('api_key', 'tenant')"
                  "   AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) AS x"
                  "     WHERE x.name IN ('tenant_id', 'atom_embedding_id', 'search_index_id'))"
                  " ORDER BY 1") == "");
}

TEST_CASE("authorizer: two tenants may give one name, and neither is told of the other") {
  const test::ScratchStore scratch{kAuthorizerModules};
  scratch.add_tenant("other");
  for (const char* tenant : {"default", "other"}) {
    Store store = scratch.open(tenant);
    WriteTransaction transaction{store};
    CHECK_FALSE(create_snapshot(store, "same", {}).unchanged);
    transaction.commit();
  }
}

TEST_CASE("authorizer: full text is a table of its own for each tenant, and out of reach") {
  const test::ScratchStore scratch{kAuthorizerModules};
  scratch.add_tenant("other");
  for (const char* tenant : {"default", "other"}) {
    Store store = scratch.open(tenant);
    WriteTransaction transaction{store};
    ensure_text_index(store);
    transaction.commit();
  }
  Store store = scratch.open();
  CHECK(
      values_of(store,
                "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%text_fts%'"
                " ORDER BY name") == "text_fts_1 text_fts_2 ");
  for (const char* sql :
       {"SELECT rowid FROM text_fts_2", "SELECT COUNT(*) FROM text_fts_2_docsize",
        "SELECT block FROM text_fts_2_data", "SELECT COUNT(*) FROM text_fts_1"}) {
    CAPTURE(sql);
    CHECK_THROWS_AS((void)store.db().prepare(sql), Error);
  }
}

TEST_CASE(
    "authorizer: every scoped view filters by the tenant, and the large ones do not join") {
  const test::ScratchStore scratch{kAuthorizerModules};
  Store store = scratch.open();
  CHECK(values_of(store,
                  "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'my\\_%'"
                  " ESCAPE '\\' AND sql NOT LIKE '%current_tenant()%'") == "");
  // SQLite builds a view that joins whole for a LEFT JOIN; an inner join goes by the index.
  const std::string joining = values_of(
      store,
      "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'my\\_%' ESCAPE '\\'"
      " AND upper(sql) LIKE '% JOIN %' ORDER BY name");
  // That of objects' history joins within a condition: it is none of these.
  CHECK(joining == "my_atom_payload my_object_history my_snapshot_object ");
  CHECK(sources_with("LEFT JOIN my_atom_payload") == "");
  CHECK(sources_with("LEFT JOIN my_snapshot_object") == "");
}

TEST_CASE("authorizer: a row of any scoped view is found by its key, without reading a table") {
  const test::ScratchStore scratch{kAuthorizerModules};
  Store store = scratch.open();
  CHECK(test::scans_of_scoped_views(store, {"my_atom_payload", "my_snapshot_object"}) == "");
  // The look-ups that answers are made of.
  for (const char* sql :
       {"SELECT atom_id FROM my_atom WHERE hash = ? AND space = ?",
        "SELECT * FROM my_object WHERE name = ? ORDER BY version DESC LIMIT 1",
        "SELECT o.name FROM my_atom_composition AS c CROSS JOIN my_object AS o"
        " ON o.structure_id = c.parent_atom_id WHERE c.component_atom_id = ?",
        "SELECT * FROM my_atom_payload WHERE atom_id = ? ORDER BY position",
        "SELECT * FROM my_snapshot_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
        " WHERE o.snapshot_id = ?"})
    CHECK(test::scans_in_plan(store, sql) == "");
  // Such a plan would be noticed.
  CHECK(test::scans_in_plan(store, "SELECT * FROM my_atom WHERE bytes = ?") != "");
  CHECK(test::scans_in_plan(store,
                            "SELECT * FROM json_each(?) AS k LEFT JOIN my_atom_payload AS v"
                            " ON v.atom_id = k.value") != "");
}

TEST_CASE(
    "authorizer: no user's function, no extension and no other file comes in by a tenant") {
  const test::ScratchStore scratch{kAuthorizerModules};
  Store store = scratch.open();
  for (const char* sql :
       {"SELECT load_extension('x')", "ATTACH 'x.db' AS x", "VACUUM INTO 'x.db'",
        "PRAGMA writable_schema = 1", "SELECT writefile('x', 'y')", "DETACH main",
        "CREATE TRIGGER x AFTER INSERT ON atom BEGIN SELECT 1; END"}) {
    CAPTURE(sql);
    CHECK_THROWS_AS(store.db().prepare(sql).finish(), Error);
  }
}

}  // namespace
}  // namespace hart::store
