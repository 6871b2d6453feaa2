#include "geometry/pca.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"

namespace hart::geometry {
namespace {

/// (n, 6): variances near 16, 4 and 1 along three fixed orthogonal directions, mean (5, 0, 0,
/// 0, 0, −2).
std::vector<float> cloud(std::size_t n) {
  std::mt19937_64 random{11};
  const auto uniform = [&] {  // variance 1
    return (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * std::sqrt(12.0);
  };
  std::vector<float> rows;
  for (std::size_t i = 0; i < n; ++i) {
    const double a = 4 * uniform();
    const double b = 2 * uniform();
    const double c = uniform();
    const double half = std::sqrt(0.5);
    for (const double value : {5 + a * half, a * -half, b * half, b * half, c, -2.0})
      rows.push_back(static_cast<float>(value));
  }
  return rows;
}

double axis_dot(const Pca& pca, std::size_t i, std::size_t j) {
  double sum = 0;
  for (std::size_t d = 0; d < pca.dim; ++d)
    sum += pca.axes[i * pca.dim + d] * pca.axes[j * pca.dim + d];
  return sum;
}

TEST_CASE(
    "pca: finds the directions of greatest variance, greatest first, largest entry positive") {
  const Pca pca = fit_pca(cloud(4000), 4000, 6, 3);
  const double half = std::sqrt(0.5);
  // Which of two equal magnitudes comes out larger is rounding, so its sign is taken from the
  // axis.
  CHECK(std::abs(pca.axes[0]) == doctest::Approx(half).epsilon(0.02));
  CHECK(pca.axes[1] == doctest::Approx(-pca.axes[0]).epsilon(0.02));
  CHECK(pca.axes[6 + 2] == doctest::Approx(half).epsilon(0.02));
  CHECK(pca.axes[6 + 3] == doctest::Approx(half).epsilon(0.02));
  CHECK(pca.axes[12 + 4] == doctest::Approx(1).epsilon(0.02));
  CHECK(pca.variance[0] == doctest::Approx(16).epsilon(0.1));
  CHECK(pca.variance[1] == doctest::Approx(4).epsilon(0.1));
  CHECK(pca.variance[2] == doctest::Approx(1).epsilon(0.1));
  for (std::size_t i = 0; i < 3; ++i) {
    double largest = 0;
    for (std::size_t d = 0; d < 6; ++d)
      if (std::abs(pca.axes[i * 6 + d]) > std::abs(largest)) largest = pca.axes[i * 6 + d];
    CHECK(largest > 0);
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(axis_dot(pca, i, j) == doctest::Approx(i == j ? 1 : 0).epsilon(1e-12));
  }
}

TEST_CASE("pca: coordinates are centred and have the reported variance") {
  const std::vector<float> rows = cloud(1000);
  const Pca pca = fit_pca(rows, 1000, 6, 2);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
      const double value = pca.project(std::span{rows}.subspan(i * 6, 6))[axis];
      sum += value;
      squares += value * value;
    }
    CHECK(std::abs(sum) < 1e-8);
    CHECK(squares / 999 == doctest::Approx(pca.variance[axis]).epsilon(1e-9));
  }
}

TEST_CASE("pca: explained is the share that the axes hold") {
  const std::vector<float> rows = cloud(1000);
  CHECK(fit_pca(rows, 1000, 6, 6).explained() == doctest::Approx(1));
  const Pca one = fit_pca(rows, 1000, 6, 1);
  CHECK(one.explained() == doctest::Approx(one.variance[0] / one.total_variance));
  CHECK(one.explained() == doctest::Approx(16.0 / 21).epsilon(0.05));
  CHECK(fit_pca(std::vector<float>(12, 3.f), 2, 6, 1).explained() == 1);
}

TEST_CASE("pca: the same rows give the same bytes") {
  const std::vector<float> rows = cloud(700);
  CHECK(fit_pca(rows, 700, 6, 3).axes == fit_pca(rows, 700, 6, 3).axes);
}

TEST_CASE(
    "pca: shapes that do not fit are usage errors, values that are not finite data errors") {
  const std::vector<float> rows = cloud(4);
  CHECK_THROWS_AS((void)fit_pca(rows, 4, 6, 7), Error);
  CHECK_THROWS_AS((void)fit_pca(rows, 4, 6, 0), Error);
  CHECK_THROWS_AS((void)fit_pca(rows, 5, 6, 1), Error);
  CHECK_THROWS_AS((void)fit_pca(rows, 4, 0, 1), Error);
  CHECK_THROWS_AS((void)fit_pca(std::span{rows}.first(6), 1, 6, 1), Error);
  CHECK_THROWS_AS((void)fit_pca(rows, 4, 6, 2).project(std::span{rows}.first(5)), Error);
  std::vector<float> bad = rows;
  bad[7] = std::numeric_limits<float>::infinity();
  try {
    (void)fit_pca(bad, 4, 6, 1);
    FAIL("accepted an infinite value");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
  }
}

}  // namespace
}  // namespace hart::geometry
