#include "index/kmeans.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/parallel.h"
#include "index/code_assigner.h"
#include "index/near_cells.h"
#include "tensor/dot_matrix.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

/// Rows whose products with all centroids are kept at a time.
constexpr std::size_t kRowsAtATime = 64;
constexpr std::size_t kRowsPerThread = 1024;

/// Cells without rows keep their place and are listed.
std::vector<std::uint32_t> set_means(std::span<const float> rows, std::size_t dim,
                                     std::span<const std::uint32_t> cells,
                                     std::span<float> centroids) {
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
            const std::vector<std::uint32_t>& empty, std::span<float> centroids) {
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

std::vector<float> choose_centroids(std::span<const float> rows, std::size_t n, std::size_t dim,
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

/// The end of a round.
void move_centroids(std::span<const float> rows, std::size_t dim,
                    std::span<const std::uint32_t> cells, std::span<const float> scores,
                    bool spherical, std::span<float> centroids) {
  refill(rows, dim, scores, set_means(rows, dim, cells, centroids), centroids);
  if (!spherical) return;
  for (std::size_t at = 0; at < centroids.size(); at += dim)
    tensor::normalize(centroids.subspan(at, dim));
}

}  // namespace

std::vector<float> kmeans(std::span<const float> rows, std::size_t n, std::size_t dim,
                          const KmeansOptions& options) {
  std::vector<float> centroids = choose_centroids(rows, n, dim, options);
  std::vector<std::uint32_t> cells(n);
  std::vector<float> scores(n);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    if (options.coded)
      CodeAssigner{centroids, dim}.assign(rows.data(), n, options.threads, cells.data(),
                                          scores.data(), nullptr);
    else
      Assigner{centroids, dim}.assign(rows.data(), n, options.threads, cells.data(),
                                      scores.data(), nullptr);
    move_centroids(rows, dim, cells, scores, options.spherical, centroids);
  }
  return centroids;
}

std::vector<float> half_squares(std::span<const float> rows, std::size_t dim) {
  std::vector<float> halves(rows.size() / dim);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const std::span<const float> row = rows.subspan(i * dim, dim);
    halves[i] = tensor::dot(row, row) / 2;
  }
  return halves;
}

Assigner::Assigner(std::span<const float> centroids, std::size_t dim)
    : centroids_{centroids}, dim_{dim}, half_squares_{half_squares(centroids, dim)} {}

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
    NearCells near{second == nullptr ? 1 : kSpillChoices};
    near.offer_products({products.data() + i * count, count}, half_squares_, 0);
    cells[i] = near.cell(0);
    scores[i] = near.score(0);
    if (second != nullptr) second[i] = spill_cell({rows + i * dim_, dim_}, near, centroids_);
  }
}

}  // namespace hart::index
