#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.h"

namespace hart::atom {
namespace {

using store::Component;

std::vector<Component> components(store::Store& store, std::int64_t parent) {
  std::vector<Component> all;
  store::for_each_component(store, parent, [&](const Component& one) { all.push_back(one); });
  return all;
}

TEST_CASE("text: every text comes back bit for bit, and its leaves join to it") {
  const std::string texts[] = {
      "",
      "hello",
      "\n",
      " \n\n ",
      std::string(64, 'w'),
      std::string(65, 'w'),
      std::string(5000, 'w'),
      "one\r\ntwo\r\n\r\nthree\r\n",
      "Grüße, Ελλάδα — 日本語のテキスト 🦙\n\nالسلام عليكم",
      "a\tb\fc \xc2\xa0 d",
      "# Title\n\ntext with `code`\n\n```\nx = 1\n\ny = 2\n```\n- a\n- b\n"};
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  for (const std::string& text : texts) {
    CAPTURE(text);
    const Atomized added = add_text(store, "doc", text);
    CHECK(added.bytes == text.size());
    CHECK(as_text(exported(store, "doc")) == text);
    REQUIRE(added.structure);
    CHECK(store::atom_text(store, store::resolve_object(store, "doc").structure_id) == text);
  }
  CHECK(store::resolve_object(store, "doc").version == std::size(texts));
}

TEST_CASE("text: the five-byte file and the word in a text are one atom") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add_text(store, "text", "say hello, twice hello");
  const auto word = store::find_atom(store, content_id(as_bytes("hello")));
  REQUIRE(word);
  add_text(store, "file", "hello");
  CHECK(store::resolve_object(store, "file").atom_id == word->atom_id);
  CHECK(store.db().query_integer("SELECT holders FROM tenant_atom WHERE atom_id = " +
                                 std::to_string(word->atom_id)) == 2);
}

TEST_CASE("text: 64 bytes stand in the atom, 65 in a pack") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const std::string at_most(64, 'x'), above(65, 'x');
  AtomizeOptions whole;
  whole.materialize = Materialize::none;
  add(store, "small", as_bytes(at_most), whole);
  CHECK(store::find_atom(store, content_id(as_bytes(at_most)))->form ==
        store::AtomForm::inlined);
  add(store, "large", as_bytes(above), whole);
  const auto large = store::find_atom(store, content_id(as_bytes(above)));
  CHECK(large->form == store::AtomForm::descriptor);
  CHECK(decode_descriptor(large->value).count == 65);
  CHECK(decode_descriptor(large->value).kind == Kind::content);
  CHECK(as_text(exported(store, "small")) == at_most);
  CHECK(as_text(exported(store, "large")) == above);
}

TEST_CASE("text: a paragraph that two documents share is one atom, told of once") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::vector<std::string> passages;
  const auto note = [&](std::int64_t, std::string_view text) { passages.emplace_back(text); };
  add(store, "one", as_bytes("only here\n\nshared words\n"), {}, note);
  add(store, "two", as_bytes("\r\n\r\nshared words\n\n\nand more"), {}, note);
  CHECK(passages == std::vector<std::string>{"only here", "shared words", "and more"});
  const auto atoms_of = [&](const std::string& name) {
    std::vector<std::int64_t> ids;
    for (const Component& part :
         components(store, store::resolve_object(store, name).structure_id))
      if (part.atom.form == store::AtomForm::descriptor) ids.push_back(part.atom.atom_id);
    return ids;
  };
  CHECK(atoms_of("one").back() == atoms_of("two").front());
  CHECK(store::atom_text(store, atoms_of("two").front()) == "shared words");
}

TEST_CASE("text: components say where they stand: column, line and character offset") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add_text(store, "doc", "\xc3\xa9t\xc3\xa9 a\nb c\n\nlast");
  const auto parts = components(store, store::resolve_object(store, "doc").structure_id);
  REQUIRE(parts.size() == 3);
  const auto at = [](const Component& part) {
    return std::array<double, 4>{part.spatial->x, part.spatial->y, part.spatial->z,
                                 part.spatial->m};
  };
  CHECK(at(parts[0]) == std::array<double, 4>{1, 1, 0, 0});
  CHECK(at(parts[1]) == std::array<double, 4>{4, 2, 0, 9});
  CHECK(at(parts[2]) == std::array<double, 4>{1, 4, 0, 11});
  const auto words = components(store, parts[0].atom.atom_id);
  REQUIRE(words.size() == 7);
  CHECK(as_text(words[0].atom.value) == "\xc3\xa9t\xc3\xa9");
  CHECK(at(words[2]) == std::array<double, 4>{5, 1, 0, 4});
  CHECK(as_text(words[4].atom.value) == "b");
  CHECK(at(words[4]) == std::array<double, 4>{1, 2, 0, 6});
}

TEST_CASE("text: adding the same again changes nothing, other metadata make a version") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const Atomized first = add_text(store, "doc", "some words, some more words");
  CHECK_FALSE(first.unchanged);
  CHECK(first.totals.new_atoms == first.totals.atoms);
  const std::int64_t atoms = count(store, "atom");
  const Atomized again = add_text(store, "doc", "some words, some more words");
  CHECK(again.unchanged);
  CHECK(again.version == 1);
  CHECK(again.structure == first.structure);
  CHECK(again.totals.atoms == first.totals.atoms);
  CHECK(again.totals.new_atoms == 0);
  CHECK(count(store, "atom") == atoms);
  CHECK(count(store, "tenant_object") == 1);
  AtomizeOptions options;
  options.metadata = {{"lang", "en"}};
  const Atomized other = add(store, "doc", as_bytes("some words, some more words"), options);
  CHECK_FALSE(other.unchanged);
  CHECK(other.version == 2);
  CHECK(other.totals.new_atoms == 0);
  CHECK(store::resolve_object(store, "doc").metadata.at("lang") == "en");
}

TEST_CASE("text: removing a document releases every atom of it") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add_text(store, "doc", "hello hello\n\nhello");
  add_text(store, "word", "hello");
  for (const char* name : {"doc", "word"}) {
    store::WriteTransaction transaction{store};
    (void)store::remove_object(store, store::resolve_object(store, name));
    transaction.commit();
  }
  CHECK(count(store, "tenant_atom") == 0);
}

TEST_CASE("text: invalid UTF-8 is refused with its offset, and nothing is written") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const std::string bad = "fine\n\xff rest";
  for (const auto materialize : {Materialize::all, Materialize::none}) {
    AtomizeOptions options;
    options.materialize = materialize;
    try {
      add(store, "bad", as_bytes(bad), options);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::data);
      CHECK(std::string{error.what()}.find("byte offset 5") != std::string::npos);
    }
  }
  CHECK(fault_of([&] { add(store, "nul", as_bytes(std::string(3, '\0'))); }) == Fault::data);
  CHECK(count(store, "atom") == 0);
  CHECK(count(store, "pack") == 0);
}

TEST_CASE("text: --modality refuses what is something else before anything is written") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  AtomizeOptions options;
  options.modality = store::Modality::model;
  CHECK(fault_of([&] { add(store, "doc", as_bytes("text"), options); }) == Fault::data);
  options.modality = store::Modality::text;
  CHECK(add(store, "doc", as_bytes("text"), options).kind == "document");
}

TEST_CASE("text: left whole it has no structure, and still comes back") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  AtomizeOptions options;
  options.materialize = Materialize::none;
  options.compression = Compression::none;
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + " ";
  const Atomized added = add(store, "whole", as_bytes(text), options);
  CHECK_FALSE(added.structure);
  CHECK(added.totals.atoms == 1);
  CHECK(added.totals.stored_bytes == text.size());
  CHECK(as_text(exported(store, "whole")) == text);
}

}  // namespace
}  // namespace hart::atom
