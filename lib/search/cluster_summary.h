#pragma once

#include <cstddef>

#include "search/cluster.h"
#include "search/embedding_rows.h"
#include "store/store.h"

namespace hart::search {

/// Fills in `clustering.clusters` and `noise` from its labels, 0 … clusters − 1, and its
/// places, and numbers the labels anew: largest cluster first, equal sizes by their lowest row.
void summarise_clusters(store::Store& store, const EmbeddingRows& rows, std::size_t clusters,
                        const ClusterOptions& options, Clustering& clustering);

}  // namespace hart::search
