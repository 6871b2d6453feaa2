#include "learn/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace hart::learn {
namespace {

/// In [0, n). The bias of the modulus is below 2^-40 for the few hundred items there are.
std::size_t below(std::size_t n, std::mt19937_64& random) noexcept {
  return static_cast<std::size_t>(random() % n);
}

struct Totals {
  double before = 0;
  double after = 0;

  void add(const PairedSeries& item, double median_before, double median_after) noexcept {
    before += item.weight * median_before;
    after += item.weight * median_after;
  }
  [[nodiscard]] double gain() const noexcept { return before > 0 ? 1 - after / before : 0; }
};

/// Adds `item` with its rounds drawn anew, a pair staying a pair.
void add_resampled(const PairedSeries& item, std::mt19937_64& random, Totals& totals) {
  const std::size_t rounds = item.before.size();
  std::vector<double> before(rounds);
  std::vector<double> after(rounds);
  for (std::size_t r = 0; r < rounds; ++r) {
    const std::size_t drawn = below(rounds, random);
    before[r] = item.before[drawn];
    after[r] = item.after[drawn];
  }
  totals.add(item, median(std::move(before)), median(std::move(after)));
}

}  // namespace

Interval bootstrap_gain(std::span<const PairedSeries> series, std::size_t resamples,
                        std::uint64_t seed) {
  std::map<std::size_t, std::vector<const PairedSeries*>> strata;
  Totals observed;
  for (const PairedSeries& item : series) {
    strata[item.stratum].push_back(&item);
    observed.add(item, median(item.before), median(item.after));
  }
  std::mt19937_64 random{seed};
  std::vector<double> gains;
  for (std::size_t i = 0; i < resamples; ++i) {
    Totals totals;
    for (const auto& [stratum, items] : strata)
      for (std::size_t drawn = 0; drawn < items.size(); ++drawn)
        add_resampled(*items[below(items.size(), random)], random, totals);
    gains.push_back(totals.gain());
  }
  return {observed.gain(), quantile(gains, 0.05), quantile(gains, 0.95)};
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const auto index = static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  const auto at = values.begin() + std::min(index, std::ssize(values) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace hart::learn
