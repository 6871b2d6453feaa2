#pragma once

#include <cstdint>
#include <functional>

#include "index/generation.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// Builds the next generation of an index over the tenant's vectors of `model` and publishes
/// it; the one before answers until then, and is dropped afterwards. Queries, inserts and
/// deletes go on meanwhile. `progress` is told how many vectors are done; what it throws stops
/// the build and leaves the generation before in use. A new generation has no recall figure:
/// see `check_index`. Throws Error(no_input) when there are no vectors, Error(busy) while
/// another process builds.
IndexInfo build_index(store::Store& store, const store::EmbeddingModel& model, IndexKind kind,
                      const std::function<void(std::uint64_t)>& progress = {});

struct CheckOptions {
  std::size_t k = 10;
  std::size_t candidates = 100;  ///< reranked; of no account for an exact index
  std::size_t samples = 200;     ///< stored vectors used as queries, at most
  std::uint64_t seed = 1;        ///< which of them
  unsigned threads = 1;
  double wanted = 0.95;  ///< the recall asked of an index that can be asked for one
};

struct RecallReport {
  double recall = 0;    ///< share of the true k nearest that were found, mean over the queries
  double interval = 0;  ///< half width of its 95 % confidence interval
  std::size_t queries = 0;
  std::size_t k = 0;  ///< of the check; fewer where the store holds fewer vectors
  std::size_t candidates = 0;
  double indexed_s = 0;  ///< mean time of a query through the index
  double exact_s = 0;  ///< mean time of a query compared with every vector, in one pass for all
};

/// Measures recall@k of `index` against exact search under the cosine metric, for a seeded
/// sample of stored vectors as queries. A query's own vector is left out on both sides, so that
/// it is not counted as found. At equal distance any neighbour counts. Throws Error(no_input)
/// with fewer than two vectors, and Error as `spatial_search` does when the generation cannot
/// be used.
[[nodiscard]] RecallReport measure_recall(store::Store& store,
                                          const store::EmbeddingModel& model,
                                          const IndexInfo& index, const CheckOptions& options);

/// `measure_recall` for the current generation, and stores the figure in the catalog. Reads all
/// of a cell index's file first. Throws Error(no_input) when there is no such index,
/// Error(data) when a byte of the file is not as it was written.
RecallReport check_index(store::Store& store, const store::EmbeddingModel& model,
                         IndexKind kind, const CheckOptions& options);

}  // namespace hart::index
