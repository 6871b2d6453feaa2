#include "atom/model_score.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "model_fixture.h"

namespace hart::atom {
namespace {

using tensor::DType;

TEST_CASE("score: rows are summed as float64 says, by squares and by norms, by any threads") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  // Several runs of whole rows; and one row of several runs.
  const std::vector<std::vector<std::uint64_t>> shapes{
      {1000, 1700}, {1'700'123}, {3, 2, 5}, {}};
  for (const auto& shape : shapes) {
    TypedTensor source{"w", DType::f32, shape, {}};
    std::uint64_t elements = 1;
    for (const std::uint64_t size : shape) elements *= size;
    source.values = random_values(elements, 3);
    add(store, "m", typed_gguf({source}));
    const CatalogModel model = catalog_model(store, "m");
    const std::uint64_t columns = shape.empty() ? 1 : shape[0];
    std::vector<double> norms(columns);
    for (std::size_t i = 0; i < columns; ++i) norms[i] = static_cast<double>(i % 13);
    for (const unsigned threads : {1u, 3u}) {
      const RowSums squares = sum_rows(store, model.tensors[0], {}, threads);
      const RowSums weighted = sum_rows(store, model.tensors[0], norms, threads);
      REQUIRE(squares.rows.size() == elements / columns);
      CHECK(squares.columns == columns);
      for (std::size_t row = 0; row < squares.rows.size(); ++row) {
        double square = 0, weight = 0;
        for (std::size_t i = 0; i < columns; ++i) {
          const double w = source.values[row * columns + i];
          square += w * w;
          weight += std::abs(w) * norms[i];
        }
        const double tolerance = static_cast<double>(columns + 1) * 2.3e-16;
        REQUIRE(squares.rows[row] == doctest::Approx(square).epsilon(tolerance));
        REQUIRE(weighted.rows[row] == doctest::Approx(weight).epsilon(tolerance));
      }
      CHECK(sum_rows(store, model.tensors[0], norms, 1).rows == weighted.rows);
    }
  }
}

TEST_CASE("score: what is not finite counts as zero, and norms must fit the columns") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const float infinite = std::numeric_limits<float>::infinity();
  add(store, "m",
      typed_gguf({{"w", DType::f32, {3, 2}, {1, infinite, 2, std::nanf(""), 3, 4}}}));
  const CatalogModel model = catalog_model(store, "m");
  CHECK(sum_rows(store, model.tensors[0], {}, 1).rows == std::vector<double>{5, 25});
  const std::vector<double> two{1, 2};
  CHECK(fault_of([&] { static_cast<void>(sum_rows(store, model.tensors[0], two, 1)); }) ==
        Fault::usage);
}

/// Three layers whose matrices are 1, 2 and 6 times as large, and norms that are alike.
CatalogModel add_layers(store::Store& store) {
  std::vector<TypedTensor> tensors{{"out.weight", DType::f32, {2}, {7, 7}}};
  const float scales[] = {1, 2, 6};
  for (std::size_t layer = 0; layer < 3; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const float scale = scales[layer];
    tensors.push_back(
        {prefix + "w.weight", DType::f32, {2, 2}, {scale, -scale, 3 * scale, 3 * scale}});
    tensors.push_back({prefix + "norm.weight", DType::f32, {2}, {1, 1}});
  }
  add(store, "layers", typed_gguf(tensors));
  return catalog_model(store, "layers");
}

TEST_CASE("score: a tensor's importance is its magnitude over the median of its role") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel model = add_layers(store);
  ScoreOptions options;
  options.with_rows = true;
  const auto scores = score_tensors(store, model, options);
  REQUIRE(scores.size() == 7);
  CHECK(scores[0].importance == 1);
  CHECK(scores[0].score == doctest::Approx(7));
  CHECK(scores[1].score == doctest::Approx(std::sqrt(5.0)));
  CHECK(scores[1].importance == doctest::Approx(0.5));
  CHECK(scores[3].importance == doctest::Approx(1));
  CHECK(scores[5].importance == doctest::Approx(3));
  CHECK(scores[2].importance == 1);
  // In units of the role's usual tensor, too: the layer of scale 2 has sqrt(20).
  REQUIRE(scores[5].row_importance.size() == 2);
  CHECK(scores[5].row_importance[0] == doctest::Approx(6 / std::sqrt(20.0)));
  CHECK(scores[5].row_importance[1] == doctest::Approx(18 / std::sqrt(20.0)));
  const auto layers = mean_by_layer(model, scores);
  REQUIRE(layers.size() == 3);
  CHECK(layers[0].name == "blk.0");
  CHECK(layers[0].importance == doctest::Approx(0.75));
  CHECK(layers[2].importance == doctest::Approx(2));
}

TEST_CASE("score: one tensor alone has the importance that it has among all") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel model = add_layers(store);
  ScoreOptions options;
  options.only = "blk.2.w.weight";
  const auto scores = score_tensors(store, model, options);
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].importance == doctest::Approx(3));
  options.only = "blk.7.w.weight";
  CHECK(fault_of([&] { static_cast<void>(score_tensors(store, model, options)); }) ==
        Fault::no_input);
}

TEST_CASE("score: by activation, quiet columns do not count, nor tensors without norms") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel model = add_layers(store);
  ScoreOptions options;
  options.column_norms = [](const std::string& name) {
    return name.ends_with(".w.weight") ? std::vector<double>{2, 0} : std::vector<double>{};
  };
  const auto scores = score_tensors(store, model, options);
  REQUIRE(scores.size() == 3);
  CHECK(scores[0].score == doctest::Approx((1 + 3) * 2 / 4.0));
  CHECK(scores[2].importance == doctest::Approx(3));
}

TEST_CASE("score: a role that is zero everywhere is as usual") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "zero",
      typed_gguf({{"blk.0.w", DType::f32, {2}, {0, 0}}, {"blk.1.w", DType::f32, {2}, {0, 0}}}));
  const auto scores = score_tensors(store, catalog_model(store, "zero"), {});
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].importance == 1);
}

TEST_CASE("score: the greatest and the least come in order, equal ones as they stand") {
  const std::vector<double> values{3, 1, 4, 1, 5};
  using Indexes = std::vector<std::size_t>;
  CHECK(greatest(values, 2) == Indexes{4, 2});
  CHECK(least(values, 3) == Indexes{1, 3, 0});
  CHECK(greatest(values, 9).size() == 5);
  CHECK(least({}, 3).empty());
}

}  // namespace
}  // namespace hart::atom
