#include "geometry/landmarks.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"
#include "support/expect.h"

namespace hart::geometry {
namespace {

using test::fails_with;

/// (n, dim) seeded unit vectors.
std::vector<float> unit_rows(std::size_t n, std::size_t dim) {
  std::mt19937_64 random{dim * 31 + n};
  std::vector<float> rows(n * dim);
  for (std::size_t row = 0; row < n; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double value = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
      rows[row * dim + i] = static_cast<float>(value);
      squares += value * value;
    }
    for (std::size_t i = 0; i < dim; ++i)
      rows[row * dim + i] = static_cast<float>(rows[row * dim + i] / std::sqrt(squares));
  }
  return rows;
}

TEST_CASE("landmarks: constant vectors 1, 2 and −2, which all lie on one line, are refused") {
  std::vector<float> landmarks(std::size_t{3} * 384);
  const float values[] = {1.0f, 2.0f, -2.0f};
  for (std::size_t i = 0; i < landmarks.size(); ++i) landmarks[i] = values[i / 384];
  CHECK(gram_determinant(landmarks, 3, 384) < 1e-9);
  CHECK(fails_with(Fault::data, [&] { (void)orthonormalise(landmarks, 3, 384); }));
}

TEST_CASE("landmarks: three in a plane are refused, on both sides of the limit as documented") {
  CHECK(fails_with(Fault::data, [] {
    (void)orthonormalise(std::vector<float>{1, 0, 0, 0, 1, 0, 1, 1, 0}, 3, 3);
  }));
  // Two unit vectors at an angle whose sine is s have determinant s².
  for (const double factor : {0.9, 1.1}) {
    const double sine = std::sqrt(kMinGramDeterminant * factor);
    const std::vector<float> pair{1, 0, static_cast<float>(std::sqrt(1 - sine * sine)),
                                  static_cast<float>(sine)};
    CHECK(fails_with(Fault::data, [&] { (void)orthonormalise(pair, 2, 2); }) == (factor < 1));
  }
}

TEST_CASE(
    "gram_determinant: is 1 for orthogonal vectors of any length and falls with the angle") {
  CHECK(gram_determinant(std::vector<float>{5, 0, 0, 0, 0.1f, 0, 0, 0, -2}, 3, 3) ==
        doctest::Approx(1));
  CHECK(gram_determinant(std::vector<float>{1, 0, 1, 1}, 2, 2) == doctest::Approx(0.5));
  CHECK(gram_determinant(std::vector<float>{1, 0, -3, 0}, 2, 2) == doctest::Approx(0));
  CHECK(fails_with(Fault::data, [] {
    (void)gram_determinant(std::vector<float>{1, 0, 0, 0}, 2, 2);
  }));
  CHECK(fails_with(Fault::usage, [] {
    (void)gram_determinant(std::vector<float>{1, 0, 0}, 2, 2);
  }));
}

TEST_CASE("orthonormalise: the axes are orthonormal and the first points along its landmark") {
  const std::size_t dim = 50;
  const std::vector<float> landmarks = unit_rows(3, dim);
  const std::vector<double> axes = orthonormalise(landmarks, 3, dim);
  const auto dot = [&](std::size_t i, const auto* other) {
    double sum = 0;
    for (std::size_t d = 0; d < dim; ++d) sum += axes[i * dim + d] * other[d];
    return sum;
  };
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(dot(i, &axes[j * dim]) == doctest::Approx(i == j ? 1 : 0).epsilon(1e-13));
  CHECK(dot(0, &landmarks[0]) == doctest::Approx(1));
  // A landmark lies in the span of the axes up to its own.
  CHECK(std::abs(dot(1, &landmarks[0])) < 1e-7);
  CHECK(std::abs(dot(2, &landmarks[0])) < 1e-7);
  CHECK(std::abs(dot(2, &landmarks[dim])) < 1e-7);
  CHECK(std::abs(dot(1, &landmarks[dim])) > 0.1);
}

TEST_CASE("choose_landmarks: takes the direction that those before it cover least") {
  // Rows 0 to 4: a tight bundle round x; 5: −x; 6: y; 7: between x and y; 8: z.
  const float h = std::sqrt(0.5f);
  const float a = std::sqrt(1 - 0.01f);
  const std::vector<float> rows{1,     0,  0, a, 0.1f, 0, a, 0, 0.1f, a, -0.1f, 0, a, 0,
                                -0.1f, -1, 0, 0, 0,    1, 0, h, h,    0, 0,     0, 1};
  const std::vector<std::size_t> chosen = choose_landmarks(rows, 9, 3, 3);
  // Farthest from the mean, which lies on the side of +x.
  CHECK(chosen == std::vector<std::size_t>{5, 6, 8});
}

TEST_CASE(
    "choose_landmarks: never takes a row twice, even among equal rows, and is repeatable") {
  std::vector<float> same(10);
  for (std::size_t i = 0; i < same.size(); i += 2) same[i] = 1;
  CHECK(choose_landmarks(same, 5, 2, 5) == std::vector<std::size_t>{0, 1, 2, 3, 4});
  const std::vector<float> rows = unit_rows(200, 16);
  const auto chosen = choose_landmarks(rows, 200, 16, 3);
  CHECK(chosen == choose_landmarks(rows, 200, 16, 3));
  std::vector<float> landmarks;
  for (const std::size_t row : chosen)
    landmarks.insert(landmarks.end(), &rows[row * 16], &rows[row * 16] + 16);
  CHECK(gram_determinant(landmarks, 3, 16) > 0.9);
}

TEST_CASE(
    "choose_landmarks: rows that are not unit vectors and counts out of range are refused") {
  std::vector<float> rows = unit_rows(4, 8);
  CHECK(fails_with(Fault::usage, [&] { (void)choose_landmarks(rows, 4, 8, 5); }));
  CHECK(fails_with(Fault::usage, [&] { (void)choose_landmarks(rows, 4, 8, 0); }));
  CHECK(fails_with(Fault::usage, [&] { (void)choose_landmarks(rows, 5, 8, 1); }));
  for (std::size_t i = 8; i < 16; ++i) rows[i] *= 1.05f;
  CHECK(fails_with(Fault::data, [&] { (void)choose_landmarks(rows, 4, 8, 1); }));
  rows[8] = std::numeric_limits<float>::quiet_NaN();
  CHECK(fails_with(Fault::data, [&] { (void)choose_landmarks(rows, 4, 8, 1); }));
}

TEST_CASE("chord_distance: is 0, √2 and 2 for equal, orthogonal and opposite vectors") {
  CHECK(chord_distance(1) == 0);
  CHECK(chord_distance(1.0000001) == 0);
  CHECK(chord_distance(0) == doctest::Approx(std::sqrt(2.0)));
  CHECK(chord_distance(-1) == doctest::Approx(2));
}

using Position = std::array<double, 3>;

double distance(const Position& a, const Position& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

TEST_CASE(
    "trilaterate: exact distances to four or more landmarks give the point, not its mirror "
    "image") {
  const std::vector<Position> landmarks{
      {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {-1, -1, 0.5}, {2, 3, -1}};
  for (const Position& point :
       {Position{0.3, -0.2, 0.9}, Position{-4, 10, 2}, Position{1, 0, 0}})
    for (const std::size_t n : {4u, 5u}) {
      std::vector<double> distances;
      for (std::size_t i = 0; i < n; ++i) distances.push_back(distance(landmarks[i], point));
      CHECK(distance(trilaterate(std::span{landmarks}.first(n), distances), point) < 1e-9);
    }
}

TEST_CASE(
    "trilaterate: an error in the distances is spread, not magnified beyond the geometry") {
  const std::vector<Position> landmarks{{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}};
  const Position point{0.1, 0.2, 0.3};
  std::vector<double> distances;
  distances.reserve(landmarks.size());
  for (const Position& landmark : landmarks)
    distances.push_back(distance(landmark, point) + 0.01);
  // d² is off by at most 2 d 0.01 + 0.0001 < 0.05, half of it reaches x through a
  // well-conditioned matrix whose singular values are all 2.
  CHECK(distance(trilaterate(landmarks, distances), point) < 0.05);
}

TEST_CASE(
    "trilaterate: three landmarks, four in a plane, and what is no distance are refused") {
  const std::vector<Position> plane{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}};
  const std::vector<Position> space{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 1}};
  const std::vector<double> ones(4, 1.0);
  CHECK(fails_with(Fault::usage, [&] {
    (void)trilaterate(std::span{space}.first(3), std::span{ones}.first(3));
  }));
  CHECK(fails_with(Fault::usage, [&] { (void)trilaterate(space, std::span{ones}.first(3)); }));
  CHECK(fails_with(Fault::data, [&] { (void)trilaterate(plane, ones); }));
  CHECK_NOTHROW((void)trilaterate(space, ones));
  CHECK(fails_with(Fault::data, [&] {
    (void)trilaterate(space, std::vector<double>{1, 1, -1, 1});
  }));
}

TEST_CASE("scaling: points in space get their distances back, in the documented orientation") {
  const std::vector<std::array<double, 3>> points{
      {0, 0, 0}, {4, 0, 0}, {1, 2, 0}, {0, 1, 1.5}, {-3, -1, 1}};
  const auto distance = [](const auto& a, const auto& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  };
  std::vector<double> distances;
  for (const auto& a : points)
    for (const auto& b : points) distances.push_back(distance(a, b));
  const auto found = classical_scaling(distances, points.size());
  REQUIRE(found.size() == points.size());
  std::array<double, 3> sum{};
  std::array<double, 3> squares{};
  std::array<double, 3> largest{};
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < points.size(); ++j)
      CHECK(distance(found[i], found[j]) ==
            doctest::Approx(distance(points[i], points[j])).epsilon(1e-9));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      sum[axis] += found[i][axis];
      squares[axis] += found[i][axis] * found[i][axis];
      if (std::abs(found[i][axis]) > std::abs(largest[axis])) largest[axis] = found[i][axis];
    }
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    CHECK(std::abs(sum[axis]) < 1e-9);
    CHECK(largest[axis] > 0);
  }
  CHECK(squares[0] > squares[1]);
  CHECK(squares[1] > squares[2]);
}

TEST_CASE(
    "scaling: fewer than four points, a plane, and values that are not finite are refused") {
  CHECK(fails_with(Fault::usage, [] { (void)classical_scaling(std::vector<double>(9), 3); }));
  CHECK(fails_with(Fault::usage, [] { (void)classical_scaling(std::vector<double>(15), 4); }));
  const double d = std::sqrt(2);  // a square
  CHECK(fails_with(Fault::data, [&] {
    (void)classical_scaling(std::vector<double>{0, 1, d, 1, 1, 0, 1, d, d, 1, 0, 1, 1, d, 1, 0},
                            4);
  }));
  CHECK(fails_with(Fault::data, [] { (void)classical_scaling(std::vector<double>(16), 4); }));
  std::vector<double> infinite(16, 1.0);
  infinite[1] = std::numeric_limits<double>::infinity();
  CHECK(fails_with(Fault::data, [&] { (void)classical_scaling(infinite, 4); }));
}

}  // namespace
}  // namespace hart::geometry
