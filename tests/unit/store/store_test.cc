#include "store/store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>

#include "core/error.h"
#include "object_fixture.h"
#include "scratch.h"
#include "store/packs.h"

using hart::Error;
using hart::Fault;
using hart::store::OpenOptions;
using hart::store::Scope;
using hart::store::Store;
using hart::store::WriteTransaction;

namespace {

OpenOptions writing(const std::string& directory) {
  OpenOptions options;
  options.directory = directory;
  options.writable = true;
  options.timeout_ms = 200;
  return options;
}

template <typename Body> Fault fault_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault{0};
}

void set_schema_version(const std::string& store, int version) {
  hart::store::Connection db{store + "/hart.db", hart::store::Connection::Mode::read_write, 0};
  db.exec("PRAGMA user_version = " + std::to_string(version));
}

}  // namespace

TEST_CASE("store: a new store opens, has the tenant default and no packs") {
  const Scratch scratch;
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  Store store{writing(scratch / "a.hart")};
  CHECK(store.tenant_name() == "default");
  CHECK(store.tenant_id() == 1);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM pack") == 0);
  CHECK(store.db().query_integer("PRAGMA page_size") == 16384);
}

TEST_CASE("store: create refuses a directory that holds anything, and leaves it as it was") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "full");
  std::ofstream{scratch / "full/file"} << "x";
  CHECK(fault_of([&] { Store::create(scratch / "full", hart::test::kCatalogOnly); }) ==
        Fault::cannot_create);
  CHECK(std::filesystem::exists(scratch / "full/file"));
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  CHECK(fault_of([&] { Store::create(scratch / "a.hart", hart::test::kCatalogOnly); }) ==
        Fault::cannot_create);
}

TEST_CASE(
    "store: what is missing, foreign or of another schema is refused, each in its own way") {
  const Scratch scratch;
  CHECK(fault_of([&] { Store store{writing(scratch / "none")}; }) == Fault::no_input);
  std::filesystem::create_directory(scratch / "empty");
  CHECK(fault_of([&] { Store store{writing(scratch / "empty")}; }) == Fault::no_input);

  std::filesystem::create_directory(scratch / "text");
  std::ofstream{scratch / "text/hart.db"} << std::string(4096, 'x');
  CHECK(fault_of([&] { Store store{writing(scratch / "text")}; }) == Fault::data);

  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  set_schema_version(scratch / "a.hart", hart::store::kSchemaVersion + 1);
  CHECK(fault_of([&] { Store store{writing(scratch / "a.hart")}; }) == Fault::config);
  set_schema_version(scratch / "a.hart", hart::store::kSchemaVersion);
  OpenOptions options = writing(scratch / "a.hart");
  options.tenant = "nobody";
  CHECK(fault_of([&] { Store store{options}; }) == Fault::no_input);
}

TEST_CASE("store: a second writer waits, then is told that the store is busy") {
  const Scratch scratch;
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  Store first{writing(scratch / "a.hart")};
  Store second{writing(scratch / "a.hart")};
  WriteTransaction transaction{first};
  CHECK(fault_of([&] { WriteTransaction other{second}; }) == Fault::busy);
  transaction.commit();
}

TEST_CASE("store: a transaction that is not committed leaves neither rows nor pack bytes") {
  const Scratch scratch;
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  Store store{writing(scratch / "a.hart")};
  {
    WriteTransaction transaction{store};
    hart::store::ExtentRecord what;
    what.decoded_bytes = 3;
    store.packs().append(what, hart::as_bytes("abc"));
    store.db().exec("INSERT INTO tenant (name, created_us) VALUES ('b', 0)");
  }
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant") == 1);
  CHECK_FALSE(std::filesystem::exists(store.packs().path(1)));
}

TEST_CASE(
    "store: the clock never goes back, not even behind a time written by another process") {
  const Scratch scratch;
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  Store store{writing(scratch / "a.hart")};
  const hart::TimeUs future = hart::now_us() + 3'600'000'000;
  store.db().exec("UPDATE store_clock SET latest_us = " + std::to_string(future));
  WriteTransaction transaction{store};
  const hart::TimeUs first = store.now();
  CHECK(first > future);
  CHECK(store.now() > first);
  transaction.commit();
}

TEST_CASE("store: geometry written by us is geometry to SpatiaLite") {
  const Scratch scratch;
  Store::create(scratch / "a.hart", hart::test::kCatalogOnly);
  Store store{writing(scratch / "a.hart")};
  store.db().load_spatialite();
  CHECK(
      store.db().query_integer(
          "SELECT COUNT(*) FROM geometry_columns WHERE geometry_type BETWEEN 3001 AND 3002") ==
      5);
}
