#include "learn/dbscan.h"

#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <random>

#include "core/error.h"
#include "sklearn_fixture.h"

using hart::learn::dbscan;
using hart::learn::DbscanOptions;
using hart::learn::kNoise;

namespace {

double squared(const std::vector<double>& points, std::size_t dim, std::size_t a,
               std::size_t b) {
  double sum = 0;
  for (std::size_t c = 0; c < dim; ++c) {
    const double difference = points[a * dim + c] - points[b * dim + c];
    sum += difference * difference;
  }
  return sum;
}

/// The definition, point after point as Ester et al. have it: every distance is computed.
std::vector<std::int32_t> textbook(const std::vector<double>& points, std::size_t dim,
                                   const DbscanOptions& options) {
  const std::size_t n = points.size() / dim;
  const auto neighbours = [&](std::size_t point) {
    std::vector<std::size_t> found;
    for (std::size_t other = 0; other < n; ++other)
      if (squared(points, dim, point, other) <= options.eps * options.eps)
        found.push_back(other);
    return found;
  };
  std::vector<std::int32_t> labels(n, kNoise);
  std::int32_t clusters = 0;
  for (std::size_t first = 0; first < n; ++first) {
    if (labels[first] != kNoise || neighbours(first).size() < options.min_points) continue;
    std::deque<std::size_t> open{first};
    labels[first] = clusters;
    for (; !open.empty(); open.pop_front()) {
      const auto found = neighbours(open.front());
      if (found.size() < options.min_points) continue;
      for (const std::size_t other : found) {
        if (labels[other] != kNoise) continue;
        labels[other] = clusters;
        open.push_back(other);
      }
    }
    ++clusters;
  }
  return labels;
}

/// Blobs, a line, duplicates and noise; `step` > 0 rounds to a lattice with many ties.
std::vector<double> mixed_points(std::size_t n, std::size_t dim, double step,
                                 std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::vector<double> points;
  for (std::size_t i = 0; i < n; ++i) {
    const double spread = i % 4 == 0 ? 4 : 0.2 + 0.2 * static_cast<double>(i % 4);
    for (std::size_t c = 0; c < dim; ++c) {
      const double x = static_cast<double>(i % 4) + spread * normal(random);
      points.push_back(step > 0 ? std::round(x / step) * step : x);
    }
  }
  return points;
}

}  // namespace

TEST_CASE("dbscan: the labels of scikit-learn, their numbers too") {
  const hart::Json fixture = read_fixture("dbscan.json");
  REQUIRE(fixture["tables"].size() == 5);
  for (const hart::Json& table : fixture["tables"]) {
    const std::vector<double> points = flatten(table["points"]);
    const DbscanOptions options{table["eps"].get<double>(),
                                table["min_points"].get<std::size_t>()};
    CAPTURE(options.eps);
    CHECK(dbscan(points, options).labels == table["labels"].get<std::vector<std::int32_t>>());
  }
}

TEST_CASE("dbscan: the grid gives the labels of the definition on points in all densities") {
  for (const double step : {0.0, 0.25}) {
    for (const double eps : {0.01, 0.25, 0.5, 0.75, 2.0, 50.0}) {
      for (const std::size_t min_points : {1u, 2u, 5u, 40u}) {
        const auto points = mixed_points(400, 3, step, 11);
        const DbscanOptions options{eps, min_points};
        const auto result = dbscan(points, options);
        CAPTURE(step);
        CAPTURE(eps);
        CAPTURE(min_points);
        CHECK(result.labels == textbook(points, 3, options));
        CHECK(static_cast<std::int32_t>(result.clusters) ==
              *std::max_element(result.labels.begin(), result.labels.end()) + 1);
      }
    }
  }
}

TEST_CASE("dbscan: places that lose dimensions give the labels of the whole space") {
  constexpr std::size_t kDim = 8;
  const auto points = mixed_points(500, kDim, 0, 5);
  std::vector<double> places;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (i % kDim < 3) places.push_back(points[i]);
  for (const double eps : {0.3, 1.0, 1.5, 4.0}) {
    const DbscanOptions options{eps, 4, 3};
    const auto near = [&](std::uint32_t a, std::uint32_t b) {
      return squared(points, kDim, a, b) <= eps * eps;
    };
    CAPTURE(eps);
    CHECK(dbscan(places, near, options).labels == textbook(points, kDim, options));
  }
}

TEST_CASE("dbscan: a border point between two clusters goes to the lower label") {
  // Two rows of three core points, and one point that both ends reach.
  std::vector<double> points;
  for (const double x : {0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0})
    points.insert(points.end(), {x, 0, 0});
  const DbscanOptions options{1.0, 4};
  const auto labels = dbscan(points, {1.0, 3}).labels;
  CHECK(labels == textbook(points, 3, {1.0, 3}));
  CHECK(dbscan(points, options).labels == std::vector<std::int32_t>{0, 0, 0, 0, 1, 1, 1});
  CHECK(dbscan(points, options).labels == textbook(points, 3, options));
}

TEST_CASE("dbscan: a distance of exactly eps counts") {
  const std::vector<double> points{0, 0, 0, 3, 4, 0};
  CHECK(dbscan(points, {5, 2}).clusters == 1);
  CHECK(dbscan(points, {std::nextafter(5.0, 0.0), 2}).clusters == 0);
}

TEST_CASE("dbscan: cells that cannot be as small as eps asks still give the labels") {
  // 4 / 2^21 is more than eps / √3: the cells grow and are no cliques any more.
  auto points = mixed_points(300, 3, 0, 8);
  points.insert(points.end(), points.begin(), points.begin() + 60);
  points.insert(points.end(), {1e6, 0, 0, 1e6 + 1e-9, 0, 0});
  for (const double eps : {1e-12, 1e-9, 1e-3}) {
    const DbscanOptions options{eps, 2};
    CAPTURE(eps);
    CHECK(dbscan(points, options).labels == textbook(points, 3, options));
  }
}

TEST_CASE("dbscan: any number of threads gives the same labels") {
  const auto points = mixed_points(6'000, 3, 0.05, 21);
  const auto one = dbscan(points, {0.3, 6, 1});
  CHECK(one.clusters > 1);
  for (const unsigned threads : {2u, 3u, 8u}) {
    CHECK(one.labels == dbscan(points, {0.3, 6, threads}).labels);
    const auto near = [&](std::uint32_t a, std::uint32_t b) {
      return squared(points, 3, a, b) <= 0.3 * 0.3;
    };
    CHECK(one.labels == dbscan(points, near, {0.3, 6, threads}).labels);
  }
}

TEST_CASE("dbscan: nothing, one point, and parameters that mean nothing") {
  CHECK(dbscan({}, {1, 5}).labels.empty());
  const std::vector<double> one{1, 2, 3};
  CHECK(dbscan(one, {1, 1}).labels == std::vector<std::int32_t>{0});
  CHECK(dbscan(one, {1, 2}).labels == std::vector<std::int32_t>{kNoise});
  for (const double eps : {0.0, -1.0, static_cast<double>(INFINITY), std::nan("")})
    CHECK_THROWS_AS((void)dbscan(one, {eps, 5}), hart::Error);
  CHECK_THROWS_AS((void)dbscan(one, {1, 0}), hart::Error);
  CHECK_THROWS_AS((void)dbscan(std::vector<double>{1, std::nan(""), 0}, {1, 5}), hart::Error);
}

TEST_CASE("dbscan: the knee of a curve is where it turns up") {
  CHECK(hart::learn::knee_of(std::vector<double>{1, 1.1, 1.2, 1.3, 9}) == 1.3);
  CHECK(hart::learn::knee_of(std::vector<double>{2, 2, 2}) == 2);
  CHECK(hart::learn::knee_of(std::vector<double>{1, 2, 3}) == 3);
  CHECK(hart::learn::knee_of({}) == 0);
}
