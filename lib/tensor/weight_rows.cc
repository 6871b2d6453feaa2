#include "tensor/weight_rows.h"

#include <algorithm>
#include <vector>

namespace hart::tensor {
namespace {

// Below, a class byte a piece costs more than it saves; above, scales within a row differ.
constexpr std::uint64_t kLeastPiece = 256, kGreatestPiece = 1024;
constexpr int kRounds = 20;

/// The least value of each class but the first, for sorted `means`. Whole numbers throughout,
/// so that every machine finds the same classes.
std::vector<std::uint32_t> class_bounds(const std::vector<std::uint32_t>& sorted,
                                        std::size_t classes) {
  const std::size_t n = sorted.size();
  std::vector<std::uint64_t> sums(n + 1);
  for (std::size_t i = 0; i < n; ++i) sums[i + 1] = sums[i] + sorted[i];
  std::vector<std::uint32_t> bounds;
  for (std::size_t c = 1; c < classes; ++c) bounds.push_back(sorted[n * c / classes]);
  std::vector<std::uint64_t> centres(classes);
  for (int round = 0; round < kRounds; ++round) {
    std::size_t from = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      std::size_t to = n;
      if (c + 1 < classes)
        to = std::size_t(std::lower_bound(sorted.begin(), sorted.end(), bounds[c]) -
                         sorted.begin());
      // An empty class sits where it would begin.
      centres[c] =
          to > from ? (sums[to] - sums[from]) / (to - from) : sorted[std::min(from, n - 1)];
      from = std::max(from, to);
    }
    for (std::size_t c = 0; c + 1 < classes; ++c)
      bounds[c] = std::uint32_t((centres[c] + centres[c + 1] + 1) / 2);
  }
  return bounds;
}

}  // namespace

RowPieces choose_row_pieces(std::uint64_t first_element, std::uint64_t row_elements) noexcept {
  constexpr std::uint64_t kLongestRow = std::uint64_t{1} << 31;
  std::uint64_t period = kGreatestPiece, piece = kGreatestPiece;
  if (row_elements > 1 && row_elements < kLeastPiece) {
    period = piece = (kLeastPiece + row_elements - 1) / row_elements * row_elements;
  } else if (row_elements >= kLeastPiece && row_elements <= kLongestRow) {
    const std::uint64_t parts = (row_elements + kGreatestPiece - 1) / kGreatestPiece;
    period = row_elements;
    piece = (row_elements + parts - 1) / parts;
  }
  return {std::uint32_t(period), std::uint32_t(first_element % period), std::uint16_t(piece)};
}

std::size_t classify_rows(std::span<const std::uint32_t> means, std::size_t classes,
                          std::uint8_t* class_of) {
  // A table costs as much as some rows save.
  classes = std::min(classes, std::max<std::size_t>(1, means.size() / 4));
  std::fill_n(class_of, means.size(), std::uint8_t{0});
  if (classes == 1) return 1;
  std::vector<std::uint32_t> sorted(means.begin(), means.end());
  std::sort(sorted.begin(), sorted.end());
  const auto bounds = class_bounds(sorted, classes);
  for (std::size_t i = 0; i < means.size(); ++i)
    class_of[i] =
        std::uint8_t(std::upper_bound(bounds.begin(), bounds.end(), means[i]) - bounds.begin());
  return classes;
}

}  // namespace hart::tensor
