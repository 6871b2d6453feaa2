#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/clock.h"
#include "geometry/projection.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// A projection as the store keeps it. Versions of one embedding model count up from 1; an
/// R-tree names the version that its points were made with.
struct StoredProjection {
  std::int64_t version = 0;
  geometry::Projection projection;
  std::int64_t fitted_on = 0;  ///< vectors that it was fitted to
  /// Spearman correlation of distances before and after, over sampled pairs of those vectors.
  double rank_correlation = 0;
  std::optional<double> stress;  ///< Kruskal's, over the same; old stores did not keep it
  TimeUs created = 0;
};

/// "pca", "landmark" or "trilateration".
[[nodiscard]] std::string_view projection_kind_name(geometry::Projection::Kind kind) noexcept;
[[nodiscard]] std::optional<geometry::Projection::Kind> find_projection_kind(
    std::string_view name) noexcept;

/// The newest projection of a model: where new vectors are placed. Nothing before the first
/// fit.
[[nodiscard]] std::optional<StoredProjection> current_projection(
    store::Store& store, const store::EmbeddingModel& model);
/// The number of the newest projection alone: nothing is parsed.
[[nodiscard]] std::optional<std::int64_t> current_projection_version(
    store::Store& store, const store::EmbeddingModel& model);
[[nodiscard]] std::optional<StoredProjection> projection_version(
    store::Store& store, const store::EmbeddingModel& model, std::int64_t version);

struct FitOptions {
  geometry::Projection::Kind kind = geometry::Projection::Kind::pca;
  std::size_t sample = 20'000;  ///< vectors to fit to, at most
  std::uint64_t seed = 1;       ///< which vectors, where there are more
  std::size_t landmarks = 16;   ///< of a trilateration, 4 or more
};

/// What a projection is worth for vectors that came after its fit.
struct Drift {
  std::uint64_t newer = 0;  ///< vectors newer than the fit that were looked at
  /// Spearman correlation of distances before and after, over sampled pairs of them; nothing
  /// below kMinDriftVectors of them.
  std::optional<double> rank_correlation;
  /// How far that is below the fit's own figure; negative where it is above.
  std::optional<double> drift;
};

/// Fewer newer vectors say nothing: over n vectors the correlation of unrelated distances is
/// itself spread by about 1 / √n.
inline constexpr std::uint64_t kMinDriftVectors = 50;

/// Compares `stored` with the tenant's vectors newer than it, the newest 5 000 at most. Reads
/// those alone.
[[nodiscard]] Drift measure_drift(store::Store& store, const store::EmbeddingModel& model,
                                  const StoredProjection& stored);

/// How well the order along the Hilbert curve keeps the order of distances: Spearman
/// correlation of |difference of Hilbert indexes| and distance between directions, over pairs
/// of at most 1 000 placed vectors drawn by `seed`. Nothing where there are fewer than two.
[[nodiscard]] std::optional<double> hilbert_correlation(store::Store& store,
                                                        const store::EmbeddingModel& model,
                                                        std::uint64_t seed);

/// Fits a projection to the tenant's vectors of `model`, stores it as the next version and
/// moves every vector to its new place (3-D point and Hilbert index), those too that are hidden
/// from the tenant, to which nothing is fitted; all in one write transaction. Indexes go on
/// using the version that they were built with. Landmarks are chosen among the vectors scaled
/// to length 1. Throws Error(no_input) with fewer than two vectors,
/// and as Projection::fit_* do.
StoredProjection fit_projection(store::Store& store, const store::EmbeddingModel& model,
                                const FitOptions& options);

/// `vector` scaled to length 1; as it is when its length is 0.
[[nodiscard]] std::vector<float> direction_of(std::span<const float> vector);

/// Where `vector` stands in the map: the projection of its direction, for a map that does not
/// depend on the vectors' lengths. A zero vector is projected as it is. M is 0. Throws as
/// Projection::project does.
[[nodiscard]] geometry::PointZM place_of(const geometry::Projection& projection,
                                         std::span<const float> vector);

/// Stores the place of one vector; for ingest, right after put_embedding and in its
/// transaction. `importance` becomes M.
void place_embedding(store::Store& store, std::int64_t embedding_id,
                     const geometry::Projection& projection, std::span<const float> vector,
                     double importance);

}  // namespace hart::index
