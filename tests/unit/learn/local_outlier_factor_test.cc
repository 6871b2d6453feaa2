#include "learn/local_outlier_factor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.h"
#include "sklearn_fixture.h"

using hart::learn::local_outlier_factors;
using hart::learn::nearest_neighbors;
using hart::learn::NeighborMethod;
using hart::learn::NeighborTable;

namespace {

std::vector<double> factors_of(const std::vector<double>& points, std::size_t dim,
                               std::size_t k) {
  return local_outlier_factors(nearest_neighbors(points, dim, k, 1), points.size() / dim);
}

/// Seeded; rounded to tenths, so that many rows are equally far apart.
std::vector<double> tied_points(std::size_t n, std::size_t dim) {
  std::mt19937_64 random{n * 31 + dim};
  std::vector<double> points(n * dim);
  for (double& x : points) x = static_cast<double>(random() % 20) / 10;
  return points;
}

}  // namespace

TEST_CASE("local outlier factor: the values of scikit-learn's test_lof_values") {
  const double root = std::sqrt(2.0);
  const double s_0 = 2 * root / (1 + root);
  const double s_1 = (1 + root) * (1 / (4 * root) + 1 / (2 + 2 * root));
  const auto factors = factors_of({1, 1, 1, 2, 2, 1}, 2, 2);
  REQUIRE(factors.size() == 3);
  CHECK(factors[0] == doctest::Approx(s_0).epsilon(1e-7));
  CHECK(factors[1] == doctest::Approx(s_1).epsilon(1e-7));
  CHECK(factors[2] == doctest::Approx(s_1).epsilon(1e-7));
}

TEST_CASE("local outlier factor: the two outliers of scikit-learn's test_lof stand out") {
  const std::vector<double> points{-2, -1, -1, -1, -1, -2, 1, 1, 1, 2, 2, 1, 5, 3, -4, 2};
  const auto factors = factors_of(points, 2, 5);
  CHECK(std::min(factors[6], factors[7]) >
        *std::max_element(factors.begin(), factors.end() - 2));
}

TEST_CASE("local outlier factor: every value of scikit-learn on larger tables") {
  const hart::Json fixture = read_fixture("lof.json");
  REQUIRE(fixture["tables"].size() == 4);
  for (const hart::Json& table : fixture["tables"]) {
    const std::vector<double> points = flatten(table["points"]);
    const auto expected = table["factors"].get<std::vector<double>>();
    const auto k = table["k"].get<std::size_t>();
    const auto factors = factors_of(points, points.size() / expected.size(), k);
    REQUIRE(factors.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(k);
      CAPTURE(i);
      CHECK(std::abs(factors[i] - expected[i]) <= 1e-6 * expected[i]);
    }
  }
}

TEST_CASE("local outlier factor: more duplicates than neighbours stay finite") {
  std::vector<double> points(20, 1.5);  // ten times the same row
  points.insert(points.end(), {2.5, 1.5});
  const auto factors = factors_of(points, 2, 5);
  for (std::size_t i = 0; i < 10; ++i) CHECK(factors[i] == doctest::Approx(1));
  CHECK(factors[10] > 1e9);
  CHECK(std::isfinite(factors[10]));
}

TEST_CASE("local outlier factor: k is cut to the other rows, and one row has none") {
  CHECK(factors_of({3, 4}, 2, 20) == std::vector<double>{1});
  CHECK(factors_of({}, 2, 20).empty());
  const auto all = nearest_neighbors(tied_points(6, 2), 2, 20, 1);
  CHECK(all.k == 5);
}

TEST_CASE("nearest neighbours: the tree finds what the scan finds, ties included") {
  for (const std::size_t dim : {1u, 2u, 3u, 7u, 13u}) {
    for (const std::size_t n : {2u, 16u, 17u, 33u, 700u}) {
      const auto points = tied_points(n, dim);
      const NeighborTable scan =
          nearest_neighbors(points, dim, 9, 1, NeighborMethod::brute_force);
      const NeighborTable tree = nearest_neighbors(points, dim, 9, 1, NeighborMethod::kd_tree);
      CAPTURE(dim);
      CAPTURE(n);
      CHECK(scan.rows == tree.rows);
      CHECK(scan.distances == tree.distances);
    }
  }
}

TEST_CASE("nearest neighbours: equal distances stand by ascending row, never the row itself") {
  const auto table = nearest_neighbors(std::vector<double>{5, 5, 5, 5, 6}, 1, 3, 1);
  CHECK(table.rows == std::vector<std::uint32_t>{1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2, 0, 1, 2});
  CHECK(table.distances[12] == 1);
}

TEST_CASE("nearest neighbours: any number of threads gives the same table") {
  const auto points = tied_points(1'500, 3);
  const auto one = nearest_neighbors(points, 3, 12, 1);
  for (const auto method : {NeighborMethod::kd_tree, NeighborMethod::brute_force}) {
    const auto many = nearest_neighbors(points, 3, 12, 7, method);
    CHECK(one.rows == many.rows);
    CHECK(one.distances == many.distances);
  }
}

TEST_CASE("nearest neighbours: values whose squares are not finite are refused") {
  for (const double bad : {std::nan(""), HUGE_VAL, 1e200, -1e200})
    CHECK_THROWS_AS((void)nearest_neighbors(std::vector<double>{1, bad}, 1, 1, 1), hart::Error);
  CHECK_NOTHROW((void)nearest_neighbors(std::vector<double>{-1e150, 1e150}, 1, 1, 1));
}
