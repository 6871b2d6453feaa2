#include "search/anomaly.h"

#include <doctest/doctest.h>

#include "../index/store_fixture.h"
#include "learn/local_outlier_factor.h"
#include "search/embedding_rows.h"

namespace {

using namespace hart::search;
using hart::learn::AnomalyMethod;
using hart::learn::AnomalyOptions;

/// A bundle of directions, the 300th of 400 pointing elsewhere.
std::vector<std::vector<float>> bundle() {
  auto vectors = random_vectors(400, 5);
  for (std::size_t i = 0; i < vectors.size(); ++i)
    for (float& x : vectors[i]) x = i == 300 ? -3 : 3 + 0.5F * x;
  return vectors;
}

TEST_CASE("embedding anomalies: the vector that points elsewhere comes first by any method") {
  StoreFixture fixture;
  const auto atoms = fixture.put(bundle());
  for (const auto method : {AnomalyMethod::forest, AnomalyMethod::lof, AnomalyMethod::both}) {
    AnomalyOptions options;
    options.method = method;
    const auto found = embedding_anomalies(fixture.store(), fixture.model(), options);
    REQUIRE(found.size() == 400);
    CHECK(found[0].atom_id == atoms[300]);
    CHECK(found[0].anomaly.forest.has_value() == (method != AnomalyMethod::lof));
    CHECK(found[0].anomaly.lof.has_value() == (method != AnomalyMethod::forest));
    for (std::size_t i = 1; i < found.size(); ++i)
      CHECK(found[i - 1].anomaly.score >= found[i].anomaly.score);
    if (method == AnomalyMethod::both) CHECK(found[0].anomaly.score == 1);
  }
}

TEST_CASE("embedding anomalies: local outlier factors are those of the rows in double") {
  StoreFixture fixture;
  fixture.put(bundle());
  const EmbeddingRows rows = read_embedding_rows(fixture.store(), fixture.model());
  const std::vector<double> table(rows.values.begin(), rows.values.end());
  const auto expected = hart::learn::local_outlier_factors(
      hart::learn::nearest_neighbors(table, rows.dim, 20, 1), rows.size());
  AnomalyOptions options;
  options.method = AnomalyMethod::lof;
  for (const auto& [atom, anomaly] :
       embedding_anomalies(fixture.store(), fixture.model(), options))
    CHECK(anomaly.score == doctest::Approx(expected[anomaly.row]).epsilon(1e-4));
}

TEST_CASE("embedding anomalies: any number of threads gives the same ranks and scores") {
  StoreFixture fixture;
  fixture.put(random_vectors(900, 2));
  const auto one = embedding_anomalies(fixture.store(), fixture.model(), {});
  AnomalyOptions options;
  options.forest.threads = 4;
  const auto many = embedding_anomalies(fixture.store(), fixture.model(), options);
  REQUIRE(one.size() == many.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].atom_id == many[i].atom_id);
    CHECK(one[i].anomaly.score == many[i].anomaly.score);
    CHECK(one[i].anomaly.lof == many[i].anomaly.lof);
  }
}

TEST_CASE("embedding anomalies: no vectors, one vector, and fewer than the neighbours") {
  StoreFixture fixture;
  CHECK(embedding_anomalies(fixture.store(), fixture.model(), {}).empty());
  fixture.put(random_vectors(1, 3), "x");
  const auto one = embedding_anomalies(fixture.store(), fixture.model(), {});
  REQUIRE(one.size() == 1);
  CHECK(one[0].anomaly.lof == 1);
  CHECK(one[0].anomaly.forest == 0.5);
  fixture.put(random_vectors(4, 4), "y");
  CHECK(embedding_anomalies(fixture.store(), fixture.model(), {}).size() == 5);
}

}  // namespace
