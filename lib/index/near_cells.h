#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::index {

/// The cells that score best for one row among those offered, best first; the lower cell wins a
/// tie, so that the order of the offers does not matter.
class NearCells {
 public:
  static constexpr std::size_t kMost = 16;

  /// Keeps the best `wanted`, from 1 to kMost.
  explicit NearCells(std::size_t wanted) noexcept : wanted_{wanted} {}

  /// Offer a cell once.
  void offer(float score, std::uint32_t cell) noexcept {
    if (count_ == wanted_ && !before(score, cell, count_ - 1)) return;
    if (count_ < wanted_) ++count_;
    std::size_t at = count_ - 1;
    for (; at > 0 && before(score, cell, at - 1); --at) {
      scores_[at] = scores_[at - 1];
      cells_[at] = cells_[at - 1];
    }
    scores_[at] = score;
    cells_[at] = cell;
  }
  /// Offers the cells from `first` on, whose products with the row and halved squared lengths
  /// these are.
  void offer_products(std::span<const float> products, std::span<const float> half_squares,
                      std::uint32_t first) noexcept {
    for (std::size_t c = 0; c < products.size(); ++c)
      offer(products[c] - half_squares[c], first + static_cast<std::uint32_t>(c));
  }

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t cell(std::size_t rank) const noexcept { return cells_[rank]; }
  [[nodiscard]] float score(std::size_t rank) const noexcept { return scores_[rank]; }

 private:
  [[nodiscard]] bool before(float score, std::uint32_t cell, std::size_t rank) const noexcept {
    return score != scores_[rank] ? score > scores_[rank] : cell < cells_[rank];
  }

  std::size_t wanted_;
  std::size_t count_ = 0;
  std::array<float, kMost> scores_{};
  std::array<std::uint32_t, kMost> cells_{};
};

/// How many of the nearest cells `spill_cell` chooses from, the nearest itself among them.
inline constexpr std::size_t kSpillChoices = 9;

/// Another cell for `row`: the one in `near` whose residual is most unlike that to the nearest,
/// so that a query that misses the row in one cell is likely to meet it in the other. The
/// nearest itself when `near` holds no other. `centroids` is (cells, row.size()) row-major.
/// Source: P. Sun et al., "SOAR: improved indexing for approximate nearest neighbor search",
/// NeurIPS 2023.
[[nodiscard]] std::uint32_t spill_cell(std::span<const float> row, const NearCells& near,
                                       std::span<const float> centroids);

}  // namespace hart::index
