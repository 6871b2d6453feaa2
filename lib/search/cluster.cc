#include "search/cluster.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "geometry/pca.h"
#include "geometry/projection.h"
#include "index/projection_store.h"
#include "learn/dbscan.h"
#include "search/cluster_eps.h"
#include "search/cluster_summary.h"
#include "search/embedding_rows.h"
#include "tensor/vector.h"

namespace hart::search {
namespace {

constexpr std::size_t kFitRows = 5'000;  ///< rows a map or a sketch is fitted to
constexpr std::size_t kSketchDim = 16;   ///< one cache line of f32
constexpr std::size_t kRowGrain = 256;

using Index = std::uint32_t;

geometry::Projection map_of(store::Store& store, const store::EmbeddingModel& model,
                            const EmbeddingRows& rows) {
  if (const auto stored = index::current_projection(store, model)) return stored->projection;
  const std::vector<float> sample = spread_sample(rows, kFitRows);
  return geometry::Projection::fit_pca(sample, sample.size() / rows.dim, rows.dim);
}

/// Where the rows lie in the map, (n, 3).
std::vector<double> places_of(const geometry::Projection& map, const EmbeddingRows& rows,
                              unsigned threads) {
  std::vector<double> places(3 * rows.size());
  parallel_for(rows.size(), kRowGrain, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const geometry::PointZM place = map.project(rows.row(i));
      places[3 * i] = place.x;
      places[3 * i + 1] = place.y;
      places[3 * i + 2] = place.z;
    }
  });
  return places;
}

/// The rows along their first principal components, (n, kSketchDim): an orthonormal projection,
/// so that no two rows are nearer than their sketches, and one that fits a cache line. Empty
/// where the rows are short enough themselves.
std::vector<float> sketches_of(const EmbeddingRows& rows, unsigned threads) {
  if (rows.dim < 4 * kSketchDim) return {};
  const std::vector<float> sample = spread_sample(rows, kFitRows);
  const geometry::Pca pca =
      geometry::fit_pca(sample, sample.size() / rows.dim, rows.dim, kSketchDim);
  std::vector<float> sketches(kSketchDim * rows.size());
  parallel_for(rows.size(), kRowGrain, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::vector<double> sketch = pca.project(rows.row(i));
      std::transform(sketch.begin(), sketch.end(), &sketches[i * kSketchDim],
                     [](double x) { return static_cast<float>(x); });
    }
  });
  return sketches;
}

double map_distance(const std::vector<double>& places, std::size_t a, std::size_t b) {
  const double dx = places[3 * a] - places[3 * b], dy = places[3 * a + 1] - places[3 * b + 1],
               dz = places[3 * a + 2] - places[3 * b + 2];
  return std::sqrt(dx * dx + dy * dy + dz * dz);
}

double choose_eps(std::size_t n, const ClusterOptions& options,
                  const learn::Distance& distance) {
  ClusterEpsOptions choice;
  choice.min_points = options.min_points;
  choice.seed = options.seed;
  choice.threads = options.threads;
  return choose_cluster_eps(n, distance, choice);
}

double map_eps(const std::vector<double>& places, const ClusterOptions& options) {
  if (options.eps) return *options.eps;
  return choose_eps(places.size() / 3, options,
                    [&](std::size_t a, std::size_t b) { return map_distance(places, a, b); });
}

double vector_eps(const EmbeddingRows& rows, const ClusterOptions& options) {
  if (options.eps) return *options.eps;
  return choose_eps(rows.size(), options, [&](std::size_t a, std::size_t b) {
    return std::sqrt(double{tensor::squared_l2(rows.row(a), rows.row(b))});
  });
}

learn::DbscanResult cluster_vectors(const EmbeddingRows& rows,
                                    const std::vector<double>& places, double eps,
                                    const ClusterOptions& options) {
  const std::vector<float> sketches = sketches_of(rows, options.threads);
  const auto sketch = [&](Index i) {
    return std::span{sketches}.subspan(i * kSketchDim, kSketchDim);
  };
  // What float rounding can add: to the sum of dim terms, and to a sketch of length ≤ 2.
  const double reach = eps * (1 + static_cast<double>(rows.dim) * 0x1p-23) + 1e-6;
  const auto near = [&](Index a, Index b) {
    if (!sketches.empty() && tensor::squared_l2(sketch(a), sketch(b)) > reach * reach)
      return false;
    return double{tensor::squared_l2(rows.row(a), rows.row(b))} <= eps * eps;
  };
  return learn::dbscan(places, near, {reach, options.min_points, options.threads});
}

}  // namespace

Clustering cluster_embeddings(store::Store& store, const store::EmbeddingModel& model,
                              const ClusterOptions& options) {
  if (options.eps && !(*options.eps > 0 && std::isfinite(*options.eps)))
    throw Error{Fault::usage, "eps is not a positive number"};
  if (options.min_points == 0) throw Error{Fault::usage, "min_points is 0"};
  EmbeddingRows rows = read_embedding_rows(store, model);
  Clustering clustering;
  clustering.eps = options.eps.value_or(0);
  // A map takes two rows to fit.
  if (rows.size() < std::max<std::size_t>(2, options.min_points)) {
    clustering.atoms = std::move(rows.atoms);
    clustering.labels.assign(clustering.atoms.size(), learn::kNoise);
    clustering.places.resize(clustering.atoms.size());
    clustering.noise = clustering.atoms.size();
    return clustering;
  }
  const std::vector<double> places =
      places_of(map_of(store, model, rows), rows, options.threads);
  const bool in_map = options.space == ClusterSpace::map;
  clustering.eps = in_map ? map_eps(places, options) : vector_eps(rows, options);
  learn::DbscanResult found =
      in_map ? learn::dbscan(places, {clustering.eps, options.min_points, options.threads})
             : cluster_vectors(rows, places, clustering.eps, options);
  clustering.labels = std::move(found.labels);
  clustering.places.reserve(rows.size());
  for (std::size_t i = 0; i < places.size(); i += 3)
    clustering.places.push_back({places[i], places[i + 1], places[i + 2], 0});
  summarise_clusters(store, rows, found.clusters, options, clustering);
  clustering.atoms = std::move(rows.atoms);
  return clustering;
}

}  // namespace hart::search
