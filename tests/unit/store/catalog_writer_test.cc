#include "store/catalog_writer.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "object_fixture.h"

namespace hart::store {
namespace {

using test::add_document;
using test::content_of;
using test::fault_of;
using test::kCatalogOnly;

/// How many objects of the tenant hold the word; 0 when it is not held.
std::int64_t holders(Store& store, std::string_view word) {
  const auto atom = find_atom(store, content_of(word));
  if (!atom) return 0;
  Statement row = store.db().prepare("SELECT holders FROM my_tenant_atom WHERE atom_id = ?");
  return row.with(atom->atom_id).step() ? row.integer(0) : 0;
}

void remove(Store& store, const std::string& reference) {
  WriteTransaction transaction{store};
  (void)remove_object(store, resolve_object(store, reference));
  transaction.commit();
}

TEST_CASE("catalog writer: what is there already is found and not doubled") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  for (int round = 0; round < 2; ++round) {
    WriteTransaction transaction{store};
    CatalogWriter writer{store};
    bool created = false;
    const auto first =
        writer.put_atom(content_of("a"), AtomForm::inlined, as_bytes("a"), 1, &created);
    CHECK(created == (round == 0));
    CHECK(writer.put_atom(content_of("a"), AtomForm::inlined, as_bytes("a"), 1, &created) ==
          first);
    CHECK_FALSE(created);
    const auto extent = writer.put_extent(crypto::sha256(as_bytes("abc")), as_bytes("abc"), 0);
    CHECK(writer.put_extent(extent.hash, as_bytes("abc"), 0).extent_id == extent.extent_id);
    writer.put_payload(first, 0, extent, 3);
    writer.put_payload(first, 0, extent, 3);
    writer.put_component(first, 0, first, "self", {1, 2, 3, 4});
    writer.put_component(first, 0, first, "self", {1, 2, 3, 4});
    transaction.commit();
  }
  for (const char* table : {"atom", "extent", "atom_payload", "atom_composition", "pack"})
    CHECK(store.db().query_integer(std::string{"SELECT COUNT(*) FROM "} + table) == 1);
}

TEST_CASE("catalog writer: equal digests in two spaces are two atoms") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  const Hash256 hash = content_of("a").hash;
  CHECK(writer.put_atom({IdSpace::content, hash}, AtomForm::inlined, as_bytes("a"), 1) !=
        writer.put_atom({IdSpace::structure, hash}, AtomForm::descriptor, ByteBuffer(40), 1));
  transaction.commit();
}

TEST_CASE(
    "catalog writer: a value of 64 bytes is an atom, one of 65 is a defect of the caller") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  CHECK(writer.put_atom(content_of("64"), AtomForm::inlined, ByteBuffer(64), 64) > 0);
  CHECK(fault_of([&] {
          (void)writer.put_atom(content_of("65"), AtomForm::inlined, ByteBuffer(65), 65);
        }) == Fault::internal);
}

TEST_CASE(
    "catalog writer: totals count each extent once, and nothing that the tenant reached") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  (void)test::put_document(writer, {"one", {"abc", " ", "abc"}, {}, {}});
  const ObjectTotals first = writer.take_totals();
  CHECK(first.atoms == 4);  // file, structure, "abc", " "
  CHECK(first.new_atoms == 4);
  CHECK(first.new_bytes == 7);
  CHECK(first.stored_bytes == 7);
  (void)test::put_document(writer, {"two", {"abc", " ", "def"}, {}, {}});
  const ObjectTotals second = writer.take_totals();
  CHECK(second.atoms == 5);
  CHECK(second.new_atoms == 3);
  CHECK(second.new_bytes == 7);
  (void)test::put_document(writer, {"three", {"abc", " ", "abc"}, {}, {}});
  const ObjectTotals third = writer.take_totals();
  CHECK(third.atoms == 4);
  CHECK(third.new_atoms == 0);
  CHECK(third.new_bytes == 0);
  CHECK(third.stored_bytes == 0);
  transaction.commit();
}

TEST_CASE("catalog writer: another tenant's holdings change no total") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  {
    Store other = scratch.open("other");
    add_document(other, {"theirs", {"abc", " ", "abc"}, {}, {}});
  }
  Store store = scratch.open();
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  (void)test::put_document(writer, {"ours", {"abc", " ", "abc"}, {}, {}});
  const ObjectTotals totals = writer.take_totals();
  CHECK(totals.new_atoms == 4);
  CHECK(totals.new_bytes == 7);
  CHECK(totals.stored_bytes == 7);
  transaction.commit();
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM extent") == 1);
}

TEST_CASE("remove: words that two documents share are held until the second is gone") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"shared", " ", "first"}, {}, {}});
  add_document(store, {"two", {"shared", " ", "second"}, {}, {}});
  CHECK(holders(store, "shared") == 2);
  CHECK(holders(store, "first") == 1);
  remove(store, "one");
  CHECK(holders(store, "shared") == 1);
  CHECK(holders(store, "first") == 0);
  CHECK(holders(store, "second") == 1);
  remove(store, "two");
  CHECK(holders(store, "shared") == 0);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_atom") == 0);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant_object") == 0);
}

TEST_CASE("remove: one document under two names stays until its last name is gone") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  const test::Document document{"one", {"same", " ", "words"}, {}, {}};
  add_document(store, document);
  test::Document again = document;
  again.name = "two";
  add_document(store, again);
  CHECK(holders(store, "same") == 2);
  remove(store, "one");
  CHECK(holders(store, "same") == 1);
  CHECK(resolve_object(store, "two").bytes == 10);
  remove(store, "two");
  CHECK(holders(store, "same") == 0);
}

TEST_CASE("remove: it touches no other tenant's holdings") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store other = scratch.open("other");
  const test::Document document{"one", {"same"}, {}, {}};
  add_document(other, document);
  Store store = scratch.open();
  add_document(store, document);
  remove(store, "one");
  CHECK(holders(store, "same") == 0);
  CHECK(holders(other, "same") == 1);
  CHECK(resolve_object(other, "one").name == "one");
}

TEST_CASE(
    "versions: a name counts up from 1, and the newest is known by content, tag and data") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  CHECK(add_document(store, {"a", {"1"}, {}, {}}) == 1);
  CHECK(add_document(store, {"a", {"2"}, "v2", {}}) == 2);
  CHECK(add_document(store, {"b", {"2"}, {}, {}}) == 1);

  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  CatalogWriter::NewObject object;
  object.name = "a";
  object.atom_id = resolve_object(store, "a").atom_id;
  CHECK(writer.same_as_newest(object) == 2);
  object.version_tag = "v2";
  CHECK(writer.same_as_newest(object) == 2);
  object.version_tag = "v3";
  CHECK_FALSE(writer.same_as_newest(object));
  object.version_tag.clear();
  object.metadata = {{"lang", "en"}};
  CHECK_FALSE(writer.same_as_newest(object));
  object.metadata = nullptr;
  object.atom_id = resolve_object(store, "a@1").atom_id;
  CHECK_FALSE(writer.same_as_newest(object));
  object.name = "unknown";
  CHECK_FALSE(writer.same_as_newest(object));
}

}  // namespace
}  // namespace hart::store
