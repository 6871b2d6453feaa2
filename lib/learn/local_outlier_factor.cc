#include "learn/local_outlier_factor.h"

#include <algorithm>

namespace hart::learn {
namespace {

constexpr double kSmallest = 1e-10;

double density(const NeighborTable& neighbors, std::size_t row) {
  const std::size_t k = neighbors.k;
  double sum = 0;
  for (std::size_t i = row * k; i < (row + 1) * k; ++i) {
    const double k_distance = neighbors.distances[neighbors.rows[i] * k + k - 1];
    sum += std::max(neighbors.distances[i], k_distance);
  }
  return 1 / (sum / static_cast<double>(k) + kSmallest);
}

}  // namespace

std::vector<double> local_outlier_factors(const NeighborTable& neighbors, std::size_t n) {
  std::vector<double> factors(n, 1.0);
  const std::size_t k = neighbors.k;
  if (k == 0) return factors;
  std::vector<double> densities(n);
  for (std::size_t row = 0; row < n; ++row) densities[row] = density(neighbors, row);
  for (std::size_t row = 0; row < n; ++row) {
    double sum = 0;
    for (std::size_t i = row * k; i < (row + 1) * k; ++i) sum += densities[neighbors.rows[i]];
    factors[row] = sum / static_cast<double>(k) / densities[row];
  }
  return factors;
}

}  // namespace hart::learn
