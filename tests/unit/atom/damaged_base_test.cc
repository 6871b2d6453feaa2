// An extent that others are differences to: what its damage takes with it, and what it does
// not.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "atom/payload_reader.h"
#include "model_fixture.h"
#include "store/history.h"
#include "store/snapshot.h"

namespace hart::atom {
namespace {

using store::Codec;
using tensor::DType;

constexpr const char* kOneTensor = "w";
constexpr std::size_t kFamilyElements = std::size_t{1024} * 512;

ByteBuffer weights_model(const std::vector<float>& values) {
  return typed_gguf({{kOneTensor, DType::bf16, {1024, values.size() / 1024}, values}});
}

std::vector<float> moved_a_little(std::vector<float> values, unsigned seed) {
  const std::vector<float> noise = random_values(values.size(), seed, 0.0005F);
  for (std::size_t i = seed % 5; i < values.size(); i += 5) values[i] += noise[i];
  return values;
}

/// A base, two fine-tunes of it, and a model of its own: one segment each.
void fill_with_family(store::Store& store) {
  const std::vector<float> base = random_values(kFamilyElements, 1, 0.02F);
  add(store, "base", weights_model(base));
  add(store, "tuned", weights_model(moved_a_little(base, 1)));
  add(store, "tuned otherwise", weights_model(moved_a_little(base, 2)));
  add(store, "stranger", weights_model(random_values(kFamilyElements, 9, 0.02F)));
  REQUIRE(extents_of(store, Codec::weight_delta) == 2);
}

/// Changes the byte of the pack that a query finds.
void damage_byte(store::Store& store, const char* query) {
  const std::int64_t place = store.db().query_integer(query);
  std::fstream pack{store.packs().path(1), std::ios::binary | std::ios::in | std::ios::out};
  pack.seekg(place);
  const int byte = pack.get();
  pack.seekp(place);
  pack.put(static_cast<char>(byte ^ 1));
}

/// One byte amid the stored bytes of the extent that others are differences to.
void damage_base(store::Store& store) {
  damage_byte(store,
              "SELECT pack_offset + stored_bytes / 2 FROM extent"
              " WHERE extent_id = (SELECT max(base_extent_id) FROM extent)");
}

std::vector<store::Finding> findings_of(store::Store& store, bool quick) {
  std::vector<store::Finding> findings;
  store::FsckOptions options;
  options.quick = quick;
  (void)store::fsck(store, options,
                    [&](const store::Finding& finding) { findings.push_back(finding); });
  return findings;
}

TEST_CASE("damaged base: what differs from it is named, and all else stays readable") {
  const test::ScratchStore scratch{kCatalogOnly};
  {
    store::Store store = scratch.open();
    fill_with_family(store);
    CHECK(problems(store) == "");
    damage_base(store);
  }
  store::Store store = scratch.open();
  const std::string needed =
      "; needed by default/base@1, default/tuned@1,"
      " default/tuned otherwise@1";
  const std::vector<store::Finding> quick = findings_of(store, true);
  REQUIRE(quick.size() == 1);
  CHECK(quick[0].what == "its checksum differs" + needed);
  const std::vector<store::Finding> deep = findings_of(store, false);
  REQUIRE(deep.size() == 3);
  CHECK(deep[0].what == quick[0].what);
  for (std::size_t i = 1; i < deep.size(); ++i)
    CHECK(deep[i].what.find(i == 1
                                ? "needed by default/tuned@1"
                                : "needed by default/tuned otherwise@1") != std::string::npos);
  for (const char* name : {"base", "tuned", "tuned otherwise"}) {
    CAPTURE(name);
    CHECK(fault_of([&] { (void)exported(store, name); }) == Fault::data);
    CHECK(fault_of([&] { (void)open_model(store, name); }) == Fault::data);
  }
  CHECK(exported(store, "stranger") == weights_model(random_values(kFamilyElements, 9, 0.02F)));
}

TEST_CASE("damaged base: it stays, and what is added like it is coded alone") {
  const test::ScratchStore scratch{kCatalogOnly};
  {
    store::Store store = scratch.open();
    fill_with_family(store);
    SUBCASE("its bytes") {
      damage_base(store);
    }
    SUBCASE("its header") {
      damage_byte(store,
                  "SELECT pack_offset - 32 FROM extent"
                  " WHERE extent_id = (SELECT max(base_extent_id) FROM extent)");
    }
  }
  store::Store store = scratch.open();
  store::FsckOptions options;
  options.repair = true;
  (void)store::fsck(store, options, [](const store::Finding& finding) {
    CAPTURE(finding.what);
    CHECK_FALSE(finding.repaired);
  });
  CHECK(count(store, "extent") > 4);
  const ByteBuffer another =
      weights_model(moved_a_little(random_values(kFamilyElements, 1, 0.02F), 3));
  add(store, "another", another);
  CHECK(extents_of(store, Codec::weight_delta) == 2);
  CHECK(exported(store, "another") == another);
}

TEST_CASE("damage: a model that is a folder is named, and a snapshot that alone holds one") {
  const test::ScratchStore scratch{kCatalogOnly};
  const std::filesystem::path root =
      std::filesystem::path{scratch.directory()}.parent_path() / "hugging";
  std::filesystem::create_directory(root);
  const ByteBuffer weights = typed_safetensors(
      {{kOneTensor, DType::bf16, {1024, 64}, random_values(std::size_t{1024} * 64, 3)}});
  std::ofstream{root / "config.json"} << R"({"model_type": "llama"})";
  std::ofstream{root / "model.safetensors", std::ios::binary} << as_text(weights);
  store::Store store = scratch.open();
  {
    AtomizeOptions options;
    options.name = "folder";
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    REQUIRE(atomize_folder(store, writer, root.string(), options).kind == "model");
    transaction.commit();
  }
  add(store, "kept", weights);
  const store::Object kept = store::resolve_object(store, "kept");
  {
    store::WriteTransaction transaction{store};
    (void)store::create_snapshot(store, "before", {&kept, 1});
    (void)store::remove_object(store, kept);
    transaction.commit();
  }
  REQUIRE(scratch.tamper("UPDATE extent SET checksum = checksum + 1") == "");
  std::string all;
  for (const store::Finding& finding : findings_of(store, true)) all += finding.what + "\n";
  CAPTURE(all);
  CHECK(all.find("; needed by default/folder@1, default/kept@1 in snapshot before\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace hart::atom
