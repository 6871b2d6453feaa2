#include "index/projection_store.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "geometry/distortion.h"
#include "geometry/hilbert.h"

namespace hart::index {
namespace {

using geometry::PointZM;
using geometry::Projection;
using store::Scope;
using store::Statement;

struct ProjectionKindName {
  Projection::Kind kind;
  std::string_view name;
};
constexpr std::array<ProjectionKindName, 3> kProjectionKinds{
    {{Projection::Kind::pca, "pca"},
     {Projection::Kind::landmark, "landmark"},
     {Projection::Kind::trilateration, "trilateration"}}};

constexpr std::size_t kDistortionPairs = 20'000;
constexpr double kUnknownImportance = 0;

bool is_zero(std::span<const float> vector) {
  return std::all_of(vector.begin(), vector.end(), [](float x) { return x == 0; });
}

/// At most `limit` of the tenant's vectors that are not zero, as directions.
/// Source: J. S. Vitter, "Random sampling with a reservoir", TOMS 11(1), 1985, algorithm R.
std::vector<std::vector<float>> sample_directions(store::Store& store,
                                                  const store::EmbeddingModel& model,
                                                  std::size_t limit, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::vector<float>> sample;
  std::uint64_t seen = 0;
  store::for_each_embedding(store, model.embedding_model_id, 0,
                            [&](const store::Embedding& embedding) {
                              if (is_zero(embedding.vector)) return;
                              ++seen;
                              if (sample.size() < limit)
                                sample.push_back(direction_of(embedding.vector));
                              else if (const std::uint64_t slot = random() % seen; slot < limit)
                                sample[slot] = direction_of(embedding.vector);
                            });
  return sample;
}

Projection fit(const FitOptions& options, std::span<const float> rows, std::size_t n,
               std::size_t dim) {
  switch (options.kind) {
    case Projection::Kind::pca:
      return Projection::fit_pca(rows, n, dim);
    case Projection::Kind::landmark:
      return Projection::fit_landmarks(rows, n, dim);
    case Projection::Kind::trilateration:
      return Projection::fit_trilateration(rows, n, dim, std::min(options.landmarks, n));
  }
  throw Error{Fault::internal, "a projection of an unknown kind"};
}

StoredProjection read_projection(const Statement& row) {
  return {row.integer(0),
          Projection::parse(row.blob(1)),
          row.integer(2),
          row.real(3),
          row.is_null(4) ? std::nullopt : std::optional{row.real(4)},
          row.integer(5)};
}

constexpr const char* kSelectProjection =
    "SELECT version, projection, fitted_on, coalesce(rank_correlation, 0), stress,"
    " created_us"
    " FROM my_spatial_projection WHERE embedding_model_id = ?1";

void insert_projection(store::Store& store, const store::EmbeddingModel& model,
                       const StoredProjection& stored) {
  store.db()
      .prepare(
          "INSERT INTO spatial_projection (tenant_id, embedding_model_id, kind, version,"
          " projection, fitted_on, rank_correlation, stress, created_us)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
          Scope::owner)
      .run(store.tenant_id(), model.embedding_model_id,
           projection_kind_name(stored.projection.kind()), stored.version,
           stored.projection.serialise(), stored.fitted_on, stored.rank_correlation,
           stored.stress, stored.created);
}

std::vector<float> side_by_side(const std::vector<std::vector<float>>& vectors,
                                std::size_t dim) {
  std::vector<float> rows;
  rows.reserve(vectors.size() * dim);
  for (const auto& vector : vectors) rows.insert(rows.end(), vector.begin(), vector.end());
  return rows;
}

std::int64_t hilbert_key(const PointZM& point) {
  return static_cast<std::int64_t>(
      geometry::hilbert_index(geometry::cell_of_point(Projection::box(), point)));
}

/// Moves every vector, those that are hidden from the tenant among them: they come back where
/// they belong. The places are worked out before the first is written: a statement must not
/// walk over the table that another one changes.
void place_all(store::Store& store, const store::EmbeddingModel& model,
               const Projection& projection) {
  struct Place {
    std::int64_t embedding_id;  ///< 0: hidden
    std::int64_t atom_id;
    PointZM point;
  };
  std::vector<Place> places;
  // What is seen tells nothing of a reference that is hidden.
  Statement importance = store.db().prepare(
      "SELECT max(importance) FROM tenant_atom WHERE tenant_id = ?1 AND atom_id = ?2"
      " AND (?3 = 0 OR access_level <> 'none')",
      Scope::owner);
  const auto find_place = [&](const store::Embedding& embedding) {
    PointZM point = place_of(projection, embedding.vector);
    importance.with(store.tenant_id(), embedding.atom_id, embedding.embedding_id).step();
    point.m = importance.is_null(0) ? kUnknownImportance : importance.real(0);
    places.push_back({embedding.embedding_id, embedding.atom_id, point});
  };
  store::for_each_embedding(store, model.embedding_model_id, 0, find_place);
  store::for_each_hidden_embedding(store, model.embedding_model_id, find_place);
  importance.reset();
  store::EmbeddingPlacer placer{store};
  for (const Place& place : places) {
    if (place.embedding_id != 0)
      placer.place(place.embedding_id, place.point, hilbert_key(place.point));
    else
      placer.place_hidden(model.embedding_model_id, place.atom_id, place.point,
                          hilbert_key(place.point));
  }
}

}  // namespace

std::string_view projection_kind_name(Projection::Kind kind) noexcept {
  for (const ProjectionKindName& known : kProjectionKinds)
    if (known.kind == kind) return known.name;
  return {};
}

std::optional<Projection::Kind> find_projection_kind(std::string_view name) noexcept {
  for (const ProjectionKindName& known : kProjectionKinds)
    if (known.name == name) return known.kind;
  return std::nullopt;
}

std::optional<std::int64_t> current_projection_version(store::Store& store,
                                                       const store::EmbeddingModel& model) {
  Statement select = store.db().prepare(
      "SELECT max(version) FROM my_spatial_projection WHERE embedding_model_id = ?1");
  if (!select.with(model.embedding_model_id).step() || select.is_null(0)) return std::nullopt;
  return select.integer(0);
}

std::optional<StoredProjection> current_projection(store::Store& store,
                                                   const store::EmbeddingModel& model) {
  Statement select =
      store.db().prepare(std::string{kSelectProjection} + " ORDER BY version DESC LIMIT 1");
  if (!select.with(model.embedding_model_id).step()) return std::nullopt;
  return read_projection(select);
}

std::optional<StoredProjection> projection_version(store::Store& store,
                                                   const store::EmbeddingModel& model,
                                                   std::int64_t version) {
  Statement select = store.db().prepare(std::string{kSelectProjection} + " AND version = ?2");
  if (!select.with(model.embedding_model_id, version).step()) return std::nullopt;
  return read_projection(select);
}

StoredProjection fit_projection(store::Store& store, const store::EmbeddingModel& model,
                                const FitOptions& options) {
  const auto sample = sample_directions(store, model, options.sample, options.seed);
  if (sample.size() < 2)
    throw Error{Fault::no_input, "a projection needs two vectors of " + model.name +
                                     " or more, there are " + std::to_string(sample.size())};
  const auto dim = static_cast<std::size_t>(model.dims);
  const std::vector<float> rows = side_by_side(sample, dim);
  StoredProjection stored{0,
                          fit(options, rows, sample.size(), dim),
                          static_cast<std::int64_t>(sample.size()),
                          0,
                          {},
                          0};
  const auto distortion = geometry::sample_distortion(rows, sample.size(), stored.projection,
                                                      kDistortionPairs, options.seed);
  stored.rank_correlation = distortion.spearman;
  stored.stress = distortion.stress;
  store::WriteTransaction transaction{store};
  const auto current = current_projection(store, model);
  stored.version = current ? current->version + 1 : 1;
  stored.created = store.now();
  insert_projection(store, model, stored);
  place_all(store, model, stored.projection);
  transaction.commit();
  return stored;
}

std::vector<float> direction_of(std::span<const float> vector) {
  double squared = 0;
  for (const float x : vector) squared += static_cast<double>(x) * x;
  std::vector<float> unit{vector.begin(), vector.end()};
  if (squared > 0) {
    const double scale = 1 / std::sqrt(squared);
    for (float& x : unit) x = static_cast<float>(x * scale);
  }
  return unit;
}

PointZM place_of(const Projection& projection, std::span<const float> vector) {
  return projection.project(direction_of(vector));
}

void place_embedding(store::Store& store, std::int64_t embedding_id,
                     const Projection& projection, std::span<const float> vector,
                     double importance) {
  PointZM point = place_of(projection, vector);
  point.m = importance;
  store::EmbeddingPlacer{store}.place(embedding_id, point, hilbert_key(point));
}

}  // namespace hart::index
