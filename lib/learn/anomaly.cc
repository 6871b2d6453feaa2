#include "learn/anomaly.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "learn/local_outlier_factor.h"

namespace hart::learn {
namespace {

constexpr std::array<std::string_view, 3> kMethodNames = {"forest", "lof", "both"};

/// For each value the share of the other values that are lower, equal ones counting half.
std::vector<double> rank_shares(std::span<const double> values) {
  std::vector<double> sorted{values.begin(), values.end()};
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> shares;
  for (const double value : values) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    const double lower = static_cast<double>(low - sorted.begin());
    const double equal = static_cast<double>(high - low - 1);
    const double others = static_cast<double>(sorted.size() - 1);
    shares.push_back(others > 0 ? (lower + equal / 2) / others : 0.5);
  }
  return shares;
}

/// Mean 0 and standard deviation 1 of the values at `first`, `first` + dim, …
void standardise_column(std::span<double> table, std::size_t first, std::size_t dim) {
  double largest = 0;
  for (std::size_t i = first; i < table.size(); i += dim)
    largest = std::max(largest, std::abs(table[i]));
  if (largest == 0) return;
  // In units of the largest, so that no sum overflows.
  const std::size_t rows = table.size() / dim;
  const auto n = static_cast<double>(rows);
  double mean = 0, squares = 0;
  for (std::size_t i = first; i < table.size(); i += dim) mean += table[i] / largest / n;
  for (std::size_t i = first; i < table.size(); i += dim) {
    table[i] = table[i] / largest - mean;
    squares += table[i] * table[i] / n;
  }
  const double deviation = std::sqrt(squares);
  // What is left of a column of equal values is the rounding of its mean.
  constexpr double kRounding = 1e-14;
  for (std::size_t i = first; i < table.size(); i += dim)
    table[i] = deviation > kRounding ? table[i] / deviation : 0;
}

}  // namespace

std::string_view anomaly_method_name(AnomalyMethod method) noexcept {
  return kMethodNames[static_cast<std::size_t>(method)];
}

std::optional<AnomalyMethod> find_anomaly_method(std::string_view name) noexcept {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  if (found == kMethodNames.end()) return std::nullopt;
  return static_cast<AnomalyMethod>(found - kMethodNames.begin());
}

std::vector<Anomaly> rank_anomalies(std::span<const double> forest,
                                    std::span<const double> lof) {
  const bool both = !forest.empty() && !lof.empty();
  const std::vector<double> forest_shares = both ? rank_shares(forest) : std::vector<double>{};
  const std::vector<double> lof_shares = both ? rank_shares(lof) : std::vector<double>{};
  std::vector<Anomaly> ranked(std::max(forest.size(), lof.size()));
  for (std::size_t row = 0; row < ranked.size(); ++row) {
    Anomaly& anomaly = ranked[row];
    anomaly.row = row;
    if (!forest.empty()) anomaly.score = *(anomaly.forest = forest[row]);
    if (!lof.empty()) anomaly.score = *(anomaly.lof = lof[row]);
    if (both) anomaly.score = (forest_shares[row] + lof_shares[row]) / 2;
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Anomaly& a, const Anomaly& b) { return a.score > b.score; });
  return ranked;
}

std::vector<Anomaly> find_anomalies(std::span<const double> table, std::size_t dim,
                                    const AnomalyOptions& options) {
  const unsigned threads = options.forest.threads;
  std::vector<double> forest, lof;
  const std::size_t n = dim == 0 ? 0 : table.size() / dim;
  if (n == 0) return {};
  if (options.method != AnomalyMethod::lof) {
    const auto reader = [&](std::size_t row, std::span<double> out) {
      std::copy_n(&table[row * dim], dim, out.begin());
    };
    forest = IsolationForest::fit(n, dim, reader, options.forest).scores(n, reader, threads);
  }
  if (options.method != AnomalyMethod::forest)
    lof = local_outlier_factors(nearest_neighbors(table, dim, options.neighbors, threads), n);
  return rank_anomalies(forest, lof);
}

void standardise(std::span<double> table, std::size_t dim) {
  for (std::size_t column = 0; column < dim; ++column) standardise_column(table, column, dim);
}

}  // namespace hart::learn
