#include <doctest/doctest.h>

#include "core/error.h"
#include "crypto/sha256.h"
#include "object_fixture.h"
#include "scratch.h"
#include "store/catalog_writer.h"

using hart::Error;
using hart::Fault;
using hart::Id;
using hart::IdSpace;
using namespace hart::store;

namespace {

struct TwoTenants {
  Scratch scratch;
  std::string directory = scratch / "a.hart";

  TwoTenants() {
    Store::create(directory, hart::test::kCatalogOnly);
    Store owner = open("default");
    WriteTransaction transaction{owner};
    owner.db().exec("INSERT INTO tenant (name, created_us) VALUES ('other', 0)");
    transaction.commit();
  }

  [[nodiscard]] Store open(const std::string& tenant) const {
    OpenOptions options;
    options.directory = directory;
    options.tenant = tenant;
    options.writable = true;
    return Store{options};
  }
};

Id content_id(std::string_view text) {
  return {IdSpace::content, hart::crypto::sha256(hart::as_bytes(text))};
}

ObjectTotals add_word(Store& store, std::string_view text) {
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  const auto bytes = hart::as_bytes(text);
  const std::int64_t atom =
      writer.put_atom(content_id(text), AtomForm::inlined, bytes, bytes.size());
  const ExtentRecord extent = writer.put_extent(content_id(text).hash, bytes, 0);
  writer.put_payload(atom, 0, extent, bytes.size());
  writer.hold_atom(atom, Modality::text, "word");
  CatalogWriter::NewObject object;
  object.name = std::string{text};
  object.atom_id = atom;
  object.kind = "document";
  object.subtype = "plain";
  object.atomizer = "text/1";
  writer.put_object(object);
  transaction.commit();
  return writer.take_totals();
}

bool denied(Store& store, std::string_view sql) {
  try {
    Statement statement = store.db().prepare(sql);
  } catch (const Error& error) {
    // SQLite refuses writes to a view by itself, before it asks the authorizer.
    CHECK((error.fault() == Fault::denied ||
           std::string{error.what()}.find("view") != std::string::npos));
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("tenants: an atom that two tenants hold is stored once, and neither sees the other") {
  const TwoTenants tenants;
  Store mine = tenants.open("default");
  Store theirs = tenants.open("other");
  const ObjectTotals first = add_word(mine, "hello");
  CHECK_FALSE(find_atom(theirs, content_id("hello")).has_value());
  const ObjectTotals second = add_word(theirs, "hello");
  CHECK(mine.db().query_integer("SELECT COUNT(*) FROM atom") == 1);
  CHECK(mine.db().query_integer("SELECT COUNT(*) FROM extent") == 1);
  // Were these smaller for the second, it would learn that somebody else has the content.
  CHECK(second.new_atoms == first.new_atoms);
  CHECK(second.new_bytes == first.new_bytes);
  CHECK(second.stored_bytes == first.stored_bytes);

  add_word(theirs, "secret");
  CHECK_FALSE(find_atom(mine, content_id("secret")).has_value());
  CHECK_THROWS_AS((void)resolve_object(mine, "secret"), Error);
  CHECK_THROWS_AS((void)resolve_atom(mine, content_id("secret").text()), Error);
}

TEST_CASE("tenants: removing one tenant's object leaves the other's whole") {
  const TwoTenants tenants;
  Store mine = tenants.open("default");
  Store theirs = tenants.open("other");
  add_word(mine, "hello");
  add_word(theirs, "hello");
  {
    WriteTransaction transaction{mine};
    CHECK(remove_object(mine, resolve_object(mine, "hello")).size() == 1);
    transaction.commit();
  }
  CHECK_FALSE(find_atom(mine, content_id("hello")).has_value());
  CHECK(resolve_object(theirs, "hello").bytes == 5);
}

TEST_CASE("tenants: a tenant's statement reads scoped views and nothing else") {
  const TwoTenants tenants;
  Store store = tenants.open("default");
  CHECK_FALSE(denied(store, "SELECT atom_id FROM my_atom"));
  CHECK_FALSE(denied(store, "WITH x AS (SELECT atom_id FROM my_atom) SELECT atom_id FROM x"));
  CHECK(denied(store, "SELECT atom_id FROM atom"));
  CHECK_FALSE(denied(store, "SELECT COUNT(*) FROM my_atom_payload"));
  CHECK(denied(store, "SELECT COUNT(*) FROM tenant_atom"));
  CHECK(denied(store, "SELECT COUNT(*) FROM my_atom, atom"));
  CHECK(denied(store, "SELECT COUNT(*) FROM my_atom, main.\"Atom\""));
  CHECK(denied(store, "SELECT a.atom_id FROM my_atom JOIN atom AS a USING (atom_id)"));
  CHECK(denied(store, "SELECT (SELECT MAX(atom_id) FROM atom) FROM my_atom"));
  CHECK(denied(store, "WITH x AS (SELECT atom_id FROM atom) SELECT atom_id FROM x"));
  CHECK(denied(store, "SELECT sql FROM sqlite_schema"));
  CHECK(denied(store, "DELETE FROM my_atom"));
  CHECK(denied(store, "UPDATE tenant SET active = 0"));
  CHECK(denied(store, "INSERT OR REPLACE INTO my_object (object_id) VALUES (1)"));
  CHECK(denied(store, "ATTACH 'x.db' AS x"));
  CHECK(denied(store, "PRAGMA user_version"));
  CHECK(denied(store, "CREATE TEMP TABLE my_x (a)"));
}

TEST_CASE("tenants: a common table expression cannot pass for a scoped view") {
  const TwoTenants tenants;
  Store store = tenants.open("default");
  for (const char* sql : {
           "WITH my_atom AS (SELECT * FROM atom) SELECT atom_id FROM my_atom",
           "WITH My_Atom(atom_id) AS (SELECT atom_id FROM atom) SELECT atom_id FROM my_atom",
           "WITH my_x AS MATERIALIZED (SELECT atom_id FROM atom) SELECT atom_id FROM my_x",
           "WITH my_x AS NOT MATERIALIZED (SELECT atom_id FROM atom) SELECT atom_id FROM my_x",
           "WITH \"my_x\" AS (SELECT atom_id FROM atom) SELECT atom_id FROM my_x",
           "SELECT * FROM (SELECT atom_id FROM atom) AS my_atom",
       }) {
    CAPTURE(sql);
    CHECK(denied(store, sql));
  }
}

// But for what is hidden from a tenant.
TEST_CASE("tenants: every table with a tenant_id has a view of the acting tenant's rows") {
  const TwoTenants tenants;
  Store store = tenants.open("default");
  CHECK(store.db().query_integer(
            "SELECT COUNT(*) FROM sqlite_schema AS t WHERE t.type = 'table'"
            " AND t.name NOT LIKE 'hidden\\_%' ESCAPE '\\'"
            " AND t.sql LIKE '%tenant_id INTEGER%' AND NOT EXISTS (SELECT 1 FROM sqlite_schema "
            "AS v WHERE v.type = 'view'"
            "  AND v.sql LIKE '%FROM ' || t.name || ' %current_tenant()%')") == 0);
}
