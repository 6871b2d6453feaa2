#pragma once

#include <vector>

#include "learn/nearest_neighbors.h"

namespace hart::learn {

/// The local outlier factor of each of the n rows of `neighbors`: the mean density of a row's k
/// neighbours over its own density. About 1 within a cluster of any density, well above 1 for
/// an outlier. Density is 1 / (mean reachability distance + 1e-10), where the reachability
/// distance from p to its neighbour o is the larger of their distance and the distance of o to
/// its own k-th neighbour; the small term keeps rows with more than k duplicates finite. The
/// neighbourhood is exactly k rows, also where more are as far as the k-th. 1 for every row
/// when k is 0; `n` is the number of rows then.
/// Source: M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander, "LOF: identifying density-based
/// local outliers", SIGMOD 2000.
[[nodiscard]] std::vector<double> local_outlier_factors(const NeighborTable& neighbors,
                                                        std::size_t n);

}  // namespace hart::learn
