#include "search/cluster_eps.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include "core/parallel.h"
#include "learn/dbscan.h"
#include "learn/nearest_neighbors.h"

namespace hart::search {
namespace {

/// eps where every sampled point has enough duplicates: only duplicates are neighbours then.
constexpr double kSmallestEps = 1e-6;

using Index = std::uint32_t;

/// Up to `limit` different points, seeded; a smaller limit gives the first of them.
std::vector<Index> sampled_points(std::size_t n, std::size_t limit, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<Index> points(n);
  std::iota(points.begin(), points.end(), Index{0});
  const std::size_t count = std::min(n, limit);
  for (std::size_t i = 0; i < count; ++i) std::swap(points[i], points[i + random() % (n - i)]);
  points.resize(count);
  return points;
}

/// The distances from `points` to their `min_points`-th neighbour among all, ascending.
std::vector<double> core_distances(std::size_t n, const std::vector<Index>& points,
                                   const learn::Distance& distance,
                                   const ClusterEpsOptions& options) {
  const std::size_t k = std::min(n - 1, std::max<std::size_t>(1, options.min_points - 1));
  std::vector<double> curve(points.size());
  parallel_for(points.size(), 1, options.threads, [&](std::size_t begin, std::size_t end) {
    learn::NearestList nearest{k};
    for (std::size_t i = begin; i < end; ++i) {
      nearest.clear();
      for (Index other = 0; other < n; ++other)
        if (other != points[i]) nearest.offer(distance(points[i], other), other);
      curve[i] = nearest.worst();
    }
  });
  std::sort(curve.begin(), curve.end());
  return curve;
}

/// The value that `share` of the curve does not exceed.
double quantile(const std::vector<double>& ascending, double share) {
  const double rank = std::ceil(share * static_cast<double>(ascending.size()));
  return ascending[std::min(ascending.size(),
                            std::max<std::size_t>(1, static_cast<std::size_t>(rank))) -
                   1];
}

double positive_knee(const std::vector<double>& curve) {
  const double knee = learn::knee_of(curve);
  if (knee > 0) return knee;
  const auto positive = std::upper_bound(curve.begin(), curve.end(), 0.0);
  return positive == curve.end() ? kSmallestEps : *positive;
}

}  // namespace

double choose_cluster_eps(std::size_t n, const learn::Distance& distance,
                          const ClusterEpsOptions& options) {
  const learn::SeparationOptions separation{options.min_points, kSmallestEps, options.threads};
  const std::vector<Index> sample = sampled_points(n, options.sample_rows, options.seed);
  std::optional<learn::Separation> apart;
  if (sample.size() == n) {
    apart = learn::separating_eps(static_cast<Index>(n), distance, separation);
    if (apart) return apart->eps;
  } else {
    const auto sampled = [&](Index a, Index b) { return distance(sample[a], sample[b]); };
    apart = learn::separating_eps(static_cast<Index>(sample.size()), sampled, separation);
  }
  const std::vector<double> curve = core_distances(
      n, sampled_points(n, std::min(options.curve_rows, sample.size()), options.seed), distance,
      options);
  return apart ? std::max(quantile(curve, apart->core_share), kSmallestEps)
               : positive_knee(curve);
}

}  // namespace hart::search
