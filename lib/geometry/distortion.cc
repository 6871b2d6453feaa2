#include "geometry/distortion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "core/error.h"

namespace hart::geometry {
namespace {

/// Ranks from 0; equal values get the mean of the ranks they take up.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i)
      ranks[order[i]] = static_cast<double>(begin + end - 1) / 2;
    begin = end;
  }
  return ranks;
}

double correlation(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double stress_of(std::span<const double> truth, std::span<const double> projected) {
  double tt = 0;
  double tp = 0;
  double pp = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    tt += truth[i] * truth[i];
    tp += truth[i] * projected[i];
    pp += projected[i] * projected[i];
  }
  if (!(tt > 0)) return 0;
  // The sum of (t − s p)² at its best scale s = tp / pp.
  const double residual = pp > 0 ? tt - tp * tp / pp : tt;
  return std::sqrt(std::max(0.0, residual) / tt);
}

double euclidean(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

double euclidean(const PointZM& a, const PointZM& b) {
  return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

}  // namespace

Distortion measure_distortion(std::span<const double> true_distances,
                              std::span<const double> projected_distances) {
  if (true_distances.size() < 2 || true_distances.size() != projected_distances.size())
    throw Error{Fault::usage, "distortion: needs two lists of one length, two or more"};
  for (const auto list : {true_distances, projected_distances})
    for (const double distance : list)
      if (!std::isfinite(distance) || distance < 0)
        throw Error{Fault::data, "distortion: a distance is negative or not finite"};
  return {.pairs = true_distances.size(),
          .spearman = correlation(ranks_of(true_distances), ranks_of(projected_distances)),
          .stress = stress_of(true_distances, projected_distances)};
}

Distortion sample_distortion(std::span<const float> rows, std::size_t n,
                             const Projection& projection, std::size_t pairs,
                             std::uint64_t seed) {
  const std::size_t dim = projection.dim();
  if (n < 2 || rows.size() / dim != n || rows.size() % dim != 0)
    throw Error{Fault::usage, "distortion: the rows do not fit the projection"};
  // Plain remainders, because the standard leaves its distributions to the library; their bias
  // of n / 2^64 does not matter here.
  std::mt19937_64 random{seed};
  std::vector<double> truth(pairs);
  std::vector<double> projected(pairs);
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t first = random() % n;
    const std::size_t second = (first + 1 + random() % (n - 1)) % n;
    const auto a = rows.subspan(first * dim, dim);
    const auto b = rows.subspan(second * dim, dim);
    truth[i] = euclidean(a, b);
    projected[i] = euclidean(projection.project(a), projection.project(b));
  }
  return measure_distortion(truth, projected);
}

}  // namespace hart::geometry
