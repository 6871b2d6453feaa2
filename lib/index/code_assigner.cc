#include "index/code_assigner.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/parallel.h"
#include "index/cell_kernels.h"
#include "index/kmeans.h"

namespace hart::index {
namespace {

/// Cells with the best estimates that a row is compared with.
constexpr std::size_t kCompared = 32;
constexpr std::size_t kRowsPerThread = 256;
/// Of the rotation: any will do.
constexpr std::uint64_t kSeed = 1;

}  // namespace

CodeAssigner::CodeAssigner(std::span<const float> centroids, std::size_t dim)
    : centroids_{centroids},
      dim_{dim},
      cells_{centroids.size() / dim},
      rotation_{dim, kSeed},
      mean_(dim),
      half_squares_{half_squares(centroids, dim)} {
  for (std::size_t j = 0; j < dim; ++j) {
    double sum = 0;
    for (std::size_t c = 0; c < cells_; ++c) sum += static_cast<double>(centroids[c * dim + j]);
    mean_[j] = static_cast<float>(sum / static_cast<double>(cells_));
  }
  code_centroids();
}

void CodeAssigner::code_centroids() {
  const std::size_t bytes = code_block_bytes(rotation_.padded());
  blocks_.resize((cells_ + kCodesPerBlock - 1) / kCodesPerBlock * bytes);
  CodeMaker maker{rotation_, mean_};
  std::vector<std::uint8_t> segments(rotation_.padded() / kDimsPerSegment);
  for (std::size_t c = 0; c < cells_; ++c) {
    const VectorCode code =
        maker.make(centroids_.subspan(c * dim_, dim_), -half_squares_[c], segments);
    put_code(blocks_.data() + c / kCodesPerBlock * bytes, c % kCodesPerBlock, code,
             static_cast<std::uint32_t>(c), segments);
  }
}

/// Leaves the cells with the kCompared best estimates in `best`, the lower ones of equals.
void CodeAssigner::estimate(const CodeQuery& query, std::vector<Estimate>& best) const {
  const auto better = [](const Estimate& a, const Estimate& b) {
    return a.score != b.score ? a.score > b.score : a.cell < b.cell;
  };
  const auto scan = cell_kernels().scan;
  const std::size_t bytes = code_block_bytes(rotation_.padded());
  float threshold = -std::numeric_limits<float>::infinity();
  best.clear();
  const auto shrink = [&] {
    const auto last = best.begin() + kCompared - 1;
    std::nth_element(best.begin(), last, best.end(), better);
    threshold = last->score;
    best.resize(kCompared);
  };
  float scores[kCodesPerBlock];
  for (std::size_t first = 0; first < cells_; first += kCodesPerBlock) {
    std::uint32_t above =
        scan(blocks_.data() + first / kCodesPerBlock * bytes, query, threshold, scores);
    if (cells_ - first < kCodesPerBlock) above &= (std::uint32_t{1} << (cells_ - first)) - 1;
    for (; above != 0; above &= above - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(above));
      best.push_back({scores[slot], static_cast<std::uint32_t>(first + slot)});
    }
    if (best.size() >= 3 * kCompared) shrink();
  }
  if (best.size() > kCompared) shrink();
}

void CodeAssigner::assign(const float* rows, std::size_t n, unsigned threads,
                          std::uint32_t* cells, float* scores, std::uint32_t* second) const {
  const CellKernels& kernels = cell_kernels();
  parallel_for(n, kRowsPerThread, threads, [&](std::size_t begin, std::size_t end) {
    QueryTable table{rotation_, mean_};
    std::vector<Estimate> best;
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<const float> row{rows + i * dim_, dim_};
      table.prepare(row);
      estimate(table.code_query(), best);
      NearCells near{second == nullptr ? 1 : kSpillChoices};
      for (const Estimate& one : best)
        near.offer(kernels.dot_f32(centroids_.data() + one.cell * dim_, row.data(), dim_) -
                       half_squares_[one.cell],
                   one.cell);
      cells[i] = near.cell(0);
      scores[i] = near.score(0);
      if (second != nullptr) second[i] = spill_cell(row, near, centroids_);
    }
  });
}

}  // namespace hart::index
