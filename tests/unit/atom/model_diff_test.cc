#include "atom/model_diff.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "atom/passage_diff.h"
#include "model_fixture.h"

namespace hart::atom {
namespace {

using tensor::DType;

std::vector<TensorPair> pairs_of(store::Store& store, CatalogModel& a, CatalogModel& b,
                                 const std::vector<TestTensor>& tensors_a,
                                 const std::vector<TestTensor>& tensors_b) {
  add(store, "a", gguf_file(tensors_a, {}));
  add(store, "b", gguf_file(tensors_b, {}));
  a = catalog_model(store, "a");
  b = catalog_model(store, "b");
  return pair_tensors(a.tensors, b.tensors);
}

std::string text_of(const TensorPair& pair) {
  return std::string{state_name(pair.state)} + " " + (pair.a != nullptr ? pair.a->name : "-") +
         " " + (pair.b != nullptr ? pair.b->name : "-");
}

TEST_CASE("diff: every tensor is in one pair, and the pair tells what became of it") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CatalogModel a, b;
  const auto pairs = pairs_of(store, a, b,
                              {{"same", {2}, {1, 2}},
                               {"near", {3}, {1, 2, 3}},
                               {"shape", {3}, {4, 5, 6}},
                               {"gone", {1}, {9}},
                               {"old name", {4}, {1, 1, 2, 2}}},
                              {{"new name", {4}, {1, 1, 2, 2}},
                               {"shape", {2}, {4, 5}},
                               {"near", {3}, {1, 2, 4}},
                               {"same", {2}, {1, 2}},
                               {"added", {1}, {8}}});
  std::vector<std::string> found;
  for (const TensorPair& pair : pairs) found.push_back(text_of(pair));
  CHECK(found == std::vector<std::string>{"shared same same", "near near near",
                                          "different shape shape", "only_a gone -",
                                          "moved old name new name", "only_b - added"});
}

TEST_CASE("diff: a layer under another number is moved, not compared with its number's") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CatalogModel a, b;
  const auto pairs =
      pairs_of(store, a, b,
               {{"out", {1}, {3}},
                {"blk.0.w", {2}, {1, 2}},
                {"blk.0.v", {2}, {5, 5}},
                {"blk.1.w", {2}, {3, 4}},
                {"blk.1.v", {2}, {6, 6}}},
               {{"out", {1}, {3}}, {"blk.0.w", {2}, {3, 4}}, {"blk.0.v", {2}, {6, 6}}});
  std::vector<std::string> found;
  for (const TensorPair& pair : pairs) found.push_back(text_of(pair));
  CHECK(found == std::vector<std::string>{"shared out out", "only_a blk.0.w -",
                                          "only_a blk.0.v -", "moved blk.1.w blk.0.w",
                                          "moved blk.1.v blk.0.v"});
  const auto layers =
      sum_layers(pairs, std::vector<std::optional<TensorDistance>>(pairs.size()));
  REQUIRE(layers.size() == 3);
  CHECK(layers[0].name.empty());
  CHECK(layers[0].moved_to.empty());
  CHECK(layers[1].name == "blk.0");
  CHECK(layers[1].counts[static_cast<std::size_t>(TensorState::only_a)] == 2);
  CHECK(layers[2].moved_to == "blk.0");
  CHECK(layers[2].tensors() == 2);
}

TEST_CASE("diff: equal tensors are paired once each, however often they stand") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  CatalogModel a, b;
  const auto pairs = pairs_of(store, a, b, {{"x", {1}, {7}}, {"y", {1}, {7}}, {"z", {1}, {7}}},
                              {{"p", {1}, {7}}, {"q", {1}, {7}}});
  std::map<TensorState, int> counts;
  for (const TensorPair& pair : pairs) ++counts[pair.state];
  CHECK(counts[TensorState::moved] == 2);
  CHECK(counts[TensorState::only_a] == 1);
  CHECK(pairs[0].b->name == "p");
  CHECK(pairs[1].b->name == "q");
}

/// Both models with one tensor "w", and its distance.
TensorDistance distance_of(store::Store& store, const TypedTensor& a, const TypedTensor& b,
                           unsigned threads = 1) {
  add(store, "a", typed_gguf({a}));
  add(store, "b", typed_gguf({b}));
  const CatalogModel model_a = catalog_model(store, "a"), model_b = catalog_model(store, "b");
  return measure_distance(store, model_a.tensors.at(0), model_b.tensors.at(0), threads);
}

TEST_CASE("distance: small tensors by hand") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const TensorDistance distance = distance_of(store, {"w", DType::f32, {5}, {3, 4, 0, 0, 0}},
                                              {"w", DType::f32, {5}, {3, 0, 0, 0, -0.0f}});
  CHECK(distance.elements == 5);
  CHECK(distance.changed == 2);  // -0 has other bits
  CHECK(distance.relative() == doctest::Approx(4.0 / 5));
  CHECK(distance.cosine() == doctest::Approx(9.0 / (5 * 3)));
  CHECK(distance.largest_difference == 4);
  CHECK(distance.changed_ratio() == doctest::Approx(0.4));
}

TEST_CASE("distance: zeros and what is not finite have figures, too") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const float infinite = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const TensorDistance from_zero =
      distance_of(store, {"w", DType::f32, {2}, {0, 0}}, {"w", DType::f32, {2}, {1, 0}});
  CHECK(std::isinf(from_zero.relative()));
  CHECK(from_zero.cosine() == 0);
  const TensorDistance odd =
      distance_of(store, {"w", DType::f32, {5}, {nan, 1, infinite, 2, 2}},
                  {"w", DType::f32, {5}, {nan, 1, 5, -infinite, 3}});
  CHECK(odd.not_finite == 3);
  CHECK(odd.changed == 3);
  CHECK(odd.squared_a == 5);
  CHECK(odd.squared_difference == 1);
  CHECK(odd.largest_difference == 1);
}

/// Longer than a run of two threads, and no multiple of anything.
constexpr std::size_t kMany = (std::size_t{3} << 19) + 12'345;

TEST_CASE("distance: a long tensor is measured as float64 says, the same by any threads") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::vector<float> a = random_values(kMany, 1), b = a;
  for (std::size_t i = 0; i < kMany; i += 7) b[i] += 0.01f * a[(i * 3) % kMany];
  double aa = 0, dd = 0;
  std::uint64_t changed = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    dd += difference * difference;
    changed += a[i] != b[i] ? 1u : 0u;
  }
  const TypedTensor first{"w", DType::f32, {kMany}, a}, second{"w", DType::f32, {kMany}, b};
  const TensorDistance one = distance_of(store, first, second, 1);
  // n additions in binary64 err by less than n ulps of the sum.
  CHECK(one.relative() == doctest::Approx(std::sqrt(dd / aa)).epsilon(kMany * 2.3e-16));
  CHECK(one.changed == changed);
  for (const unsigned threads : {2u, 5u}) {
    const TensorDistance again = distance_of(store, first, second, threads);
    CHECK(again.squared_a == one.squared_a);
    CHECK(again.product == one.product);
    CHECK(again.squared_difference == one.squared_difference);
    CHECK(again.changed == one.changed);
  }
}

TEST_CASE("distance: a quantised tensor is as far from its source as its values are") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const std::vector<float> values = random_values(256 * 300, 2);
  for (const DType dtype : {DType::bf16, DType::f16, DType::q8_0, DType::q4_k}) {
    const TypedTensor quantised{"w", dtype, {256, 300}, values};
    std::vector<float> decoded(values.size());
    tensor::dequantize_row(dtype, quantised.bytes(), decoded);
    double aa = 0, dd = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      aa += std::pow(values[i], 2);
      dd += std::pow(static_cast<double>(values[i]) - static_cast<double>(decoded[i]), 2);
    }
    const TensorDistance distance =
        distance_of(store, {"w", DType::f32, {256, 300}, values}, quantised, 2);
    CAPTURE(tensor::dtype_info(dtype).name);
    CHECK(distance.relative() == doctest::Approx(std::sqrt(dd / aa)).epsilon(1e-9));
    CHECK(distance.relative() > 0);
    CHECK(distance.relative() < 0.2);
  }
}

TEST_CASE("metadata: keys that differ are told with both values, long arrays by length") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  formats::GgufWriter a, b;
  a.add_string("same", "x");
  b.add_string("same", "x");
  a.add_u32("number", 1);
  b.add_u32("number", 2);
  a.add_u32("type", 1);
  b.add_f32("type", 1);
  a.add_string("gone", "old");
  b.add_floats("list", std::vector<float>(65, 1.5f));
  add(store, "a", typed_gguf({}, a));
  add(store, "b", typed_gguf({}, b));
  const auto differences = diff_metadata(catalog_model(store, "a"), catalog_model(store, "b"));
  REQUIRE(differences.size() == 4);
  CHECK(differences[0].key == "number");
  CHECK(differences[0].a == 1);
  CHECK(differences[0].b == 2);
  CHECK(differences[1].key == "type");
  CHECK(differences[2].key == "gone");
  CHECK(differences[2].b.is_null());
  CHECK(differences[3].b == "array of 65 elements");
  CHECK(diff_metadata(catalog_model(store, "a"), catalog_model(store, "a")).empty());
}

TEST_CASE("passages: paired by content, in order, as often as both have them") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add_text(store, "a", "one fish\n\ntwo fish\n\none fish\n\nred fish\n");
  add_text(store, "b", "red fish\n\none fish\n\nblue fish\n");
  const auto passages = diff_passages(store, store::resolve_object(store, "a"),
                                      store::resolve_object(store, "b"));
  std::vector<std::string> found;
  const auto index = [](const std::optional<std::uint64_t>& i) {
    return i ? std::to_string(*i) : "-";
  };
  for (const PassageDiff& passage : passages)
    found.push_back(index(passage.index_a) + index(passage.index_b) + " " +
                    store::atom_text(store, passage.atom.atom_id));
  CHECK(found == std::vector<std::string>{"01 one fish", "1- two fish", "2- one fish",
                                          "30 red fish", "-2 blue fish"});
}

TEST_CASE("passages: a model has none, nor has a text that was not taken apart") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add_text(store, "text", "hello\n");
  AtomizeOptions whole;
  whole.materialize = Materialize::none;
  add(store, "whole", as_bytes("hello there\n"), whole);
  add(store, "model", gguf_file({}, {}));
  const auto object = [&](const char* name) { return store::resolve_object(store, name); };
  for (const char* other : {"whole", "model"})
    CHECK(fault_of([&] {
            static_cast<void>(diff_passages(store, object("text"), object(other)));
          }) == Fault::data);
}

}  // namespace
}  // namespace hart::atom
