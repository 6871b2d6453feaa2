#pragma once

#include <cstdint>
#include <vector>

#include "learn/anomaly.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

struct EmbeddingAnomaly {
  std::int64_t atom_id = 0;
  learn::Anomaly anomaly;  ///< `row` counts the model's atoms in ascending order
};

/// The acting tenant's embeddings of `model`, scaled to length 1, ranked by how anomalous they
/// are; equal scores by ascending atom id. Reads all vectors into memory. The local outlier
/// factor compares every vector with every other one: n² distances; the isolation forest costs
/// n. The same store and seed give the same result, whatever the threads. Throws Error(data) on
/// damaged vectors, and as learn::IsolationForest::fit does.
[[nodiscard]] std::vector<EmbeddingAnomaly> embedding_anomalies(
    store::Store& store, const store::EmbeddingModel& model,
    const learn::AnomalyOptions& options);

}  // namespace hart::search
