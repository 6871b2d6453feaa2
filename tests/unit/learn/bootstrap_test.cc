#include "learn/bootstrap.h"

#include <doctest/doctest.h>

#include <random>

#include "learn/beta.h"

using namespace hart::learn;

TEST_CASE("median: the middle, the mean of two middles, and 0 of nothing") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(median({7}) == 7);
  CHECK(median({}) == 0);
}

TEST_CASE("quantile: nearest rank, at both ends too") {
  CHECK(quantile({10, 20, 30, 40}, 0.5) == 20);
  CHECK(quantile({10, 20, 30, 40}, 0.51) == 30);
  CHECK(quantile({10, 20, 30, 40}, 1) == 40);
  CHECK(quantile({10, 20, 30, 40}, 0.001) == 10);
  CHECK(quantile({}, 0.5) == 0);
}

TEST_CASE("bootstrap: without noise the bounds are the gain itself") {
  const PairedSeries halved{0, 3, {10, 10, 10}, {5, 5, 5}};
  const Interval gain = bootstrap_gain({&halved, 1}, 200, 1);
  CHECK(gain.estimate == 0.5);
  CHECK(gain.lower == 0.5);
  CHECK(gain.upper == 0.5);
}

TEST_CASE("bootstrap: weights decide how much an item's gain counts") {
  const std::vector<PairedSeries> items{{0, 9, {10}, {5}}, {1, 1, {10}, {20}}};
  CHECK(bootstrap_gain(items, 10, 1).estimate == doctest::Approx(1 - (45 + 20) / 100.0));
}

TEST_CASE("bootstrap: items are drawn within their stratum only") {
  // Were the strata mixed, the slow item could be drawn twice and the bounds would spread.
  const std::vector<PairedSeries> items{{0, 1, {10}, {5}}, {1, 1, {1000}, {1000}}};
  const Interval gain = bootstrap_gain(items, 500, 1);
  CHECK(gain.lower == doctest::Approx(gain.estimate));
  CHECK(gain.upper == doctest::Approx(gain.estimate));
  // In one stratum they do spread.
  const std::vector<PairedSeries> mixed{{0, 1, {10}, {5}}, {0, 1, {1000}, {1000}}};
  CHECK(bootstrap_gain(mixed, 500, 1).lower < bootstrap_gain(mixed, 500, 1).upper);
}

TEST_CASE("bootstrap: the same seed gives the same bounds") {
  std::mt19937_64 random{5};
  PairedSeries item{0, 1, {}, {}};
  for (int i = 0; i < 15; ++i) {
    item.before.push_back(10 + uniform_01(random));
    item.after.push_back(9 + uniform_01(random));
  }
  const Interval a = bootstrap_gain({&item, 1}, 300, 7);
  const Interval b = bootstrap_gain({&item, 1}, 300, 7);
  CHECK(a.lower == b.lower);
  CHECK(a.upper == b.upper);
  CHECK(a.lower <= a.estimate);
  CHECK(a.estimate <= a.upper);
}

TEST_CASE(
    "bootstrap: of 500 changes without effect at 3 % noise, at most 1 % seem to gain 5 %") {
  std::mt19937_64 random{11};
  int false_gains = 0;
  for (int change = 0; change < 500; ++change) {
    std::vector<PairedSeries> items;
    for (std::size_t q = 0; q < 6; ++q) {
      PairedSeries item{0, 1, {}, {}};
      for (int round = 0; round < 15; ++round) {
        item.before.push_back(100 * (1 + 0.06 * uniform_01(random)));
        item.after.push_back(100 * (1 + 0.06 * uniform_01(random)));
      }
      items.push_back(std::move(item));
    }
    if (bootstrap_gain(items, 200, 1).lower >= 0.05) ++false_gains;
  }
  CHECK(false_gains <= 5);
}

TEST_CASE("beta: the mean is Laplace's rule, and draws gather around it") {
  CHECK(BetaPosterior{0, 0}.mean() == 0.5);
  CHECK(BetaPosterior{3, 0}.mean() == 0.8);
  std::mt19937_64 random{3};
  const BetaPosterior posterior{7, 1};
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = posterior.sample(random);
    REQUIRE(draw > 0);
    REQUIRE(draw < 1);
    sum += draw;
    squares += draw * draw;
  }
  const double mean = sum / kDraws;
  // Beta(8, 2): mean 0.8, variance 8·2 / (10²·11); the bounds are five standard errors.
  CHECK(mean == doctest::Approx(0.8).epsilon(0.006));
  CHECK(squares / kDraws - mean * mean == doctest::Approx(16.0 / 1100).epsilon(0.1));
}
