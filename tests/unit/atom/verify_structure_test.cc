#include "atom/verify_structure.h"

#include <doctest/doctest.h>

#include "crypto/sha256.h"
#include "fixture.h"
#include "store/object_access.h"

namespace hart::atom {
namespace {

using test::ScratchStore;

std::vector<float> ramp(std::size_t count, float first) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = first + static_cast<float>(i % 977) * 0.25F;
  return values;
}

/// A text, a model with a layer, one of whose tensors takes two segments, and the same again.
void fill(store::Store& store) {
  add_text(store, "text", "one two\n\nthree four\n\n\nfive\n");
  const ByteBuffer model =
      gguf_file({{"token_embd.weight", {16, 4}, ramp(64, 1)},
                 {"blk.0.ffn.weight", {1024, 768}, ramp(1024 * 768, 2)},
                 {"blk.0.attn.weight", {3}, {1, 2, 3}}},
                {{"general.architecture", "llama"}, {"general.name", "a model"}});
  add(store, "model", model);
  add(store, "safetensors", safetensors_file({{"w", {2, 2}, {1, 2, 3, 4}}}, {{"k", "v"}}));
}

struct Outcome {
  VerifiedStructures verified;
  std::vector<store::Finding> findings;
};

Outcome verify(const ScratchStore& scratch, unsigned threads = 1) {
  Outcome outcome;
  store::Store store = scratch.open("default", false);
  outcome.verified = verify_structures(
      store, {threads, {}},
      [&](const store::Finding& finding) { outcome.findings.push_back(finding); });
  CHECK(outcome.verified.findings == outcome.findings.size());
  CHECK(store.tenant_name() == "default");
  return outcome;
}

TEST_CASE("verify: what was just stored has the ids of what it is made of, in every tenant") {
  const ScratchStore scratch{kCatalogOnly};
  scratch.add_tenant("other");
  {
    store::Store store = scratch.open();
    fill(store);
    store::Store other = scratch.open("other");
    fill(other);
    add_text(other, "their own",
             "words of their own, and so many of them that they are no leaf but a file\n");
  }
  for (const unsigned threads : {1u, 3u}) {
    const Outcome outcome = verify(scratch, threads);
    CHECK(outcome.findings.empty());
    // Text: a file of 27 bytes is a leaf; document, three paragraphs. Models: files, models,
    // one layer, tensors. Their own: file, document, paragraph.
    CHECK(outcome.verified.atoms == 4 + 2 + 2 + 1 + 4 + 3);
  }
}

TEST_CASE("verify: a structure whose parts were changed is found, and nothing else") {
  const ScratchStore scratch{kCatalogOnly};
  {
    store::Store store = scratch.open();
    fill(store);
  }
  const std::string in = "(SELECT atom_id FROM atom WHERE form = 1 AND substr(value, 1, 1) = ";
  const auto [sql, kind] = [&]() -> std::pair<std::string, std::uint8_t> {
    std::pair<std::string, std::uint8_t> chosen;
    SUBCASE("a paragraph's words") {
      chosen = {
          "UPDATE atom_composition SET component_atom_id = (SELECT max(component_atom_id)"
          " FROM atom_composition) WHERE position = 0 AND parent_atom_id = (SELECT"
          " min(atom_id) FROM atom WHERE form = 1 AND substr(value, 1, 1) = x'04')",
          4};
    }
    SUBCASE("a document's paragraphs") {
      chosen = {"DELETE FROM atom_composition WHERE position = 0 AND parent_atom_id IN " + in +
                    "x'05')",
                5};
    }
    SUBCASE("a layer's names") {
      chosen = {
          "UPDATE atom_composition SET name = 'other' WHERE position = 1"
          " AND parent_atom_id IN " +
              in + "x'02')",
          2};
    }
    SUBCASE("a model's tensors") {
      chosen = {"UPDATE tensor_atom SET name = 'other' WHERE name = 'w'", 3};
    }
    SUBCASE("a tensor's shape") {
      chosen = {"UPDATE tensor_atom SET shape = '[4]' WHERE name = 'w'", 1};
    }
    SUBCASE("a tensor's segments") {
      chosen = {"UPDATE atom_payload SET extent_id = NULL WHERE position = 1 AND atom_id IN " +
                    in + "x'01')",
                1};
    }
    return chosen;
  }();
  CAPTURE(sql);
  REQUIRE(scratch.tamper("PRAGMA foreign_keys = OFF; " + sql) == "");
  const Outcome outcome = verify(scratch);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].what == "what it is made of has another id");
  store::Store store = scratch.open();
  const std::string& where = outcome.findings[0].where;
  const Id id = parse_id(where.substr(where.find("tree:")));
  CHECK(store::find_atom(store, id)->value[0] == kind);
}

TEST_CASE("verify: a file whose parts are in another order is found") {
  const ScratchStore scratch{kCatalogOnly};
  {
    store::Store store = scratch.open();
    std::string text;
    for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7919) + " ";
    AtomizeOptions options;
    options.materialize = Materialize::none;
    add(store, "long", as_bytes(text), options);
  }
  REQUIRE(scratch.tamper("UPDATE atom_payload SET position = 100000 WHERE position = 0;") ==
          "");
  const Outcome outcome = verify(scratch);
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].what == "its bytes do not have this digest");
}

TEST_CASE("verify: a file that an earlier version cut otherwise is found as it is stored") {
  const ScratchStore scratch{kCatalogOnly};
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i * 7919) + " ";
  AtomizeOptions options;
  options.materialize = Materialize::none;
  {
    store::Store store = scratch.open();
    add(store, "first", as_bytes(text), options);
    // One extent for all of it, as schema 1 had it.
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    const auto extent = writer.put_extent(crypto::sha256(as_bytes(text)), as_bytes(text), 0);
    store.db().exec("DELETE FROM atom_payload");
    writer.put_payload(store.db().query_integer("SELECT atom_id FROM tenant_object"), 0, extent,
                       text.size());
    transaction.commit();
  }
  {
    store::Store store = scratch.open();
    add(store, "second", as_bytes(text), options);
    CHECK(count(store, "atom_payload") == 1);
    CHECK(as_text(exported(store, "second")) == text);
  }
  CHECK(verify(scratch).findings.empty());
}

TEST_CASE("verify: what is hidden from its tenant is compared like everything else") {
  const ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  fill(store);
  {
    store::WriteTransaction transaction{store};
    const std::vector<std::string> all{"text", "model", "safetensors"};
    for (const store::HeldVersion& version : store::held_versions(store, all))
      (void)store::set_access(store, version, store::AccessLevel::none);
    transaction.commit();
  }
  REQUIRE(count(store, "my_object") == 0);
  // As many as where nothing is hidden.
  const Outcome sound = verify(scratch);
  CHECK(sound.findings.empty());
  CHECK(sound.verified.atoms == 4 + 2 + 2 + 1 + 4);
  REQUIRE(scratch.tamper("UPDATE tensor_atom SET shape = '[4]' WHERE name = 'w'") == "");
  const Outcome tampered = verify(scratch);
  REQUIRE(tampered.findings.size() == 1);
  CHECK(tampered.findings[0].what == "what it is made of has another id");
}

TEST_CASE("verify: what is hidden is hidden again when all is compared") {
  const ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  fill(store);
  {
    store::WriteTransaction transaction{store};
    const std::vector<std::string> text{"text"};
    for (const store::HeldVersion& version : store::held_versions(store, text))
      (void)store::set_access(store, version, store::AccessLevel::none);
    transaction.commit();
  }
  const std::int64_t seen = count(store, "my_tenant_atom");
  (void)verify_structures(store, {}, [](const store::Finding&) {});
  CHECK(count(store, "my_tenant_atom") == seen);
  CHECK(fault_of([&] { (void)store::resolve_object(store, "text"); }) == Fault::no_input);
  VerifyOptions stopped;
  stopped.progress = [](std::uint64_t) { throw Error{Fault::busy, "enough"}; };
  CHECK(fault_of([&] {
          (void)verify_structures(store, stopped, [](const store::Finding&) {});
        }) == Fault::busy);
  CHECK(count(store, "my_tenant_atom") == seen);
}

}  // namespace
}  // namespace hart::atom
