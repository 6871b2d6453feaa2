#include "index/metric.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

using hart::index::DistanceFrom;
using hart::index::find_metric;
using hart::index::Metric;
using hart::index::metric_name;
using hart::index::similarity;

TEST_CASE("metric: each name finds the metric that has it, and no other name finds one") {
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot})
    CHECK(find_metric(metric_name(metric)) == metric);
  CHECK_FALSE(find_metric("euclid").has_value());
  CHECK_FALSE(find_metric("").has_value());
}

TEST_CASE("metric: distances of two known vectors are their textbook values") {
  const std::vector<float> a{3, 4, 0};
  const std::vector<float> b{0, 4, 3};
  CHECK(DistanceFrom(Metric::cosine, a)(b) == doctest::Approx(1 - 16.0 / 25));
  CHECK(DistanceFrom(Metric::l2, a)(b) == doctest::Approx(std::sqrt(18.0)));
  CHECK(DistanceFrom(Metric::dot, a)(b) == -16);
  CHECK(similarity(Metric::cosine, 0.25) == 0.75);
  CHECK(similarity(Metric::l2, 1) == 0.5);
  CHECK(similarity(Metric::dot, -16) == 16);
}

TEST_CASE("metric: a zero vector is at cosine distance 1 from everything, itself too") {
  const std::vector<float> zero{0, 0};
  const std::vector<float> one{1, 0};
  CHECK(DistanceFrom(Metric::cosine, zero)(one) == 1);
  CHECK(DistanceFrom(Metric::cosine, one)(zero) == 1);
  CHECK(DistanceFrom(Metric::cosine, zero)(zero) == 1);
}

TEST_CASE("metric: what is not a number is infinitely far") {
  const std::vector<float> query{1, 1};
  const std::vector<float> broken{std::numeric_limits<float>::quiet_NaN(), 1};
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot})
    CHECK(std::isinf(DistanceFrom(metric, query)(broken)));
}

}  // namespace
