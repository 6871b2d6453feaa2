#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "geometry/hilbert.h"
#include "geometry/point.h"
#include "index/exact.h"
#include "index/generation.h"
#include "index/spatial_candidates.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// A point of an R-tree and how far it is from the query.
struct SpatialNeighbor {
  std::int64_t id = 0;
  double distance = 0;  ///< Euclidean, in float64
};

/// An R-tree over points in space: a virtual table of SQLite with columns id, x0, x1, y0, y1,
/// z0, z1. SQLite keeps coordinates as float32, so points are rounded to that before they are
/// stored and distances are exact for the rounded points. M is not indexed.
class PointRtree {
 public:
  /// The table `name` of `db`; `db` must outlive it.
  PointRtree(store::Connection& db, std::string name);

  using Item = SpatialItem;
  /// Makes the table and packs it along the Hilbert curve of the items' bounding box. Call
  /// inside a transaction.
  void create(std::vector<Item> items, const std::function<void(std::uint64_t)>& progress);

  /// Visits points nearest first until `visit` returns false: best-first, each node and point
  /// popped by its distance from `query`. Throws Error(data) on a damaged tree.
  /// Source: Hjaltason and Samet, "Distance browsing in spatial databases", TODS 24(2), 1999.
  void nearest(const geometry::PointZM& query,
               const std::function<bool(const SpatialNeighbor&)>& visit);

  /// Visits the ids of all points in `box`, borders included, in no order, and of points that
  /// the rounding to float32 brought close to it.
  void within(const geometry::Box& box, const std::function<void(std::int64_t)>& visit);

 private:
  store::Connection& db_;
  std::string name_;
};

/// Builds an R-tree over the projections of the tenant's vectors and publishes it. Uses the
/// current projection, and fits one first (PCA) where there is none. Progress and errors as for
/// `build_flat_index`.
IndexInfo build_rtree_index(store::Store& store, const store::EmbeddingModel& model,
                            const std::function<void(std::uint64_t)>& progress);

/// The nearest of `candidates` vectors, those whose projections lie nearest to the query's, and
/// of all vectors newer than the generation. Removed vectors and those that the filter holds
/// back do not count as candidates. Approximate: how many of the true neighbours it finds is
/// what `measure_recall` says. Throws Error when the generation cannot be used.
[[nodiscard]] std::vector<Neighbor> spatial_search(store::Store& store,
                                                   const store::EmbeddingModel& model,
                                                   const IndexInfo& index,
                                                   const VectorQuery& query,
                                                   std::size_t candidates, unsigned threads,
                                                   SpatialReport* report = nullptr);

}  // namespace hart::index
