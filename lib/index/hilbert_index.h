#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "index/exact.h"
#include "index/generation.h"
#include "index/rtree_index.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// Builds an index of several shifted Hilbert curves over the projections of the tenant's
/// vectors and publishes it. Uses the current projection, and fits one first (PCA) where there
/// is none. Progress and errors as for `build_index`.
IndexInfo build_hilbert_index(store::Store& store, const store::EmbeddingModel& model,
                              const std::function<void(std::uint64_t)>& progress);

/// The nearest of `candidates` vectors, those whose places lie nearest to the query's along any
/// of the curves, and of all vectors newer than the generation; filters and removed vectors as
/// in `spatial_search`. Approximate. Throws Error when the generation cannot be used.
[[nodiscard]] std::vector<Neighbor> hilbert_search(store::Store& store,
                                                   const store::EmbeddingModel& model,
                                                   const IndexInfo& index,
                                                   const VectorQuery& query,
                                                   std::size_t candidates, unsigned threads,
                                                   SpatialReport* report = nullptr);

}  // namespace hart::index
