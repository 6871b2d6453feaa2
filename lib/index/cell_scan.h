#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/cell_code.h"
#include "index/cell_file.h"

namespace hart::index {

/// What visiting a cell, scanning a code, keeping an estimate and comparing a vector of 384
/// dimensions cost beside each other; only the proportions matter.
inline constexpr std::uint64_t kCellCost = 60;
inline constexpr std::uint64_t kCodeCost = 2;
inline constexpr std::uint64_t kKeepCost = 20;
inline constexpr std::uint64_t kCompareCost = 80;

/// Which positions of a generation may be found.
class PositionSet {
 public:
  explicit PositionSet(std::size_t positions, bool all = false)
      : words_((positions + 63) / 64, all ? ~std::uint64_t{0} : 0) {}

  void add(std::size_t position) noexcept {
    words_[position / 64] |= std::uint64_t{1} << (position % 64);
  }
  void remove(std::size_t position) noexcept {
    words_[position / 64] &= ~(std::uint64_t{1} << (position % 64));
  }
  [[nodiscard]] bool contains(std::size_t position) const noexcept {
    return (words_[position / 64] >> (position % 64) & 1U) != 0;
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// Where a filter holds back the vectors around the query, its neighbours lie scattered over
/// more cells than the calibration saw: so many times as many vectors are looked at.
inline constexpr std::uint64_t kFilteredBreadth = 8;

/// Which vectors may be found, and, where few are, how many of each cell's own.
struct CellFilter {
  const PositionSet* allowed = nullptr;       ///< null: all
  std::span<const std::uint32_t> admitted{};  ///< by cell; empty: as if all were
};

/// A vector of the generation and its score: product with the query, × scale + offset. More is
/// nearer.
struct ScoredPosition {
  float score = 0;
  std::uint32_t position = 0;
};

/// A vector of the generation by its code alone.
struct EstimatedPosition {
  float estimate = 0;   ///< of its score
  float deviation = 0;  ///< standard deviation of the estimate
  std::uint32_t position = 0;
};

struct ScanCounts {
  std::uint64_t cells = 0;
  std::uint64_t scanned = 0;
  std::uint64_t pruned = 0;
  std::uint64_t reranked = 0;
};

/// Searches one cell index file; keeps the buffers that a query needs. For one thread.
class CellScanner {
 public:
  /// `file` must outlive it.
  explicit CellScanner(const CellFile& file);

  /// The `k` best that `filter` admits for `query` (dims; of length 1 under the cosine), best
  /// first, equal scores by position: visits `settings.cells` cells, keeps the
  /// `settings.rerank` best estimates and computes the scores of those whose estimate, raised
  /// by `settings.margin` standard deviations, reaches the k-th best score. Where the filter
  /// says how many each cell admits, only cells that admit some are visited, until as many
  /// admitted vectors were looked at as without a filter. The result lives until the next call.
  std::span<const ScoredPosition> search(std::span<const float> query, std::size_t k,
                                         const CellSettings& settings, const CellFilter& filter,
                                         ScanCounts& counts);

  /// The `k` best of `positions`, each of them compared.
  std::span<const ScoredPosition> search_positions(std::span<const float> query, std::size_t k,
                                                   std::span<const std::uint32_t> positions,
                                                   ScanCounts& counts);

  /// The `settings.rerank` best estimates of `settings.cells` cells, best first, equal ones by
  /// position. The result lives until the next call.
  std::span<const EstimatedPosition> estimate(std::span<const float> query,
                                              const CellSettings& settings, ScanCounts& counts);

 private:
  void scan_cells(std::span<const float> query, std::size_t count, std::size_t depth,
                  const CellFilter& filter, ScanCounts& counts);
  void estimate_cells(std::size_t kept);
  void choose_cells(std::span<const float> query, std::size_t count);
  void choose_admitting_cells(std::size_t count, std::span<const std::uint32_t> admitted);
  void scan_cell(std::uint32_t cell, std::size_t rerank, const PositionSet* allowed,
                 ScanCounts& counts);
  void take_candidates(const std::uint8_t* block, std::uint32_t above,
                       const PositionSet* allowed);
  void shrink_candidates(std::size_t rerank);
  void rerank(std::span<const float> query, std::size_t k, float margin, ScanCounts& counts);
  void offer(std::size_t k, ScoredPosition scored);
  [[nodiscard]] float score(std::span<const float> query,
                            std::uint32_t position) const noexcept;
  void prefetch(std::uint32_t position) const noexcept;

  const CellFile& file_;
  const CellKernels& kernels_;
  RandomRotation rotation_;
  QueryTable table_;
  CodeQuery codes_{};
  float estimates_[kCodesPerBlock] = {};
  float threshold_ = 0;
  std::vector<ScoredPosition> cells_;  ///< the position is the cell
  std::vector<EstimatedPosition> candidates_;
  std::vector<ScoredPosition> nearest_;  ///< a heap while it is filled, the worst in front
  PositionSet seen_;                     ///< a vector stands in two cells
};

}  // namespace hart::index
