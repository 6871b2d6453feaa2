#include <doctest/doctest.h>

#include "faults.h"
#include "sound_document.h"
#include "store/collect.h"
#include "store/erase.h"
#include "store/history.h"
#include "store/restore.h"
#include "store/tenant.h"

namespace hart::store {
namespace {

using test::add_sound_document;
using test::fault_of;
using test::problems;

/// A store with a private tenant `secret` and a shared one `open` beside `default`.
class PrivateStore {
 public:
  PrivateStore() {
    Store owner = open();
    REQUIRE(add_tenant(owner, "secret", Dedup::private_only));
    REQUIRE(add_tenant(owner, "open"));
  }
  [[nodiscard]] Store open(const std::string& tenant = "default") const {
    return scratch_.open(tenant);
  }
  /// What an add of the document brings, as the tenant sees it.
  [[nodiscard]] ObjectTotals add(const std::string& tenant, const std::string& name,
                                 const std::vector<std::string>& words) const {
    Store store = open(tenant);
    WriteTransaction transaction{store};
    CatalogWriter writer{store};
    test::put_sound_document(writer, name, words);
    const ObjectTotals totals = writer.take_totals();
    transaction.commit();
    return totals;
  }
  [[nodiscard]] std::int64_t count(const std::string& what) const {
    Store owner = open();
    return owner.db().query_integer("SELECT COUNT(*) FROM " + what);
  }
  [[nodiscard]] std::int64_t pack_bytes() const {
    Store owner = open();
    return owner.db().query_integer("SELECT COALESCE(SUM(bytes), 0) FROM pack");
  }

 private:
  test::ScratchStore scratch_{test::kLifecycleModules};
};

const std::vector<std::string> kWords = test::words_of("same", 20);

TEST_CASE("dedup: a private tenant's content is stored for it alone, each piece once") {
  const PrivateStore stores;
  static_cast<void>(stores.add("open", "theirs", kWords));
  const std::int64_t atoms = stores.count("atom");
  const std::int64_t extents = stores.count("extent");
  static_cast<void>(stores.add("secret", "mine", kWords));
  CHECK(stores.count("atom") == 2 * atoms);
  CHECK(stores.count("extent") == 2 * extents);
  static_cast<void>(stores.add("secret", "again", kWords));
  static_cast<void>(stores.add("default", "shared", kWords));
  CHECK(stores.count("atom") == 2 * atoms);
  CHECK(stores.count("extent") == 2 * extents);
  Store owner = stores.open();
  CHECK(problems(owner) == "");
}

TEST_CASE("dedup: what a private tenant's add brings and the packs grow by tells of no other") {
  const PrivateStore alone;
  const PrivateStore beside;
  static_cast<void>(beside.add("open", "theirs", kWords));
  const std::int64_t before = beside.pack_bytes();
  const ObjectTotals first = alone.add("secret", "mine", kWords);
  const ObjectTotals second = beside.add("secret", "mine", kWords);
  CHECK(first.atoms == second.atoms);
  CHECK(first.new_atoms == second.new_atoms);
  CHECK(first.new_bytes == second.new_bytes);
  CHECK(first.stored_bytes == second.stored_bytes);
  // A pack begins with 64 bytes of its own.
  CHECK(beside.pack_bytes() - before == alone.pack_bytes() - 64);
}

TEST_CASE("dedup: the same id is each tenant's own atom") {
  const PrivateStore stores;
  static_cast<void>(stores.add("open", "theirs", kWords));
  static_cast<void>(stores.add("secret", "mine", kWords));
  Store open = stores.open("open");
  Store secret = stores.open("secret");
  const Object theirs = resolve_object(open, "theirs");
  const Object mine = resolve_object(secret, "mine");
  CHECK(theirs.atom == mine.atom);
  CHECK(theirs.atom_id != mine.atom_id);
  CHECK(find_atom(secret, theirs.atom)->atom_id == mine.atom_id);
  CHECK(resolve_object(secret, mine.atom.text().substr(0, 20)).atom_id == mine.atom_id);
  CHECK(fault_of([&] { static_cast<void>(resolve_object(secret, "theirs")); }) ==
        Fault::no_input);
}

TEST_CASE("dedup: removing and erasing at one tenant leaves the other's whole") {
  const PrivateStore stores;
  static_cast<void>(stores.add("open", "theirs", kWords));
  const std::int64_t atoms = stores.count("atom");
  static_cast<void>(stores.add("secret", "mine", kWords));
  SUBCASE("a private tenant's erasure") {
    Store secret = stores.open("secret");
    const Erased erased = erase_objects(secret, std::vector<std::string>{"mine"}, {});
    CHECK(erased.atoms == static_cast<std::uint64_t>(atoms));
    CHECK(stores.count("atom WHERE scope <> 0") == 0);
    CHECK(stores.count("atom") == atoms);
  }
  SUBCASE("a shared tenant's erasure") {
    Store open = stores.open("open");
    static_cast<void>(erase_tenant(open, {}));
    CHECK(stores.count("atom WHERE scope = 0") == 0);
    CHECK(stores.count("atom") == atoms);
  }
  SUBCASE("a collection") {
    Store open = stores.open("open");
    test::remove_document(open, "theirs");
    CHECK(collect(open, {}).atoms == static_cast<std::uint64_t>(atoms));
    CHECK(stores.count("atom WHERE scope = 0") == 0);
  }
  Store owner = stores.open();
  CHECK(problems(owner) == "");
}

TEST_CASE("dedup: the history and what was removed come back from the tenant's own rows") {
  const PrivateStore stores;
  static_cast<void>(stores.add("open", "theirs", kWords));
  static_cast<void>(stores.add("secret", "mine", kWords));
  Store secret = stores.open("secret");
  const Object mine = resolve_object(secret, "mine");
  const TimeUs then = secret.now();
  test::remove_document(secret, "mine");
  {
    Store past{{secret.directory(), "secret", 10'000, false, then}};
    std::int64_t shown = 0;
    for_each_object(past, {}, [&](const Object& object) {
      ++shown;
      CHECK(object.atom_id == mine.atom_id);
      CHECK(object.structure_id == mine.structure_id);
    });
    CHECK(shown == 1);
  }
  const auto version = version_at(secret, "mine", then);
  REQUIRE(version);
  {
    WriteTransaction transaction{secret};
    static_cast<void>(restore_version(secret, *version, "test:"));
    transaction.commit();
  }
  CHECK(resolve_object(secret, "mine").atom_id == mine.atom_id);
  CHECK(problems(secret) == "");
}

TEST_CASE("dedup: the policy changes only while a tenant holds nothing, nor did") {
  const PrivateStore stores;
  Store owner = stores.open();
  TenantChange shared;
  shared.dedup = Dedup::shared;
  TenantChange own;
  own.dedup = Dedup::private_only;
  change_tenant(owner, "open", own);
  change_tenant(owner, "open", shared);
  static_cast<void>(stores.add("open", "theirs", kWords));
  change_tenant(owner, "open", shared);
  CHECK(fault_of([&] { change_tenant(owner, "open", own); }) == Fault::denied);
  {
    Store open = stores.open("open");
    test::remove_document(open, "theirs");
  }
  CHECK(fault_of([&] { change_tenant(owner, "open", own); }) == Fault::denied);
  {
    Store open = stores.open("open");
    static_cast<void>(erase_tenant(open, {}));
  }
  change_tenant(owner, "open", own);
  CHECK(stores.count("tenant WHERE name = 'open' AND dedup_scope = tenant_id") == 1);
  CHECK(fault_of([&] {
          static_cast<void>(add_tenant(owner, "default", Dedup::private_only));
        }) == Fault::cannot_create);
  CHECK_FALSE(add_tenant(owner, "secret", Dedup::private_only));
}

TEST_CASE(
    "fsck: a reference from one scope into another is told, the same hash in two is not") {
  const PrivateStore stores;
  static_cast<void>(stores.add("open", "theirs", kWords));
  static_cast<void>(stores.add("secret", "mine", kWords));
  Store owner = stores.open();
  REQUIRE(problems(owner) == "");
  std::string sql, what;
  SUBCASE("a payload") {
    sql = "UPDATE atom_payload SET extent_id = (SELECT extent_id FROM extent WHERE scope = 0)";
    what = "lies in an extent of another scope";
  }
  SUBCASE("a component") {
    sql =
        "UPDATE atom_composition SET component_atom_id ="
        " (SELECT min(atom_id) FROM atom WHERE scope = 0)";
    what = "has a component of another scope";
  }
  SUBCASE("what a tenant holds") {
    sql = "UPDATE tenant SET dedup_scope = 0";
    what = "is held by a tenant that has another scope";
  }
  owner.db().exec(sql);
  const std::string found = problems(owner);
  CAPTURE(found);
  CHECK(found.find(what) != std::string::npos);
}

}  // namespace
}  // namespace hart::store
