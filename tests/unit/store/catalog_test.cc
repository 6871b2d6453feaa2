#include "store/catalog.h"

#include <doctest/doctest.h>

#include "faults.h"
#include "object_fixture.h"

namespace hart::store {
namespace {

using test::add_document;
using test::content_of;
using test::fault_of;
using test::kCatalogOnly;

/// A store with three versions of "a", the second one tagged, and an object "a@b".
struct Named {
  test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  Named() {
    add_document(store, {"a", {"one"}, {}, {}});
    add_document(store, {"a", {"two"}, "stable", {}});
    add_document(store, {"a", {"three"}, {}, {}});
    add_document(store, {"a@b", {"four"}, {}, {}});
  }
};

TEST_CASE("resolve: a name is its newest version, a number or a tag chooses another") {
  Named named;
  CHECK(resolve_object(named.store, "a").version == 3);
  CHECK(resolve_object(named.store, "a@1").version == 1);
  CHECK(resolve_object(named.store, "a@stable").version == 2);
  CHECK(resolve_object(named.store, "a@b").name == "a@b");
  CHECK(resolve_object(named.store, "a@b@1").name == "a@b");
  for (const char* absent : {"", "b", "a@4", "a@", "@1", "a@01", "A"}) {
    CAPTURE(absent);
    CHECK(fault_of([&] { (void)resolve_object(named.store, absent); }) == Fault::no_input);
  }
}

TEST_CASE("resolve: six digits of an id are enough, with or without its namespace") {
  Named named;
  const Object object = resolve_object(named.store, "a@2");
  const std::string digits = to_hex(object.atom.hash);
  const std::string structure = to_hex(object.structure->hash);
  for (const std::string& reference :
       {digits, digits.substr(0, 6), "sha256:" + digits.substr(0, 6), object.atom.text(),
        structure.substr(0, 7), "tree:" + structure.substr(0, 6), object.structure->text()}) {
    CAPTURE(reference);
    CHECK(resolve_object(named.store, reference).version == 2);
  }
  for (const std::string& reference :
       {digits.substr(0, 5), "tree:" + digits, "hmac:" + digits, digits + "0",
        "sha256:" + structure.substr(0, 12), digits.substr(0, 8) + "x"}) {
    CAPTURE(reference);
    CHECK(fault_of([&] { (void)resolve_object(named.store, reference); }) == Fault::no_input);
  }
}

/// Adds an object without a structure whose id begins with the six digits given.
void add_bare(Store& store, const std::string& name, std::string hex, bool with_structure) {
  hex.resize(64, '0');
  Id id;
  const ByteBuffer bytes = from_hex(hex);
  std::copy(bytes.begin(), bytes.end(), id.hash.begin());
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  CatalogWriter::NewObject object;
  object.name = name;
  object.kind = "document";
  object.subtype = "plain";
  object.atomizer = "test/1";
  object.atom_id = writer.put_atom(id, AtomForm::inlined, as_bytes(name), name.size());
  writer.hold_atom(object.atom_id, Modality::text, "file");
  if (with_structure) {
    object.structure_id =
        writer.put_atom({IdSpace::structure, id.hash}, AtomForm::descriptor, ByteBuffer(40), 1);
    writer.hold_atom(object.structure_id, Modality::text, "plain");
  }
  writer.put_object(object);
  transaction.commit();
}

TEST_CASE(
    "resolve: a prefix of two objects is ambiguous, whether or not they have structures") {
  for (const bool with_structure : {false, true}) {
    CAPTURE(with_structure);
    const test::ScratchStore scratch{kCatalogOnly};
    Store store = scratch.open();
    add_bare(store, "one", "abcdef1", with_structure);
    add_bare(store, "two", "abcdef2", with_structure);
    CHECK(fault_of([&] { (void)resolve_object(store, "abcdef"); }) == Fault::data);
    CHECK(fault_of([&] { (void)resolve_atom(store, "sha256:abcdef"); }) == Fault::data);
    CHECK(resolve_object(store, "abcdef2").name == "two");
    CHECK(resolve_object(store, "ABCDEF2").name == "two");
    add_bare(store, "three", "abcdef2", with_structure);
    CHECK(resolve_object(store, "abcdef2").name == "three");
  }
}

TEST_CASE("resolve: any atom that the tenant holds is found, a word too, and no one else's") {
  Named named;
  named.scratch.add_tenant("other");
  const Atom word = resolve_atom(named.store, content_of("three").text());
  CHECK(as_text(word.value) == "three");
  CHECK(resolve_atom(named.store, "a").atom_id == resolve_object(named.store, "a").atom_id);
  Store other = named.scratch.open("other");
  CHECK(fault_of([&] { (void)resolve_atom(other, content_of("three").text()); }) ==
        Fault::no_input);
  CHECK(fault_of([&] { (void)resolve_object(other, "a"); }) == Fault::no_input);
  CHECK_FALSE(find_atom(other, content_of("three")));
  CHECK_FALSE(atom_by_id(other, word.atom_id));
}

TEST_CASE("objects: filters are a modality, a kind, a half-open time and a limit") {
  Named named;
  const auto names = [&](const ObjectFilter& filter) {
    std::string joined;
    for_each_object(named.store, filter, [&](const Object& object) {
      joined += object.name + std::to_string(object.version) + " ";
    });
    return joined;
  };
  CHECK(names({}) == "a1 a2 a3 a@b1 ");
  ObjectFilter filter;
  filter.modality = Modality::model;
  CHECK(names(filter) == "");
  filter.modality = Modality::text;
  filter.limit = 2;
  CHECK(names(filter) == "a1 a2 ");
  filter = {};
  filter.since = resolve_object(named.store, "a@2").created;
  filter.until = resolve_object(named.store, "a@b").created;
  CHECK(names(filter) == "a2 a3 ");
  filter = {};
  filter.kind = "model";
  CHECK(names(filter) == "");
}

TEST_CASE("text: a structure's text is joined from its leaves, in order") {
  Named named;
  add_document(named.store, {"words", {"the", " ", "cat", " ", "the"}, {}, {}});
  const Object object = resolve_object(named.store, "words");
  CHECK(atom_text(named.store, object.structure_id) == "the cat the");
  CHECK(atom_text(named.store, find_atom(named.store, content_of("cat"))->atom_id) == "cat");
  CHECK(fault_of([&] { (void)atom_text(named.store, object.atom_id); }) == Fault::data);
  CHECK(fault_of([&] { (void)atom_text(named.store, 987'654); }) == Fault::no_input);
  const auto occurrence =
      find_occurrence(named.store, find_atom(named.store, content_of("cat"))->atom_id);
  REQUIRE(occurrence);
  CHECK(occurrence->object.name == "words");
  CHECK(occurrence->position == 2);
}

TEST_CASE("modalities: every name has its value and back") {
  for (int value = 0; value <= 8; ++value) {
    const auto modality = static_cast<Modality>(value);
    CHECK(find_modality(modality_name(modality)) == modality);
  }
  CHECK_FALSE(find_modality("smell"));
  CHECK_FALSE(find_modality(""));
}

}  // namespace
}  // namespace hart::store
