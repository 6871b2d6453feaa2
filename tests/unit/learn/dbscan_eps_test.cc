#include "learn/dbscan_eps.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "core/error.h"
#include "learn/dbscan.h"

using hart::learn::dbscan;
using hart::learn::separating_eps;
using hart::learn::Separation;
using hart::learn::SeparationOptions;

namespace {

using Points = std::vector<double>;  // (n, 3)

double apart(const Points& points, std::size_t a, std::size_t b) {
  return std::hypot(points[3 * a] - points[3 * b], points[3 * a + 1] - points[3 * b + 1],
                    points[3 * a + 2] - points[3 * b + 2]);
}

std::optional<Separation> separate(const Points& points, const SeparationOptions& options) {
  return separating_eps(
      static_cast<std::uint32_t>(points.size() / 3),
      [&](std::uint32_t a, std::uint32_t b) { return apart(points, a, b); }, options);
}

/// Point i belongs to blob i mod (blobs + 1), the last of which is noise in a cube of side 30.
Points blobs_and_noise(std::size_t n, std::size_t blobs, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> anywhere{-15, 15};
  Points points;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t blob = i % (blobs + 1);
    for (std::size_t c = 0; c < 3; ++c) {
      const double centre = c == blob % 3 ? (blob < 3 ? 9 : -9) : 0;
      points.push_back(blob < blobs ? centre + normal(random) : anywhere(random));
    }
  }
  return points;
}

Points one_blob(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  Points points;
  for (std::size_t i = 0; i < 3 * n; ++i) points.push_back(normal(random));
  return points;
}

/// The definition, an eps at a time, each with all pairs.
class Reference {
 public:
  Reference(const Points& points, std::size_t min_points)
      : points_{points}, n_{points.size() / 3}, min_points_{min_points} {
    for (std::size_t a = 0; a < n_; ++a) {
      std::vector<double> row;
      for (std::size_t b = 0; b < n_; ++b) {
        row.push_back(apart(points, a, b));
        if (b != a) candidates_.push_back(row.back());
      }
      std::sort(row.begin(), row.end());
      rows_.push_back(std::move(row));
    }
    std::sort(candidates_.begin(), candidates_.end());
    for (const double eps : candidates_) counts_.try_emplace(eps, count(eps));
  }

  [[nodiscard]] double core_share(double eps) const {
    const auto cores = std::count_if(rows_.begin(), rows_.end(), [&](const auto& row) {
      return row[min_points_ - 1] <= eps;
    });
    return static_cast<double>(cores) / static_cast<double>(n_);
  }

  [[nodiscard]] std::optional<double> best() const {
    const double factor = std::pow(2, 1 / dimension());
    std::size_t most = 0;
    double eps = 0;
    for (const double low : candidates_) {
      std::size_t worth = n_;
      for (auto at = counts_.find(low); at != counts_.end() && at->first <= low * factor; ++at)
        worth = std::min(worth, at->second);
      if (worth > most) {
        most = worth;
        eps = low * std::sqrt(factor);
      }
    }
    if (static_cast<double>(most) < 0.1 * static_cast<double>(n_)) return std::nullopt;
    std::vector<double> curve;
    for (const auto& row : rows_) curve.push_back(row[min_points_ - 1]);
    std::sort(curve.begin(), curve.end());
    const double knee = hart::learn::knee_of(curve);
    if (knee < candidates_.front()) return eps;  // all is noise, or single points
    std::size_t worth = n_;
    for (auto at = std::prev(counts_.upper_bound(knee));
         at != counts_.end() && at->first <= knee * factor; ++at)
      worth = std::min(worth, at->second);
    return static_cast<double>(worth) >= 0.8 * static_cast<double>(most) ? knee : eps;
  }

 private:
  [[nodiscard]] std::size_t count(double eps) const {
    // Rounding must not leave out the pair whose distance eps is.
    const auto near = [&](std::uint32_t a, std::uint32_t b) {
      return apart(points_, a, b) <= eps;
    };
    const auto found = dbscan(points_, near, {eps * (1 + 1e-9), min_points_});
    std::map<int, std::size_t> sizes;
    for (std::size_t i = 0; i < n_; ++i)
      if (rows_[i][min_points_ - 1] <= eps) ++sizes[found.labels[i]];
    std::size_t all = 0, largest = 0;
    for (const auto& [label, size] : sizes) {
      if (size < std::max<std::size_t>(min_points_, 5)) continue;
      all += size;
      largest = std::max(largest, size);
    }
    return all - largest;
  }

  [[nodiscard]] double dimension() const {
    double sum = 0, terms = 0;
    for (const auto& row : rows_)
      for (std::size_t k = 1; k < 8; ++k, ++terms) sum += std::log(row[8] / row[k]);
    return std::max(1.0, terms / sum);
  }

  const Points& points_;
  std::size_t n_, min_points_;
  std::vector<std::vector<double>> rows_;  // ascending distances, to itself first
  std::vector<double> candidates_;
  std::map<double, std::size_t> counts_;
};

TEST_CASE("separating eps: the sweep over the tree finds what every eps tried by itself does") {
  for (const std::size_t min_points : {1u, 2u, 4u, 7u}) {
    for (const auto& points : {blobs_and_noise(80, 3, 4), blobs_and_noise(72, 5, 6),
                               one_blob(60, 1), blobs_and_noise(60, 1, 9)}) {
      CAPTURE(min_points);
      CAPTURE(points.size());
      const Reference reference{points, min_points};
      const auto expected = reference.best();
      const auto found = separate(points, {min_points});
      REQUIRE(found.has_value() == expected.has_value());
      if (!found) continue;
      CHECK(found->eps == doctest::Approx(*expected).epsilon(1e-9));
      CHECK(found->core_share == doctest::Approx(reference.core_share(found->eps)));
    }
  }
}

TEST_CASE("separating eps: five blobs in noise become five clusters that mix no blobs") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Points points = blobs_and_noise(1'200, 5, seed);
    const auto found = separate(points, {});
    REQUIRE(found.has_value());
    const auto labels = dbscan(points, {found->eps, 5}).labels;
    std::vector<std::map<std::int32_t, std::size_t>> sizes(6);
    for (std::size_t i = 0; i < labels.size(); ++i) ++sizes[i % 6][labels[i]];
    std::set<std::int32_t> main_labels;
    for (std::size_t blob = 0; blob < 5; ++blob) {
      const auto main =
          std::max_element(sizes[blob].begin(), sizes[blob].end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      CHECK(main->first != hart::learn::kNoise);
      CHECK(main->second >= 180);
      main_labels.insert(main->first);
    }
    CHECK(main_labels.size() == 5);
    CHECK(*std::max_element(labels.begin(), labels.end()) == 4);
  }
}

TEST_CASE("separating eps: one blob is not told apart, whatever its size") {
  for (const std::size_t n : {40u, 300u, 1'500u})
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      CAPTURE(n);
      CAPTURE(seed);
      CHECK_FALSE(separate(one_blob(n, seed), {}).has_value());
    }
}

TEST_CASE("separating eps: it grows with the distances, and threads change nothing") {
  const Points points = blobs_and_noise(600, 4, 5);
  const auto one = separate(points, {});
  REQUIRE(one.has_value());
  Points wider = points;
  for (double& x : wider) x *= 4;
  const auto scaled = separate(wider, {});
  REQUIRE(scaled.has_value());
  CHECK(scaled->eps == doctest::Approx(4 * one->eps));
  CHECK(scaled->core_share == one->core_share);
  for (const unsigned threads : {2u, 3u, 8u}) {
    const auto many = separate(points, {5, 1e-6, threads});
    REQUIRE(many.has_value());
    CHECK(many->eps == one->eps);
    CHECK(many->core_share == one->core_share);
  }
}

TEST_CASE("separating eps: groups of duplicates are told apart at the smallest eps") {
  Points points;
  for (std::size_t i = 0; i < 60; ++i) points.insert(points.end(), {1.0 * (i % 3), 0, 0});
  const auto found = separate(points, {5, 1e-4});
  REQUIRE(found.has_value());
  CHECK(found->eps >= 1e-4);
  CHECK(found->eps <= 2e-4);
  CHECK(found->core_share == 1);
  CHECK_FALSE(separate(Points(90, 0.5), {}).has_value());
}

TEST_CASE("separating eps: too few points are not told apart; options that mean nothing") {
  CHECK_FALSE(separate({}, {}).has_value());
  CHECK_FALSE(separate({1, 2, 3}, {}).has_value());
  CHECK_FALSE(separate(blobs_and_noise(30, 2, 1), {16}).has_value());
  CHECK_THROWS_AS((void)separate(one_blob(20, 1), {0}), hart::Error);
  for (const double smallest : {0.0, -1.0, std::nan("")})
    CHECK_THROWS_AS((void)separate(one_blob(20, 1), {5, smallest}), hart::Error);
}

}  // namespace
