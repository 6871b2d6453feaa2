#include "store/text_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "object_fixture.h"
#include "store/occurrence.h"

namespace hart::store {
namespace {

using test::add_document;
using test::content_of;
using test::kCatalogOnly;

Fault fault_of_text(TextReader& reader, std::int64_t atom_id) {
  try {
    (void)reader.text(atom_id);
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault::internal;
}

TEST_CASE(
    "text reader: gives what atom_text gives, of leaves and structures, again and again") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"the", " ", "cat", " ", "the"}, {}, {}});
  add_document(store, {"two", {"a", " ", "cat", "\n", "the"}, {}, {}});
  TextReader reader{store};
  const Object one = resolve_object(store, "one");
  const Object two = resolve_object(store, "two");
  for (int round = 0; round < 2; ++round) {
    CHECK(reader.text(one.structure_id) == "the cat the");
    CHECK(reader.text(two.structure_id) == "a cat\nthe");
    CHECK(reader.text(find_atom(store, content_of("cat"))->atom_id) == "cat");
    CHECK(fault_of_text(reader, one.atom_id) == Fault::data);
    CHECK(fault_of_text(reader, 987'654) == Fault::no_input);
    reader.forget();
  }
}

TEST_CASE("text reader: a structure of structures is their texts, and an empty one is empty") {
  const test::ScratchStore scratch{kCatalogOnly};
  Store store = scratch.open();
  add_document(store, {"one", {"big ", "cat"}, {}, {}});
  add_document(store, {"none", {}, {}, {}});
  const std::int64_t inner = resolve_object(store, "one").structure_id;
  std::int64_t outer = 0;
  {
    WriteTransaction transaction{store};
    CatalogWriter writer{store};
    const Id id{IdSpace::structure, content_of("outer").hash};
    outer = writer.put_atom(id, AtomForm::descriptor, ByteBuffer(40, 5), 14);
    writer.put_component(outer, 0, inner, {}, {});
    writer.put_component(outer, 1, inner, {}, {});
    writer.hold_atom(outer, Modality::text, "page");
    transaction.commit();
  }
  TextReader reader{store};
  CHECK(reader.text(outer) == "big catbig cat");
  CHECK(reader.text(resolve_object(store, "none").structure_id).empty());
}

TEST_CASE("text reader: what the tenant does not hold is not read, though another does") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  Store other = scratch.open("other");
  add_document(store, {"one", {"secret", " words"}, {}, {}});
  add_document(other, {"two", {"secret"}, {}, {}});
  TextReader reader{other};
  CHECK(reader.text(find_atom(store, content_of("secret"))->atom_id) == "secret");
  CHECK(fault_of_text(reader, find_atom(store, content_of(" words"))->atom_id) ==
        Fault::no_input);
  CHECK(fault_of_text(reader, resolve_object(store, "one").structure_id) == Fault::no_input);
}

TEST_CASE("place finder: names and positions are those of find_occurrence") {
  const test::ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  Store other = scratch.open("other");
  add_document(store, {"one", {"the", " ", "cat"}, {}, {}});
  add_document(store, {"two", {"a", " ", "dog", " ", "the"}, {}, {}});
  add_document(other, {"theirs", {"the", "fish"}, {}, {}});
  const Object one = resolve_object(store, "one");
  std::vector<std::int64_t> atoms{one.atom_id, one.structure_id, 987'654};
  for (const char* word : {"the", " ", "cat", "dog"})
    atoms.push_back(find_atom(store, content_of(word))->atom_id);
  atoms.push_back(find_atom(other, content_of("fish"))->atom_id);
  PlaceFinder places{store};
  for (int round = 0; round < 2; ++round) {
    for (const std::int64_t atom_id : atoms) {
      CAPTURE(atom_id);
      const auto place = places.find(atom_id);
      const auto occurrence = find_occurrence(store, atom_id);
      REQUIRE(place.has_value() == occurrence.has_value());
      if (!place) continue;
      CHECK(place->name == occurrence->object.name);
      CHECK(place->position == occurrence->position);
    }
  }
  CHECK(places.find(find_atom(store, content_of("the"))->atom_id)->name == "two");
  CHECK(places.find(find_atom(store, content_of("the"))->atom_id)->position == 4);
  CHECK_FALSE(places.find(atoms.back()));
}

}  // namespace
}  // namespace hart::store
