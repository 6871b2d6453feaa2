#include "search/anomaly.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/parallel.h"
#include "learn/local_outlier_factor.h"
#include "search/embedding_rows.h"
#include "tensor/vector.h"

namespace hart::search {
namespace {

/// Rows of a tile, which stays in the second-level cache, and queries that share it.
constexpr std::size_t kTileRows = 128;
constexpr std::size_t kTileQueries = 256;

/// The neighbours of rows [begin, end).
void fill_neighbors(const EmbeddingRows& rows, std::size_t begin, std::size_t end,
                    learn::NeighborTable& table) {
  std::vector<learn::NearestList> nearest(end - begin, learn::NearestList{table.k});
  std::array<float, kTileRows> squared;
  for (std::size_t tile = 0; tile < rows.size(); tile += kTileRows) {
    const std::size_t count = std::min(kTileRows, rows.size() - tile);
    for (std::size_t query = begin; query < end; ++query) {
      tensor::squared_l2_rows(rows.row(query), rows.row(tile).data(),
                              std::span{squared}.first(count));
      for (std::size_t i = 0; i < count; ++i)
        if (tile + i != query)
          nearest[query - begin].offer(squared[i], static_cast<std::uint32_t>(tile + i));
    }
  }
  for (std::size_t query = begin; query < end; ++query) {
    const auto items = nearest[query - begin].items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      table.rows[query * table.k + i] = items[i].row;
      table.distances[query * table.k + i] = std::sqrt(items[i].distance);
    }
  }
}

std::vector<double> lof_of(const EmbeddingRows& rows, const learn::AnomalyOptions& options) {
  learn::NeighborTable table;
  table.k = std::min(options.neighbors, rows.size() - 1);
  table.rows.resize(rows.size() * table.k);
  table.distances.resize(rows.size() * table.k);
  if (table.k > 0)
    parallel_for(rows.size(), kTileQueries, options.forest.threads,
                 [&](std::size_t begin, std::size_t end) {
                   for (std::size_t at = begin; at < end; at += kTileQueries)
                     fill_neighbors(rows, at, std::min(end, at + kTileQueries), table);
                 });
  return learn::local_outlier_factors(table, rows.size());
}

std::vector<double> forest_of(const EmbeddingRows& rows,
                              const learn::IsolationForestOptions& options) {
  const auto reader = [&](std::size_t row, std::span<double> out) {
    std::copy_n(rows.row(row).begin(), rows.dim, out.begin());
  };
  return learn::IsolationForest::fit(rows.size(), rows.dim, reader, options)
      .scores(rows.size(), reader, options.threads);
}

}  // namespace

std::vector<EmbeddingAnomaly> embedding_anomalies(store::Store& store,
                                                  const store::EmbeddingModel& model,
                                                  const learn::AnomalyOptions& options) {
  const EmbeddingRows rows = read_embedding_rows(store, model);
  if (rows.size() == 0) return {};
  std::vector<double> forest, lof;
  if (options.method != learn::AnomalyMethod::lof) forest = forest_of(rows, options.forest);
  if (options.method != learn::AnomalyMethod::forest) lof = lof_of(rows, options);
  std::vector<EmbeddingAnomaly> anomalies;
  for (const learn::Anomaly& anomaly : learn::rank_anomalies(forest, lof))
    anomalies.push_back({rows.atoms[anomaly.row], anomaly});
  return anomalies;
}

}  // namespace hart::search
