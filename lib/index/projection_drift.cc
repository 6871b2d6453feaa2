#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "core/error.h"
#include "geometry/distortion.h"
#include "index/projection_store.h"

namespace hart::index {
namespace {

using store::Statement;

constexpr std::size_t kDriftVectors = 5'000;
constexpr std::size_t kLocalityVectors = 1'000;
constexpr std::size_t kPairs = 20'000;
constexpr std::uint64_t kDriftSeed = 1;

/// The direction of the vector in a column, behind the others; nothing is added for a zero
/// vector. False then.
bool append_direction(const Statement& row, int column, std::size_t dim,
                      std::vector<float>& rows) {
  const ByteView bytes = row.blob(column);
  if (bytes.size() != dim * sizeof(float))
    throw Error{Fault::data,
                "the store is damaged: a vector of " + std::to_string(bytes.size()) + " bytes"};
  std::vector<float> vector(dim);
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  const std::vector<float> unit = direction_of(vector);
  if (std::all_of(unit.begin(), unit.end(), [](float x) { return x == 0; })) return false;
  rows.insert(rows.end(), unit.begin(), unit.end());
  return true;
}

/// Placed vectors drawn by `seed`: those that follow random ids, each once.
struct PlacedSample {
  std::vector<float> rows;            ///< (n, dim), directions
  std::vector<std::int64_t> hilbert;  ///< (n)
};

PlacedSample sample_placed(store::Store& store, const store::EmbeddingModel& model,
                           std::uint64_t seed) {
  PlacedSample sample;
  Statement limits = store.db().prepare(
      "SELECT min(atom_embedding_id), max(atom_embedding_id) FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1");
  if (!limits.with(model.embedding_model_id).step() || limits.is_null(0)) return sample;
  const std::int64_t first = limits.integer(0);
  const auto span = static_cast<std::uint64_t>(limits.integer(1) - first) + 1;
  std::mt19937_64 random{seed};
  std::vector<std::int64_t> starts;
  if (span <= kLocalityVectors) {
    for (std::uint64_t i = 0; i < span; ++i)
      starts.push_back(first + static_cast<std::int64_t>(i));
  } else {
    for (std::size_t i = 0; i < kLocalityVectors; ++i)
      starts.push_back(first + static_cast<std::int64_t>(random() % span));
    std::sort(starts.begin(), starts.end());
  }
  Statement next = store.db().prepare(
      "SELECT atom_embedding_id, vector, hilbert_index FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1 AND atom_embedding_id >= ?2"
      " ORDER BY atom_embedding_id LIMIT 1");
  std::int64_t last = 0;
  for (const std::int64_t start : starts) {
    if (start <= last) continue;
    if (!next.with(model.embedding_model_id, start).step()) break;
    last = next.integer(0);
    if (!next.is_null(2) &&
        append_direction(next, 1, static_cast<std::size_t>(model.dims), sample.rows))
      sample.hilbert.push_back(next.integer(2));
  }
  return sample;
}

}  // namespace

Drift measure_drift(store::Store& store, const store::EmbeddingModel& model,
                    const StoredProjection& stored) {
  // Ids and times grow together, so the newest come first and the first old one ends the walk.
  Statement rows = store.db().prepare(
      "SELECT vector, created_us FROM my_atom_embedding WHERE embedding_model_id = ?1"
      " ORDER BY atom_embedding_id DESC LIMIT ?2");
  rows.with(model.embedding_model_id, static_cast<std::uint64_t>(kDriftVectors));
  const auto dim = static_cast<std::size_t>(model.dims);
  std::vector<float> vectors;
  while (rows.step() && rows.integer(1) > stored.created)
    (void)append_direction(rows, 0, dim, vectors);
  Drift drift;
  drift.newer = vectors.size() / dim;
  if (drift.newer < kMinDriftVectors) return drift;
  drift.rank_correlation =
      geometry::sample_distortion(vectors, drift.newer, stored.projection, kPairs, kDriftSeed)
          .spearman;
  drift.drift = stored.rank_correlation - *drift.rank_correlation;
  return drift;
}

std::optional<double> hilbert_correlation(store::Store& store,
                                          const store::EmbeddingModel& model,
                                          std::uint64_t seed) {
  const PlacedSample sample = sample_placed(store, model, seed);
  const std::size_t n = sample.hilbert.size();
  if (n < 2) return std::nullopt;
  const auto dim = static_cast<std::size_t>(model.dims);
  std::mt19937_64 random{seed};
  std::vector<double> along;
  std::vector<double> apart;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const std::size_t a = random() % n;
    const std::size_t b = (a + 1 + random() % (n - 1)) % n;
    double squares = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double difference =
          static_cast<double>(sample.rows[a * dim + i]) - sample.rows[b * dim + i];
      squares += difference * difference;
    }
    apart.push_back(std::sqrt(squares));
    along.push_back(std::abs(static_cast<double>(sample.hilbert[a] - sample.hilbert[b])));
  }
  return geometry::measure_distortion(apart, along).spearman;
}

}  // namespace hart::index
