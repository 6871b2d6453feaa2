#include <doctest/doctest.h>

#include <map>

#include "fixture.h"

namespace hart::atom {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Two layers and a tensor outside of them.
std::vector<TestTensor> small_model() {
  return {{"token_embd.weight", {2, 3}, {1, 2, 3, 4, 5, 6}},
          {"blk.0.w", {3}, {1, -2, 3}},
          {"blk.0.b", {1}, {5}},
          {"blk.1.w", {3}, {7, 8, 9}}};
}

const Metadata kLlama{{"general.architecture", "llama"}, {"general.name", "small"}};

std::int64_t extents(store::Store& store) {
  return count(store, "extent");
}

TEST_CASE("model: both formats come back bit for bit, padding and empty tensors included") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  ByteBuffer gguf = gguf_file(small_model(), kLlama);
  // GGUF has no tensors without elements.
  auto with_empty = small_model();
  with_empty.push_back({"blk.1.none", {0, 7}, {}});
  with_empty.push_back({"blk.1.scalar", {}, {2.5f}});
  const ByteBuffer safetensors = safetensors_file(with_empty, {{"format", "pt"}});
  const Atomized added = add(store, "g", gguf);
  CHECK(added.kind == "model");
  CHECK(added.subtype == "gguf");
  CHECK(added.bytes == gguf.size());
  CHECK(exported(store, "g") == gguf);
  CHECK(add(store, "s", safetensors).subtype == "safetensors");
  CHECK(exported(store, "s") == safetensors);
  CHECK(open_model(store, "s").tensors.size() == 6);
  // What stands behind the last tensor belongs to the file, zeros or not.
  gguf.resize(gguf.size() + 4096);
  gguf.back() = 7;
  add(store, "longer", gguf);
  CHECK(exported(store, "longer") == gguf);
}

TEST_CASE("model: a file of a header alone is a model without tensors") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer empty = gguf_file({}, {});
  CHECK(empty.size() <= 64);
  add(store, "empty", empty);
  CHECK(exported(store, "empty") == empty);
  CHECK(open_model(store, "empty").tensors.empty());
}

TEST_CASE("model: a tensor is one atom in both formats, and its bytes are stored once") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "g", gguf_file(small_model(), kLlama));
  const std::int64_t before = extents(store);
  const Atomized second = add(store, "s", safetensors_file(small_model()));
  CHECK(extents(store) == before + 1);  // the other header
  CHECK(second.totals.new_bytes < 500);
  const auto atoms = [&](const std::string& name) {
    std::map<std::string, std::int64_t> found;
    store::Statement rows = store.db().prepare(
        "SELECT name, tensor_atom_id FROM my_tensor_atom WHERE model_atom_id = ?");
    rows.with(store::resolve_object(store, name).structure_id);
    while (rows.step()) found[std::string{rows.text(0)}] = rows.integer(1);
    return found;
  };
  CHECK(atoms("g").size() == 4);
  CHECK(atoms("g") == atoms("s"));
}

TEST_CASE("model: one that shares tensors with another brings only what is its own") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  auto tensors = small_model();
  add(store, "base", gguf_file(tensors, kLlama));
  const std::int64_t before = extents(store);
  tensors[3].values = {7, 8, 10};
  const Atomized tuned = add(store, "tuned", gguf_file(tensors, kLlama));
  CHECK(extents(store) == before + 1);  // the header is the same
  CHECK(tuned.totals.new_bytes == 12);
  // The file, the model, layer 1 and its tensor; layer 0 and the embedding were held.
  CHECK(tuned.totals.new_atoms == 4);
}

TEST_CASE("model: files that differ in their header alone are one model, and both open") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const Atomized first = add(store, "one", gguf_file(small_model(), kLlama));
  const Atomized second = add(store, "two", gguf_file(small_model(), {kLlama[1], kLlama[0]}));
  CHECK(first.atom != second.atom);
  CHECK(first.structure == second.structure);
  CHECK(open_model(store, "one").tensors.size() == 4);
  const StoredModel reordered = open_model(store, "two");
  const ByteBuffer file = exported(store, "two");
  CHECK(std::equal(reordered.header.begin(), reordered.header.end(), file.begin()));
}

TEST_CASE("model: the same tensors without metadata are one model in two formats") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const std::vector<TestTensor> tensors{{"w", {3}, {1, 2, 3}}};
  const Atomized gguf = add(store, "g", gguf_file(tensors, {}));
  const Atomized safetensors = add(store, "s", safetensors_file(tensors));
  CHECK(gguf.structure == safetensors.structure);
  CHECK(open_model(store, "g").format == "gguf");
  CHECK(open_model(store, "s").format == "safetensors");
}

TEST_CASE("model: its name and tensor order matter, the file's name does not") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  auto tensors = small_model();
  const Id base = *add(store, "base", gguf_file(tensors, kLlama)).structure;
  std::swap(tensors[0], tensors[3]);
  CHECK(*add(store, "swapped", gguf_file(tensors, kLlama)).structure != base);
  tensors = small_model();
  tensors[0].name = "other.weight";
  CHECK(*add(store, "renamed", gguf_file(tensors, kLlama)).structure != base);
  CHECK(*add(store, "again", gguf_file(small_model(), kLlama)).structure == base);
  CHECK(*add(store, "metadata", gguf_file(small_model(), {kLlama[0]})).structure != base);
}

TEST_CASE("model: a stored model opens with its tensors in order, mapped from the pack") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "m", gguf_file(small_model(), kLlama));
  const StoredModel model = open_model(store, "m");
  CHECK(model.architecture == "llama");
  CHECK(model.format == "gguf");
  CHECK(model.parameters == 13);
  REQUIRE(model.tensors.size() == 4);
  const auto wanted = small_model();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(model.tensors[i].name == wanted[i].name);
    CHECK(model.tensors[i].shape == wanted[i].shape);
    CHECK(to_hex(model.tensors[i].bytes.bytes()) == to_hex(wanted[i].bytes()));
    CHECK(model.tensors[i].bytes.mapped());
  }
  add_text(store, "text", "no model");
  CHECK(fault_of([&] { (void)open_model(store, "text"); }) == Fault::data);
  CHECK(fault_of([&] { (void)open_model(store, "absent"); }) == Fault::no_input);
}

TEST_CASE("model: its structure is layers and what stands outside of them, in order") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "m", gguf_file(small_model(), kLlama));
  std::string names;
  std::vector<std::int64_t> parts;
  store::for_each_component(store, store::resolve_object(store, "m").structure_id,
                            [&](const store::Component& component) {
                              names += component.name + " ";
                              parts.push_back(component.atom.atom_id);
                            });
  CHECK(names == "token_embd.weight blk.0 blk.1 ");
  names.clear();
  store::for_each_component(store, parts.at(1), [&](const store::Component& component) {
    names += component.name + " ";
  });
  CHECK(names == "w b ");
}

TEST_CASE("model: removing it releases every atom of it, but not those of its sibling") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  auto tensors = small_model();
  add(store, "base", gguf_file(tensors, kLlama));
  tensors[3].values = {7, 8, 10};
  add(store, "tuned", gguf_file(tensors, kLlama));
  const auto remove = [&](const std::string& name) {
    store::WriteTransaction transaction{store};
    (void)store::remove_object(store, store::resolve_object(store, name));
    transaction.commit();
  };
  remove("base");
  CHECK(exported(store, "tuned") == gguf_file(tensors, kLlama));
  CHECK(open_model(store, "tuned").tensors.size() == 4);
  remove("tuned");
  CHECK(count(store, "tenant_atom") == 0);
}

TEST_CASE("model: the number of threads changes nothing") {
  const ByteBuffer file = gguf_file(small_model(), kLlama);
  std::vector<Id> structures;
  for (const unsigned threads : {1u, 2u, 8u}) {
    const test::ScratchStore scratch{kCatalogOnly};
    store::Store store = scratch.open();
    AtomizeOptions options;
    options.threads = threads;
    const Atomized added = add(store, "m", file, options);
    CHECK(added.atom == content_id(file));
    structures.push_back(*added.structure);
  }
  CHECK(structures[0] == structures[1]);
  CHECK(structures[0] == structures[2]);
}

TEST_CASE("model: a file cut short anywhere is refused, and nothing of it is written") {
  const ByteBuffer file = gguf_file(small_model(), kLlama);
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  // The last 20 bytes are padding, whose absence the tensors do not notice.
  for (std::size_t size = 4; size + 21 < file.size(); ++size) {
    CAPTURE(size);
    CHECK(fault_of([&] { add(store, "cut", ByteView{file}.first(size)); }) == Fault::data);
  }
  CHECK(count(store, "atom") == 0);
}

}  // namespace
}  // namespace hart::atom
