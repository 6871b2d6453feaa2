#include "geometry/projection.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/endian.h"
#include "core/error.h"
#include "geometry/distortion.h"
#include "geometry/landmarks.h"
#include "geometry/pca.h"
#include "support/expect.h"

namespace hart::geometry {
namespace {

using test::fails_with;

/// (n, dim) seeded unit vectors that lie near a three-dimensional subspace: the entries beyond
/// the third are `noise` times as large.
std::vector<float> near_space(std::size_t n, std::size_t dim, double noise) {
  std::mt19937_64 random{42};
  std::vector<float> rows;
  for (std::size_t row = 0; row < n; ++row) {
    std::vector<double> vector(dim);
    double squares = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      vector[i] = (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * (i < 3 ? 1 : noise);
      squares += vector[i] * vector[i];
    }
    for (const double value : vector)
      rows.push_back(static_cast<float>(value / std::sqrt(squares)));
  }
  return rows;
}

TEST_CASE(
    "projection: landmark coordinates are cosines with orthonormal axes, within the box") {
  const std::vector<float> rows = near_space(300, 24, 0.3);
  const Projection projection = Projection::fit_landmarks(rows, 300, 24);
  CHECK(projection.kind() == Projection::Kind::landmark);
  CHECK(projection.dim() == 24);
  for (std::size_t i = 0; i < 300; ++i) {
    const PointZM point = projection.project(std::span{rows}.subspan(i * 24, 24));
    REQUIRE(std::hypot(point.x, point.y, point.z) <= 1 + 1e-6);
    REQUIRE(point.m == 0);
  }
}

TEST_CASE("projection: three orthogonal landmarks read off the vector's entries") {
  const Projection projection =
      Projection::from_landmarks(std::vector<float>{0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1}, 4);
  CHECK(projection.project(std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f}) ==
        PointZM{0.2f, 0.1f, 0.4f, 0});
}

TEST_CASE("projection: principal coordinates are those of the fitted components") {
  const std::vector<float> rows = near_space(100, 10, 0.2);
  const Projection projection = Projection::fit_pca(rows, 100, 10);
  const Pca pca = fit_pca(rows, 100, 10, 3);
  const auto row = std::span{rows}.subspan(50, 10);
  const PointZM point = projection.project(row);
  const std::vector<double> expected = pca.project(row);
  CHECK(point.x == doctest::Approx(expected[0]));
  CHECK(point.y == doctest::Approx(expected[1]));
  CHECK(point.z == doctest::Approx(expected[2]));
}

TEST_CASE("projection: rows on one line fit principal components but no landmarks") {
  const std::vector<float> rows{1, 0, 0, 0, -1, 0, 0, 0, 1, 0, 0, 0};
  CHECK(fails_with(Fault::data, [&] { (void)Projection::fit_landmarks(rows, 3, 4); }));
  CHECK(std::abs(Projection::fit_pca(rows, 3, 4).project(std::span{rows}.first(4)).x) > 0.1);
}

TEST_CASE("projection: trilateration is the least-squares point of the chord distances") {
  constexpr std::size_t kLandmarks = 12;
  const std::vector<float> rows = near_space(200, 20, 0.4);
  const Projection projection = Projection::fit_trilateration(rows, 200, 20, kLandmarks);
  CHECK(projection.kind() == Projection::Kind::trilateration);
  CHECK(projection.landmark_count() == kLandmarks);
  std::vector<std::span<const float>> landmarks;
  for (const std::size_t row : choose_landmarks(rows, 200, 20, kLandmarks))
    landmarks.push_back(std::span{rows}.subspan(row * 20, 20));
  const auto distances_to = [&](std::span<const float> vector) {
    std::vector<double> distances;
    for (const auto& landmark : landmarks) {
      double cosine = 0;
      for (std::size_t i = 0; i < 20; ++i)
        cosine += static_cast<double>(vector[i]) * landmark[i];
      distances.push_back(chord_distance(cosine));
    }
    return distances;
  };
  std::vector<double> between;
  for (const auto& landmark : landmarks)
    for (const double distance : distances_to(landmark)) between.push_back(distance);
  const auto positions = classical_scaling(between, kLandmarks);
  for (std::size_t row = 0; row < 200; row += 7) {
    const auto vector = std::span{rows}.subspan(row * 20, 20);
    const auto expected = trilaterate(positions, distances_to(vector));
    const PointZM point = projection.project(vector);
    // Vectors are of length 1 within the rounding of float32.
    CHECK(point.x == doctest::Approx(expected[0]).epsilon(1e-5).scale(1));
    CHECK(point.y == doctest::Approx(expected[1]).epsilon(1e-5).scale(1));
    CHECK(point.z == doctest::Approx(expected[2]).epsilon(1e-5).scale(1));
  }
}

TEST_CASE("projection: no two vectors are farther apart in the map than they are") {
  const std::vector<float> rows = near_space(60, 20, 0.6);
  for (const Projection& projection :
       {Projection::fit_pca(rows, 60, 20), Projection::fit_landmarks(rows, 60, 20),
        Projection::fit_trilateration(rows, 60, 20, 9)})
    for (std::size_t a = 0; a < 60; ++a)
      for (std::size_t b = 0; b < a; ++b) {
        const PointZM p = projection.project(std::span{rows}.subspan(a * 20, 20));
        const PointZM q = projection.project(std::span{rows}.subspan(b * 20, 20));
        double squares = 0;
        for (std::size_t i = 0; i < 20; ++i)
          squares += std::pow(static_cast<double>(rows[a * 20 + i]) - rows[b * 20 + i], 2);
        REQUIRE(std::hypot(p.x - q.x, p.y - q.y, p.z - q.z) <= std::sqrt(squares) + 1e-9);
      }
}

TEST_CASE("projection: trilateration refuses three landmarks, and landmarks in a plane") {
  const std::vector<float> rows = near_space(40, 8, 0.5);
  CHECK(fails_with(Fault::usage, [&] { (void)Projection::fit_trilateration(rows, 40, 8, 3); }));
  CHECK_NOTHROW((void)Projection::fit_trilateration(rows, 40, 8, 4));
  CHECK(
      fails_with(Fault::usage, [&] { (void)Projection::fit_trilateration(rows, 40, 8, 41); }));
  const std::vector<float> circle{1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0, 0.6f, 0.8f, 0};
  CHECK(fails_with(Fault::data, [&] { (void)Projection::fit_trilateration(circle, 5, 3, 5); }));
}

TEST_CASE("projection: vectors of two dimensions have a third coordinate of zero") {
  const std::vector<float> rows{1, 0, 0, 1, 0.6f, 0.8f};
  CHECK(Projection::fit_landmarks(rows, 3, 2).project(std::span{rows}.first(2)).z == 0);
  CHECK(Projection::fit_pca(rows, 3, 2).project(std::span{rows}.first(2)).z == 0);
}

TEST_CASE("projection: vectors of another length or with infinite values are refused") {
  const Projection projection = Projection::from_landmarks(std::vector<float>{1, 0, 0, 1}, 2);
  CHECK(fails_with(Fault::usage, [&] { (void)projection.project(std::vector<float>(3)); }));
  const float infinite = std::numeric_limits<float>::infinity();
  CHECK(fails_with(Fault::data, [&] {
    (void)projection.project(std::vector<float>{0, infinite});
  }));
}

TEST_CASE(
    "projection: serialised and parsed, it is the same; every cut and header damage is "
    "refused") {
  const std::vector<float> rows = near_space(50, 7, 0.2);
  for (const Projection& projection :
       {Projection::fit_pca(rows, 50, 7), Projection::fit_landmarks(rows, 50, 7)}) {
    const ByteBuffer bytes = projection.serialise();
    CHECK(bytes.size() == 16 + 4 * 8 * 7);
    CHECK(Projection::parse(bytes) == projection);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK(fails_with(Fault::data,
                       [&] { (void)Projection::parse(ByteView{bytes}.first(size)); }));
    for (std::size_t at = 0; at < 16; ++at) {
      ByteBuffer bad = bytes;
      bad[at] ^= 0x40;
      CHECK(fails_with(Fault::data, [&] { (void)Projection::parse(bad); }));
    }
    ByteBuffer bad = bytes;
    store_le(bad.data() + 32, std::numeric_limits<double>::infinity());
    CHECK(fails_with(Fault::data, [&] { (void)Projection::parse(bad); }));
  }
}

TEST_CASE(
    "projection: a trilateration is the same when parsed again; cuts and damage are refused") {
  const std::vector<float> rows = near_space(50, 7, 0.4);
  const Projection projection = Projection::fit_trilateration(rows, 50, 7, 6);
  const ByteBuffer bytes = projection.serialise();
  CHECK(bytes.size() == 16 + 4 + 6 * (3 * 8 + 7 * 4));
  CHECK(Projection::parse(bytes) == projection);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(
        fails_with(Fault::data, [&] { (void)Projection::parse(ByteView{bytes}.first(size)); }));
  for (std::size_t at = 0; at < 20; ++at) {
    ByteBuffer bad = bytes;
    bad[at] ^= 0x40;
    CHECK(fails_with(Fault::data, [&] { (void)Projection::parse(bad); }));
  }
  ByteBuffer bad = bytes;
  for (std::size_t i = 0; i < 6; ++i)
    store_le(bad.data() + 20 + i * 24, 0.0);  // x = 0: a plane
  CHECK(fails_with(Fault::data, [&] { (void)Projection::parse(bad); }));
  // A count whose size in bytes wraps around to the true one.
  bad = bytes;
  store_le(bad.data() + 12, std::uint32_t{0xffffffff});
  store_le(bad.data() + 16, std::uint32_t{0xffffffff});
  CHECK(fails_with(Fault::data, [&] { (void)Projection::parse(bad); }));
}

TEST_CASE("distortion: any scale of the same distances is free of distortion") {
  const std::vector<double> truth{1, 2, 3, 4, 4};
  const std::vector<double> scaled{10, 20, 30, 40, 40};
  const Distortion distortion = measure_distortion(truth, scaled);
  CHECK(distortion.pairs == 5);
  CHECK(distortion.spearman == doctest::Approx(1));
  CHECK(distortion.stress == doctest::Approx(0).epsilon(1e-7));
}

TEST_CASE("distortion: rank correlation sees order only, with ties at their mean rank") {
  const std::vector<double> truth{1, 2, 3, 4};
  CHECK(measure_distortion(truth, std::vector<double>{1, 10, 100, 1000}).spearman ==
        doctest::Approx(1));
  CHECK(measure_distortion(truth, std::vector<double>{9, 8, 7, 6}).spearman ==
        doctest::Approx(-1));
  // Ranks 0.5, 0.5, 2, 3: covariance 4.5 over √(5 × 4.5).
  CHECK(measure_distortion(truth, std::vector<double>{1, 1, 2, 3}).spearman ==
        doctest::Approx(4.5 / std::sqrt(5 * 4.5)));
  CHECK(measure_distortion(truth, std::vector<double>(4, 1.0)).spearman == 0);
}

TEST_CASE("distortion: stress is the misfit at the best scale") {
  // Best scale 11 / 10 for (1, 3) against (2, 3): residual 13 − 121 / 10 over 13.
  CHECK(measure_distortion(std::vector<double>{2, 3}, std::vector<double>{1, 3}).stress ==
        doctest::Approx(std::sqrt((13 - 12.1) / 13)));
  CHECK(measure_distortion(std::vector<double>{2, 3}, std::vector<double>{0, 0}).stress == 1);
}

TEST_CASE("distortion: lists of different length and negative distances are refused") {
  const std::vector<double> two{1, 2};
  CHECK(
      fails_with(Fault::usage, [&] { (void)measure_distortion(two, std::vector<double>(3)); }));
  CHECK(fails_with(Fault::usage, [] { (void)measure_distortion({}, {}); }));
  CHECK(fails_with(Fault::data, [&] {
    (void)measure_distortion(two, std::vector<double>{1, -1});
  }));
}

TEST_CASE("distortion: grows with what the three coordinates leave out") {
  const std::vector<float> flat = near_space(400, 16, 0.01);
  const std::vector<float> full = near_space(400, 16, 1.0);
  const Distortion little =
      sample_distortion(flat, 400, Projection::fit_pca(flat, 400, 16), 2000, 5);
  const Distortion much =
      sample_distortion(full, 400, Projection::fit_pca(full, 400, 16), 2000, 5);
  CHECK(little.spearman > 0.99);
  CHECK(much.spearman < 0.8);
  CHECK(little.stress < 0.05);
  CHECK(much.stress > 2 * little.stress);
  const Distortion again =
      sample_distortion(full, 400, Projection::fit_pca(full, 400, 16), 2000, 5);
  CHECK(again.spearman == much.spearman);
  CHECK(again.stress == much.stress);
}

}  // namespace
}  // namespace hart::geometry
