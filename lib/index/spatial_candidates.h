#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "geometry/point.h"
#include "index/exact.h"
#include "index/generation.h"
#include "index/projection_store.h"
#include "store/embedding.h"
#include "store/store.h"

/// What the indexes over places in the map, R-tree and Hilbert curves, have in common.
namespace hart::index {

/// A vector's embedding id and its place.
struct SpatialItem {
  std::int64_t id = 0;
  geometry::PointZM point;
};

/// What an index over places is built from.
struct SpatialItems {
  std::int64_t projection_version = 0;
  std::vector<SpatialItem> items;      ///< one or more, by ascending id
  std::int64_t last_embedding_id = 0;  ///< the greatest of the ids
};

/// The places of all the tenant's vectors of `model` in the current projection; fits one (PCA)
/// where there is none. Throws Error(no_input) when there are no vectors.
[[nodiscard]] SpatialItems gather_spatial_items(store::Store& store,
                                                const store::EmbeddingModel& model);

/// Where `vector` stands in the projection that `index` was built with. Throws Error(data) when
/// that is missing.
[[nodiscard]] geometry::PointZM place_in_index(store::Store& store,
                                               const store::EmbeddingModel& model,
                                               const IndexInfo& index,
                                               std::span<const float> vector);

/// How a spatial search was done.
struct SpatialReport {
  std::uint64_t candidates = 0;  ///< vectors of the generation that were reranked
  std::uint64_t popped = 0;  ///< entries that the index gave out, removed and filtered ones too
  std::uint64_t delta = 0;   ///< newer vectors, compared exactly
  double candidates_s = 0;   ///< time for the index and the vectors of the candidates
  double delta_s = 0;
};

/// Compares the vectors of candidates with a query, as far as the tenant still holds them.
class CandidateReranker {
 public:
  /// Reads rows of `store` and offers to `nearest`; all must outlive it.
  CandidateReranker(store::Store& store, const VectorQuery& query, std::size_t candidates,
                    TopK& nearest, SpatialReport& report);

  /// Compares the vector unless it was removed or the query does not admit it. False once there
  /// are enough candidates. Throws Error(data) on a vector of another length.
  bool offer(std::int64_t embedding_id);

 private:
  const VectorQuery& query_;
  std::size_t candidates_;
  TopK& nearest_;
  SpatialReport& report_;
  DistanceFrom distance_from_;
  store::Statement find_;
  std::vector<float> vector_;
};

/// Offers every vector newer than `index` to `nearest`, and counts them in `report`.
void scan_delta(store::Store& store, const store::EmbeddingModel& model, const IndexInfo& index,
                const VectorQuery& query, unsigned threads, TopK& nearest,
                SpatialReport& report);

}  // namespace hart::index
