#include "index/cell_scan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace hart::index {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();
/// Vectors fetched ahead of the one that is compared.
constexpr std::size_t kAhead = 4;
constexpr std::size_t kCacheLine = 64;

bool better(const ScoredPosition& a, const ScoredPosition& b) noexcept {
  return a.score != b.score ? a.score > b.score : a.position < b.position;
}

bool better_estimate(const EstimatedPosition& a, const EstimatedPosition& b) noexcept {
  return a.estimate != b.estimate ? a.estimate > b.estimate : a.position < b.position;
}

}  // namespace

CellScanner::CellScanner(const CellFile& file)
    : file_{file},
      kernels_{cell_kernels()},
      rotation_{file.info().dims, file.info().seed},
      table_{rotation_, file.mean()},
      seen_{file.info().items} {}

std::span<const ScoredPosition> CellScanner::search(std::span<const float> query, std::size_t k,
                                                    const CellSettings& settings,
                                                    const CellFilter& filter,
                                                    ScanCounts& counts) {
  nearest_.clear();
  scan_cells(query, std::min<std::size_t>(settings.cells, file_.info().cells),
             std::max<std::size_t>(settings.rerank, k), filter, counts);
  rerank(query, k, settings.margin, counts);
  std::sort(nearest_.begin(), nearest_.end(), better);
  return nearest_;
}

std::span<const EstimatedPosition> CellScanner::estimate(std::span<const float> query,
                                                         const CellSettings& settings,
                                                         ScanCounts& counts) {
  scan_cells(query, std::min<std::size_t>(settings.cells, file_.info().cells), settings.rerank,
             {}, counts);
  std::sort(candidates_.begin(), candidates_.end(), better_estimate);
  return candidates_;
}

/// Leaves the `depth` best estimates, as scores with their deviations, in `candidates_`.
void CellScanner::scan_cells(std::span<const float> query, std::size_t count, std::size_t depth,
                             const CellFilter& filter, ScanCounts& counts) {
  table_.prepare(query);
  codes_ = table_.code_query();
  candidates_.clear();
  threshold_ = kLowest;
  if (filter.admitted.empty())
    choose_cells(query, count);
  else
    choose_admitting_cells(count, filter.admitted);
  for (const ScoredPosition& cell : cells_)
    scan_cell(cell.position, depth, filter.allowed, counts);
  counts.cells += cells_.size();
  shrink_candidates(depth);
  for (EstimatedPosition& candidate : candidates_) {
    seen_.remove(candidate.position);
    candidate.estimate += table_.base();
    candidate.deviation *= table_.length();
  }
}

std::span<const ScoredPosition> CellScanner::search_positions(
    std::span<const float> query, std::size_t k, std::span<const std::uint32_t> positions,
    ScanCounts& counts) {
  nearest_.clear();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i + kAhead < positions.size()) prefetch(positions[i + kAhead]);
    offer(k, {score(query, positions[i]), positions[i]});
  }
  counts.reranked += positions.size();
  std::sort(nearest_.begin(), nearest_.end(), better);
  return nearest_;
}

/// Leaves the `kept` best estimated cells, in no order, in `cells_`. All are estimated, which
/// takes about 2 ns a cell: of 3000 cells of text, a look into the third that the nearest
/// groups hold misses 1.5 % of the nearest 9 and 4 % of the nearest 28.
void CellScanner::estimate_cells(std::size_t kept) {
  const std::size_t all = file_.info().cells;
  cells_.clear();
  float threshold = kLowest;
  const auto shrink = [&] {
    const auto middle = cells_.begin() + static_cast<std::ptrdiff_t>(kept);
    std::nth_element(cells_.begin(), middle - 1, cells_.end(), better);
    threshold = (middle - 1)->score;
    cells_.erase(middle, cells_.end());
  };
  const std::uint8_t* block = file_.centroid_blocks();
  for (std::size_t first = 0; first < all; first += kCodesPerBlock) {
    std::uint32_t above = kernels_.scan(block, codes_, threshold, estimates_);
    if (all - first < kCodesPerBlock) above &= (std::uint32_t{1} << (all - first)) - 1;
    for (; above != 0; above &= above - 1) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(above));
      cells_.push_back({estimates_[slot], static_cast<std::uint32_t>(first + slot)});
    }
    if (cells_.size() >= 2 * kept) shrink();
    block += file_.block_bytes();
  }
  if (cells_.size() > kept) shrink();
}

/// The best of the cells that admit something, until they admit as much as `count` cells hold.
void CellScanner::choose_admitting_cells(std::size_t count,
                                         std::span<const std::uint32_t> admitted) {
  estimate_cells(file_.info().cells);
  std::erase_if(cells_,
                [&](const ScoredPosition& cell) { return admitted[cell.position] == 0; });
  const auto farther = [](const ScoredPosition& a, const ScoredPosition& b) {
    return better(b, a);
  };
  std::make_heap(cells_.begin(), cells_.end(), farther);
  const std::uint64_t wanted =
      kFilteredBreadth * count * file_.info().items / file_.info().cells;
  std::uint64_t seen = 0;
  auto end = cells_.end();
  for (std::size_t taken = 0; end != cells_.begin() && (seen < wanted || taken < count);
       ++taken) {
    std::pop_heap(cells_.begin(), end, farther);
    --end;
    seen += admitted[end->position];
  }
  // The best were moved behind the heap, the best of all last.
  cells_.erase(cells_.begin(), end);
  std::reverse(cells_.begin(), cells_.end());
}

/// The cells whose centroids score best: estimated by their codes, the best of these compared.
void CellScanner::choose_cells(std::span<const float> query, std::size_t count) {
  const std::size_t all = file_.info().cells;
  if (count >= all) {
    cells_.clear();
    for (std::uint32_t c = 0; c < all; ++c) cells_.push_back({0, c});
    return;
  }
  estimate_cells(std::min(all, count * 2 + 16));
  const bool by_distance = file_.info().metric == Metric::l2;
  const std::size_t dims = file_.info().dims;
  for (ScoredPosition& cell : cells_) {
    const float* centroid = file_.centroids().data() + cell.position * dims;
    cell.score = kernels_.dot_f32(centroid, query.data(), dims);
    if (by_distance) cell.score -= kernels_.dot_f32(centroid, centroid, dims) / 2;
  }
  const std::size_t taken = std::min(count, cells_.size());
  const auto kept = cells_.begin() + static_cast<std::ptrdiff_t>(taken);
  std::partial_sort(cells_.begin(), kept, cells_.end(), better);
  cells_.resize(taken);
}

void CellScanner::scan_cell(std::uint32_t cell, std::size_t rerank, const PositionSet* allowed,
                            ScanCounts& counts) {
  const std::size_t begin = file_.first_blocks()[cell];
  const std::size_t end = file_.first_blocks()[cell + 1];
  for (std::size_t b = begin; b < end; ++b) {
    const std::uint8_t* block = file_.code_block(b);
    const std::uint32_t above = kernels_.scan(block, codes_, threshold_, estimates_);
    if (above == 0) continue;
    take_candidates(block, above, allowed);
    if (candidates_.size() >= 2 * rerank) shrink_candidates(rerank);
  }
  counts.scanned += (end - begin) * kCodesPerBlock;
}

void CellScanner::take_candidates(const std::uint8_t* block, std::uint32_t above,
                                  const PositionSet* allowed) {
  for (; above != 0; above &= above - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(above));
    const std::uint32_t position = block_position(block, slot);
    // A damaged file must not lead outside it.
    if (position >= file_.info().items || seen_.contains(position)) continue;
    if (allowed != nullptr && !allowed->contains(position)) continue;
    seen_.add(position);
    candidates_.push_back({estimates_[slot], block_error(block, slot), position});
  }
}

/// Keeps the best estimates, and asks of later ones to be better than the worst of these.
void CellScanner::shrink_candidates(std::size_t rerank) {
  if (candidates_.size() <= rerank) return;
  const auto middle = candidates_.begin() + static_cast<std::ptrdiff_t>(rerank);
  std::nth_element(candidates_.begin(), middle - 1, candidates_.end(), better_estimate);
  threshold_ = (middle - 1)->estimate;
  for (auto dropped = middle; dropped != candidates_.end(); ++dropped)
    seen_.remove(dropped->position);
  candidates_.erase(middle, candidates_.end());
}

void CellScanner::rerank(std::span<const float> query, std::size_t k, float margin,
                         ScanCounts& counts) {
  // From here on an estimate is the best that the score may reasonably be.
  for (EstimatedPosition& candidate : candidates_)
    candidate.estimate += candidate.deviation * margin;
  std::sort(candidates_.begin(), candidates_.end(), better_estimate);
  for (std::size_t i = 0; i < std::min(kAhead, candidates_.size()); ++i)
    prefetch(candidates_[i].position);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (nearest_.size() == k && candidates_[i].estimate < nearest_.front().score) {
      counts.pruned += candidates_.size() - i;
      break;
    }
    if (i + kAhead < candidates_.size()) prefetch(candidates_[i + kAhead].position);
    offer(k, {score(query, candidates_[i].position), candidates_[i].position});
    ++counts.reranked;
  }
}

void CellScanner::offer(std::size_t k, ScoredPosition scored) {
  if (nearest_.size() < k) {
    nearest_.push_back(scored);
    std::push_heap(nearest_.begin(), nearest_.end(), better);
  } else if (k > 0 && better(scored, nearest_.front())) {
    std::pop_heap(nearest_.begin(), nearest_.end(), better);
    nearest_.back() = scored;
    std::push_heap(nearest_.begin(), nearest_.end(), better);
  }
}

float CellScanner::score(std::span<const float> query, std::uint32_t position) const noexcept {
  const std::uint8_t* vector = file_.vector(position);
  float product = 0;
  switch (file_.info().storage) {
    case VectorStorage::f32:
      product =
          kernels_.dot_f32(reinterpret_cast<const float*>(vector), query.data(), query.size());
      break;
    case VectorStorage::f16:
      product = kernels_.dot_f16(reinterpret_cast<const std::uint16_t*>(vector), query.data(),
                                 query.size());
      break;
    case VectorStorage::int8:
      product = kernels_.dot_i8(reinterpret_cast<const std::int8_t*>(vector), query.data(),
                                query.size());
      break;
  }
  const ScoreWeights weights = file_.weights(position);
  return product * weights.scale + weights.offset;
}

void CellScanner::prefetch(std::uint32_t position) const noexcept {
  const std::uint8_t* vector = file_.vector(position);
  const std::size_t bytes = stored_vector_bytes(file_.info().storage, file_.info().dims);
  for (std::size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(vector + at);
}

}  // namespace hart::index
