#include "index/kmeans.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "core/parallel.h"
#include "index/cell_kernels.h"
#include "tensor/dot_matrix.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

/// Rows whose products with all centroids are kept at a time.
constexpr std::size_t kRowsAtATime = 64;
constexpr std::size_t kRowsPerThread = 1024;
/// Cells among which the second is chosen.
constexpr std::size_t kSecondChoices = 8;
/// Weight of the part of a residual that is parallel to the first.
constexpr float kParallelWeight = 1.0F;

std::vector<float> choose_rows(std::span<const float> rows, std::size_t n, std::size_t dim,
                               const KmeansOptions& options) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random{options.seed};
  std::vector<float> centroids(options.cells * dim);
  for (std::size_t c = 0; c < options.cells; ++c) {
    std::swap(order[c], order[c + random() % (n - c)]);
    std::copy_n(rows.data() + order[c] * dim, dim, centroids.data() + c * dim);
  }
  return centroids;
}

/// The mean of each cell's rows; cells without rows keep their place and are listed.
std::vector<std::uint32_t> move_centroids(std::span<const float> rows, std::size_t dim,
                                          std::span<const std::uint32_t> cells,
                                          std::vector<float>& centroids) {
  const std::size_t count = centroids.size() / dim;
  std::vector<double> sums(centroids.size());
  std::vector<std::size_t> sizes(count);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    ++sizes[cells[i]];
    double* sum = sums.data() + cells[i] * dim;
    const float* row = rows.data() + i * dim;
    for (std::size_t j = 0; j < dim; ++j) sum[j] += static_cast<double>(row[j]);
  }
  std::vector<std::uint32_t> empty;
  for (std::size_t c = 0; c < count; ++c) {
    if (sizes[c] == 0) {
      empty.push_back(static_cast<std::uint32_t>(c));
      continue;
    }
    for (std::size_t j = 0; j < dim; ++j)
      centroids[c * dim + j] =
          static_cast<float>(sums[c * dim + j] / static_cast<double>(sizes[c]));
  }
  return empty;
}

/// Gives each empty cell one of the rows that fit their own worst.
void refill(std::span<const float> rows, std::size_t dim, std::span<const float> scores,
            const std::vector<std::uint32_t>& empty, std::vector<float>& centroids) {
  if (empty.empty()) return;
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto fit = [&](std::uint32_t i) {
    const std::span<const float> row = rows.subspan(i * dim, dim);
    return scores[i] - tensor::dot(row, row) / 2;
  };
  std::vector<float> fits(order.size());
  for (const std::uint32_t i : order) fits[i] = fit(i);
  const std::size_t wanted = std::min(empty.size(), order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted),
                    order.end(), [&](std::uint32_t a, std::uint32_t b) {
                      return fits[a] != fits[b] ? fits[a] < fits[b] : a < b;
                    });
  for (std::size_t e = 0; e < wanted; ++e)
    std::copy_n(rows.data() + order[e] * dim, dim, centroids.data() + empty[e] * dim);
}

}  // namespace

std::vector<float> kmeans(std::span<const float> rows, std::size_t n, std::size_t dim,
                          const KmeansOptions& options) {
  std::vector<float> centroids = choose_rows(rows, n, dim, options);
  std::vector<std::uint32_t> cells(n);
  std::vector<float> scores(n);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Assigner{centroids, dim}.assign(rows.data(), n, options.threads, cells.data(),
                                    scores.data(), nullptr);
    const auto empty = move_centroids(rows, dim, cells, centroids);
    refill(rows, dim, scores, empty, centroids);
    if (!options.spherical) continue;
    for (std::size_t c = 0; c < options.cells; ++c)
      tensor::normalize({centroids.data() + c * dim, dim});
  }
  return centroids;
}

Assigner::Assigner(std::span<const float> centroids, std::size_t dim)
    : centroids_{centroids}, dim_{dim}, half_squares_(centroids.size() / dim) {
  for (std::size_t c = 0; c < half_squares_.size(); ++c) {
    const std::span<const float> centroid = centroids.subspan(c * dim, dim);
    half_squares_[c] = tensor::dot(centroid, centroid) / 2;
  }
}

void Assigner::assign(const float* rows, std::size_t n, unsigned threads, std::uint32_t* cells,
                      float* scores, std::uint32_t* second) const {
  parallel_for(n, kRowsPerThread, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += kRowsAtATime)
      assign_part(rows + at * dim_, std::min(kRowsAtATime, end - at), cells + at, scores + at,
                  second == nullptr ? nullptr : second + at);
  });
}

void Assigner::assign_part(const float* rows, std::size_t n, std::uint32_t* cells,
                           float* scores, std::uint32_t* second) const {
  const std::size_t count = half_squares_.size();
  std::vector<float> products(n * count);
  tensor::dot_matrix(rows, n, centroids_.data(), count, dim_, products.data());
  for (std::size_t i = 0; i < n; ++i) {
    const std::span<float> row{products.data() + i * count, count};
    for (std::size_t c = 0; c < count; ++c) row[c] -= half_squares_[c];
    const auto best = std::max_element(row.begin(), row.end());
    cells[i] = static_cast<std::uint32_t>(best - row.begin());
    scores[i] = *best;
    if (second != nullptr) second[i] = second_cell(rows + i * dim_, row, cells[i]);
  }
}

std::uint32_t Assigner::second_cell(const float* row, std::span<const float> scores,
                                    std::uint32_t first) const {
  if (scores.size() == 1) return first;
  std::array<std::uint32_t, kSecondChoices> near{};
  std::size_t count = 0;
  for (std::uint32_t c = 0; c < scores.size(); ++c) {
    if (c == first || (count == near.size() && scores[c] <= scores[near[count - 1]])) continue;
    if (count < near.size()) ++count;
    std::size_t at = count - 1;
    for (; at > 0 && scores[near[at - 1]] < scores[c]; --at) near[at] = near[at - 1];
    near[at] = c;
  }
  const CellKernels& kernels = cell_kernels();
  const float* first_centroid = centroids_.data() + first * dim_;
  std::vector<float> residual(dim_);
  for (std::size_t j = 0; j < dim_; ++j) residual[j] = row[j] - first_centroid[j];
  const float square = kernels.dot_f32(residual.data(), residual.data(), dim_);
  const float along = kernels.dot_f32(residual.data(), row, dim_);
  const float row_square = kernels.dot_f32(row, row, dim_);
  std::uint32_t best = near[0];
  float least = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // ‖r'‖² and r·r' of the residual r' to the other centroid.
    const float other_square = row_square - 2 * scores[near[i]];
    const float* other = centroids_.data() + near[i] * dim_;
    const float parallel = along - kernels.dot_f32(residual.data(), other, dim_);
    const float loss =
        other_square + (square > 0 ? kParallelWeight * parallel * parallel / square : 0);
    if (i == 0 || loss < least) {
      least = loss;
      best = near[i];
    }
  }
  return best;
}

}  // namespace hart::index
