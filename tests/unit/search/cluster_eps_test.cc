#include "search/cluster_eps.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "learn/dbscan.h"

namespace {

using namespace hart::search;
using Points = std::vector<double>;  // (n, 3)

double apart(const Points& points, std::size_t a, std::size_t b) {
  return std::hypot(points[3 * a] - points[3 * b], points[3 * a + 1] - points[3 * b + 1],
                    points[3 * a + 2] - points[3 * b + 2]);
}

double choose(const Points& points, const ClusterEpsOptions& options) {
  return choose_cluster_eps(
      points.size() / 3, [&](std::uint32_t a, std::uint32_t b) { return apart(points, a, b); },
      options);
}

/// Blobs of standard deviation 1 around corners of a cube of side `side`.
Points corner_blobs(std::size_t n, std::size_t blobs, double side, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  Points points;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      points.push_back((((i % blobs) >> c) & 1 ? side : 0) + normal(random));
  return points;
}

/// Adds one point anywhere in the cube for each `every` points.
void add_noise(Points& points, std::size_t every, double side, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> anywhere{-side / 2, 1.5 * side};
  for (std::size_t i = points.size() / 3 / every; i > 0; --i)
    for (std::size_t c = 0; c < 3; ++c) points.push_back(anywhere(random));
}

/// Sizes of the clusters at eps, the largest first.
std::vector<std::size_t> sizes_at(const Points& points, double eps) {
  const auto found = hart::learn::dbscan(points, {eps, 5});
  std::vector<std::size_t> sizes(found.clusters);
  for (const std::int32_t label : found.labels)
    if (label >= 0) ++sizes[static_cast<std::size_t>(label)];
  std::sort(sizes.rbegin(), sizes.rend());
  return sizes;
}

/// The knee of the whole curve.
double knee(const Points& points) {
  std::vector<double> curve;
  for (std::size_t a = 0; a < points.size() / 3; ++a) {
    std::vector<double> row;
    for (std::size_t b = 0; b < points.size() / 3; ++b) row.push_back(apart(points, a, b));
    std::nth_element(row.begin(), row.begin() + 4, row.end());
    curve.push_back(row[4]);
  }
  std::sort(curve.begin(), curve.end());
  return hart::learn::knee_of(curve);
}

TEST_CASE("cluster eps: where the knee makes one giant cluster, the blobs are told apart") {
  for (const std::uint64_t seed : {3u, 4u, 5u}) {
    Points points = corner_blobs(1'000, 5, 5, seed);
    add_noise(points, 10, 5, seed);
    CAPTURE(seed);
    REQUIRE(sizes_at(points, knee(points)).front() >= 800);
    const auto chosen = sizes_at(points, choose(points, {}));
    REQUIRE(chosen.size() >= 5);
    CHECK(chosen[0] <= 220);
    CHECK(chosen[4] >= 120);
    if (chosen.size() > 5) CHECK(chosen[5] < 30);
  }
}

TEST_CASE("cluster eps: where the knee tells the blobs apart, it stays") {
  Points points = corner_blobs(1'000, 5, 14, 3);
  add_noise(points, 5, 14, 4);
  const double eps = choose(points, {});
  CHECK(eps == knee(points));
  const auto sizes = sizes_at(points, eps);
  REQUIRE(sizes.size() == 5);
  CHECK(sizes[4] >= 190);
}

TEST_CASE("cluster eps: one blob is one cluster of nearly all, whatever is sampled") {
  const Points points = corner_blobs(2'000, 1, 0, 7);
  for (const std::size_t sample_rows : {300u, 2'000u}) {
    ClusterEpsOptions options;
    options.sample_rows = sample_rows;
    const auto sizes = sizes_at(points, choose(points, options));
    REQUIRE(!sizes.empty());
    CHECK(sizes[0] >= 1'800);
    if (sizes.size() > 1) CHECK(sizes[1] < 20);
  }
}

TEST_CASE("cluster eps: a sparse sample gives an eps that fits the dense whole") {
  Points points = corner_blobs(6'000, 5, 12, 5);
  add_noise(points, 10, 12, 6);
  ClusterEpsOptions options;
  options.sample_rows = 400;
  options.curve_rows = 200;
  std::vector<double> of_seed;
  for (options.seed = 1; options.seed <= 4; ++options.seed) {
    of_seed.push_back(choose(points, options));
    const auto sizes = sizes_at(points, of_seed.back());
    REQUIRE(sizes.size() >= 5);
    CHECK(sizes[0] <= 1'300);
    CHECK(sizes[4] >= 900);
    if (sizes.size() > 5) CHECK(sizes[5] < 60);
  }
  CHECK(of_seed[0] != of_seed[1]);
  options.seed = 1;
  options.threads = 3;
  CHECK(choose(points, options) == of_seed[0]);
  // The sample alone is some 15 times sparser; its own distances are longer.
  Points sample{points.begin(), points.begin() + 1'200};
  CHECK(choose(sample, {}) > 1.3 * of_seed[0]);
}

TEST_CASE("cluster eps: is positive for duplicates and for two points") {
  CHECK(choose(Points(30, 0.5), {}) > 0);
  CHECK(choose({0, 0, 0, 1, 0, 0}, {}) == 1);
  ClusterEpsOptions options;
  options.min_points = 1;
  CHECK(choose({0, 0, 0, 0, 0, 0, 1, 0, 0}, options) > 0);
}

}  // namespace
