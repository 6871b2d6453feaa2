#include "learn/isolation_forest.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"
#include "sklearn_fixture.h"

using hart::learn::average_path_length;
using hart::learn::IsolationForest;
using hart::learn::IsolationForestOptions;

namespace {

hart::learn::RowReader reader_of(const std::vector<double>& points, std::size_t dim) {
  return [&points, dim](std::size_t row, std::span<double> out) {
    std::copy_n(points.begin() + static_cast<std::ptrdiff_t>(row * dim), dim, out.begin());
  };
}

std::vector<double> scores_of(const std::vector<double>& points, std::size_t dim,
                              const IsolationForestOptions& options = {}) {
  const std::size_t n = points.size() / dim;
  return IsolationForest::fit(n, dim, reader_of(points, dim), options)
      .scores(n, reader_of(points, dim), options.threads);
}

}  // namespace

TEST_CASE("isolation forest: the values of scikit-learn's test_iforest_average_path_length") {
  constexpr double kGamma = 0.577215664901532860606512090082;
  CHECK(average_path_length(0) == 0);
  CHECK(average_path_length(1) == 0);
  CHECK(average_path_length(2) == 1);
  CHECK(average_path_length(5) ==
        doctest::Approx(2 * (std::log(4.0) + kGamma) - 2 * 4.0 / 5).epsilon(1e-12));
  CHECK(average_path_length(999) ==
        doctest::Approx(2 * (std::log(998.0) + kGamma) - 2 * 998.0 / 999).epsilon(1e-12));
  for (std::size_t n = 1; n < 5; ++n)
    CHECK(average_path_length(n) <= average_path_length(n + 1));
}

TEST_CASE("isolation forest: scikit-learn's toy samples, their last two the most anomalous") {
  const std::vector<std::vector<double>> samples{
      {-2, -1, -1, -1, -1, -2, 1, 1, 1, 2, 2, 1, 6, 3, -4, 7},
      {-2, -1, -1, -1, -1, -2, 1, 1, 1, 2, 2, 1, 7, 4, -5, 9}};
  for (const auto& points : samples) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto scores = scores_of(points, 2, {.seed = seed});
      CAPTURE(seed);
      CHECK(std::min(scores[6], scores[7]) >
            *std::max_element(scores.begin(), scores.end() - 2));
    }
  }
}

TEST_CASE("isolation forest: scores are those of scikit-learn within what seeds differ by") {
  const hart::Json fixture = read_fixture("forest.json");
  const std::vector<double> points = flatten(fixture["points"]);
  const auto expected = fixture["mean"].get<std::vector<double>>();
  const auto deviation = fixture["deviation"].get<std::vector<double>>();
  constexpr std::size_t kSeeds = 20;  // as many as the fixture's
  std::vector<double> mean(expected.size());
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto scores = scores_of(points, points.size() / expected.size(), {.seed = seed});
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += scores[i] / kSeeds;
  }
  double difference = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    CAPTURE(i);
    // Six standard errors of the difference of two means of twenty.
    CHECK(std::abs(mean[i] - expected[i]) <= 6 * deviation[i] * std::sqrt(2.0 / kSeeds));
    difference += (mean[i] - expected[i]) / static_cast<double>(mean.size());
  }
  CHECK(std::abs(difference) < 0.003);
}

TEST_CASE("isolation forest: the same seed gives the same scores on any number of threads") {
  std::mt19937_64 random{3};
  std::vector<double> points(3'000);
  for (double& x : points) x = static_cast<double>(random() % 1000);
  const auto one = scores_of(points, 3, {.seed = 9, .threads = 1});
  CHECK(one == scores_of(points, 3, {.seed = 9, .threads = 5}));
  CHECK(one != scores_of(points, 3, {.seed = 10, .threads = 1}));
}

TEST_CASE("isolation forest: scaling and shifting a column changes no score") {
  std::mt19937_64 random{4};
  std::vector<double> points(1'000), scaled;
  for (double& x : points) x = static_cast<double>(random() % 4096);
  for (std::size_t i = 0; i < points.size(); ++i)
    scaled.push_back(i % 2 == 0 ? points[i] : points[i] * 1024 - 512);
  CHECK(scores_of(points, 2) == scores_of(scaled, 2));
}

TEST_CASE("isolation forest: equal rows, one row, and columns that never differ") {
  const auto equal = scores_of(std::vector<double>(40, 7.0), 2);
  CHECK(std::all_of(equal.begin(), equal.end(), [&](double s) { return s == equal[0]; }));
  CHECK(equal[0] == doctest::Approx(0.5));
  CHECK(scores_of({1, 2, 3}, 3) == std::vector<double>{0.5});
  std::vector<double> points;
  for (int i = 0; i < 50; ++i) points.insert(points.end(), {1.0, i == 13 ? 100.0 : i * 0.1});
  const auto scores = scores_of(points, 2);
  CHECK(std::max_element(scores.begin(), scores.end()) - scores.begin() == 13);
}

TEST_CASE("isolation forest: values at the ends of double are split, and infinities refused") {
  constexpr double kMost = std::numeric_limits<double>::max();
  const double next = std::nextafter(1.0, 2.0);
  for (const std::vector<double>& points :
       {std::vector<double>{-kMost, kMost, 0, 1}, std::vector<double>{1, next, 1, next}}) {
    for (const double score : scores_of(points, 1)) {
      CHECK(score > 0);
      CHECK(score < 1);
    }
  }
  CHECK_THROWS_AS((void)scores_of({1, INFINITY}, 1), hart::Error);
  CHECK_THROWS_AS((void)scores_of({1, 2}, 1, {.trees = 0}), hart::Error);
  CHECK_THROWS_AS((void)scores_of({1, 2}, 1, {.subsample = 0}), hart::Error);
  CHECK_THROWS_AS((void)IsolationForest::fit(0, 1, {}, {}), hart::Error);
}
