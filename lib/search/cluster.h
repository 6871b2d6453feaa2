#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "geometry/point.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// Where distances between embeddings are taken.
enum class ClusterSpace {
  vectors,  ///< Euclidean, between the vectors scaled to length 1, in [0, 2]
  map,      ///< Euclidean, between the places in the 3-D map
};

struct ClusterOptions {
  ClusterSpace space = ClusterSpace::vectors;
  /// Neighbours are at most this far apart; without a value, what tells the vectors apart best
  /// (choose_cluster_eps).
  std::optional<double> eps = std::nullopt;
  std::size_t min_points = 5;  ///< points within eps that make a core point, itself included
  std::size_t terms = 5;       ///< terms that name a cluster, at most
  std::size_t examples = 3;    ///< members shown for a cluster, at most
  std::uint64_t seed = 1;      ///< the sample that eps is chosen on
  unsigned threads = 1;        ///< never changes the result
};

/// A dense region of an embedding space.
struct Cluster {
  std::size_t size = 0;
  /// What its texts say more often than all do, strongest first (ClassTerms of at most 1 000
  /// members); empty where no member is text.
  std::vector<std::string> terms;
  std::string name;          ///< the first three terms, or "cluster N"
  geometry::PointZM centre;  ///< mean of the members' places in the map; M is 0
  double radius = 0;         ///< of the ball around `centre` in the map that holds them all
  std::vector<std::int64_t> examples;  ///< atom ids of the members nearest to the mean vector
};

/// The embeddings of one model, sorted into clusters.
struct Clustering {
  std::vector<std::int64_t> atoms;        ///< (n), ascending
  std::vector<std::int32_t> labels;       ///< (n), index into `clusters`; −1 for noise
  std::vector<geometry::PointZM> places;  ///< (n), in the map; M is 0
  std::vector<Cluster> clusters;  ///< largest first, equal sizes by their lowest atom id
  std::size_t noise = 0;          ///< points of no cluster
  double eps = 0;                 ///< given or chosen
};

/// Density clusters (DBSCAN) of the acting tenant's embeddings of `model`, walked in the order
/// of their cells on the Hilbert curve. The cells of the map give the candidates: the map's
/// axes are orthonormal, so no two vectors are nearer than their places, and every candidate is
/// checked with its whole vector. Uses the model's current map; where it has none yet, fits one
/// for this call and stores nothing. No cluster where there are fewer than `min_points`
/// vectors. The same store and seed give the same result. Reads all vectors into memory. Throws
/// Error(usage) when eps is not positive or min_points is 0, Error(data) on damaged vectors.
[[nodiscard]] Clustering cluster_embeddings(store::Store& store,
                                            const store::EmbeddingModel& model,
                                            const ClusterOptions& options);

}  // namespace hart::search
