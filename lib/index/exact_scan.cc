#include "index/exact_scan.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/parallel.h"
#include "tensor/vector_batch.h"

namespace hart::index {
namespace {

// Rows of a tile are read twice, for the products and for their norms, the second time from the
// first-level cache. A batch computes so long with a row that the second level will do.
constexpr std::size_t kTileBytes = std::size_t{16} << 10;
constexpr std::size_t kBatchTileBytes = std::size_t{96} << 10;
constexpr std::size_t kBatch = 4;
// Multiplications that are worth a thread: starting one takes about as long as a fifth of them.
constexpr std::size_t kWorkPerThread = std::size_t{4} << 20;

}  // namespace

/// Rows that are compared together.
struct ExactScan::Tile {
  const VectorBlock& block;
  std::size_t first;
  std::size_t n;
  std::span<const float> norms;  ///< (n) where a query needs them

  [[nodiscard]] tensor::VectorRows rows() const {
    const float* values = block.row(first).data();
    return {tensor::DType::f32, reinterpret_cast<const std::uint8_t*>(values), n, block.dim};
  }
};

ExactScan::ExactScan(std::span<const VectorQuery> queries, std::size_t dim, unsigned threads)
    : queries_{queries}, dim_{dim}, threads_{threads} {
  Group products, squares;
  squares.squared_l2 = true;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const VectorQuery& query = queries[q];
    nearest_.emplace_back(query.k);
    distances_.emplace_back(query.metric, query.vector);
    norms_needed_ = norms_needed_ || query.metric == Metric::cosine;
    Group& group = query.metric == Metric::l2 ? squares : products;
    group.queries.push_back(q);
    group.vectors.insert(group.vectors.end(), query.vector.begin(), query.vector.end());
  }
  for (Group* group : {&products, &squares})
    if (!group->queries.empty()) groups_.push_back(std::move(*group));
}

std::vector<std::vector<Neighbor>> ExactScan::results() const {
  std::vector<std::vector<Neighbor>> results;
  for (const TopK& nearest : nearest_) results.push_back(nearest.sorted());
  return results;
}

void ExactScan::visit(const VectorBlock& block) {
  scanned_ += block.size();
  const std::size_t row_work = std::max<std::size_t>(1, dim_ * queries_.size());
  const std::size_t grain = std::max<std::size_t>(1, kWorkPerThread / row_work);
  if (threads_ <= 1 || block.size() < 2 * grain)
    return scan_part(block, 0, block.size(), nearest_);
  std::mutex merging;
  parallel_for(block.size(), grain, threads_, [&](std::size_t begin, std::size_t end) {
    std::vector<TopK> part;
    for (const VectorQuery& query : queries_) part.emplace_back(query.k);
    scan_part(block, begin, end, part);
    const std::lock_guard lock{merging};
    for (std::size_t q = 0; q < part.size(); ++q) nearest_[q].merge(part[q]);
  });
}

std::size_t ExactScan::tile_rows() const noexcept {
  const std::size_t bytes = queries_.size() > kBatch ? kBatchTileBytes : kTileBytes;
  return std::max<std::size_t>(1, bytes / (sizeof(float) * std::max<std::size_t>(1, dim_)));
}

void ExactScan::scan_part(const VectorBlock& block, std::size_t begin, std::size_t end,
                          std::span<TopK> nearest) const {
  const std::size_t step = std::min(tile_rows(), std::max<std::size_t>(1, end - begin));
  std::vector<float> norms(norms_needed_ ? step : 0);
  std::vector<float> figures(step * queries_.size());
  for (std::size_t first = begin; first < end; first += step) {
    const Tile tile{block, first, std::min(step, end - first), norms};
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      // Norms come after the first products: what waits for memory is then the larger kernel.
      const auto products = std::span{figures}.first(groups_[g].queries.size() * tile.n);
      const tensor::VectorRows rows = tile.rows();
      if (groups_[g].squared_l2)
        tensor::squared_l2_batch(groups_[g].vectors.data(), groups_[g].queries.size(), rows,
                                 products.data());
      else
        tensor::dot_batch(groups_[g].vectors.data(), groups_[g].queries.size(), rows,
                          products.data());
      if (norms_needed_ && !groups_[g].squared_l2) {
        tensor::squares_of_rows(rows, norms.data());
        for (std::size_t r = 0; r < tile.n; ++r) norms[r] = std::sqrt(norms[r]);
      }
      scan_tile(tile, groups_[g], products, nearest);
    }
  }
}

void ExactScan::scan_tile(const Tile& tile, const Group& group, std::span<float> figures,
                          std::span<TopK> nearest) const {
  for (std::size_t i = 0; i < group.queries.size(); ++i) {
    const std::size_t q = group.queries[i];
    const VectorQuery& query = queries_[q];
    const bool has_norms = query.metric == Metric::cosine;
    for (std::size_t r = 0; r < tile.n; ++r) {
      const double distance =
          distances_[q].of_figure(figures[i * tile.n + r], has_norms ? tile.norms[r] : 0);
      if (!nearest[q].takes(distance)) continue;
      const std::int64_t atom_id = tile.block.atom_ids[tile.first + r];
      if (query.admits(atom_id))
        nearest[q].offer({distance, atom_id, tile.block.embedding_ids[tile.first + r]});
    }
  }
}

}  // namespace hart::index
