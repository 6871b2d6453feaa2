#pragma once

#include <cstddef>
#include <cstdint>

#include "learn/dbscan_eps.h"

namespace hart::search {

struct ClusterEpsOptions {
  std::size_t min_points = 5;
  std::uint64_t seed = 1;          ///< which points are sampled
  std::size_t sample_rows = 4000;  ///< points that eps is tried on, at most
  std::size_t curve_rows = 500;    ///< sampled points compared with all others, at most
  unsigned threads = 1;            ///< never changes the result
};

/// A distance that makes clusters of `n` ≥ 2 points, positive: learn::separating_eps of a
/// seeded sample. A sample is sparser than the whole, but the same share of its points lies in
/// regions denser than a given one: where the sample is not everything, the eps is taken at
/// which that share of the whole, as estimated on `curve_rows` points, are core points. Where
/// nothing tells the sample apart, the knee of the curve of the distances to the min_points-th
/// neighbour is taken, the point itself being the first, at which most points are in a cluster.
/// About sample_rows² + curve_rows · n distances are computed.
/// Source: Ester et al. 1996, section 4.2, for the curve.
[[nodiscard]] double choose_cluster_eps(std::size_t n, const learn::Distance& distance,
                                        const ClusterEpsOptions& options);

}  // namespace hart::search
