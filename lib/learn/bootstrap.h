#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hart::learn {

/// One item measured before and after a change, several times each. The two measurements of a
/// round were made one right after the other.
struct PairedSeries {
  std::size_t stratum = 0;     ///< items of one stratum stand for each other
  double weight = 1;           ///< how much of the load the item stands for
  std::vector<double> before;  ///< (rounds)
  std::vector<double> after;   ///< (rounds)
};

/// An estimate and its one-sided 95 % bounds: the 5th and the 95th percentile of the resamples.
struct Interval {
  double estimate = 0;
  double lower = 0;
  double upper = 0;
};

/// The relative gain, 1 − Σ weight · median(after) / Σ weight · median(before): 0.5 is twice as
/// fast, a negative figure is a loss. The bootstrap draws items within their stratum and, for
/// each, pairs of measurements, so that both the choice of items and the noise count. The same
/// seed gives the same bounds. Precondition: every series has as many `before` as `after`
/// values, at least one, and the values are positive.
/// Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13
/// (percentile intervals).
[[nodiscard]] Interval bootstrap_gain(std::span<const PairedSeries> series,
                                      std::size_t resamples, std::uint64_t seed);

/// The middle value, the mean of the two middle ones for an even count; 0 of nothing.
[[nodiscard]] double median(std::vector<double> values);

/// The smallest value that at least `share` of the values do not exceed (nearest rank); 0 of
/// nothing. `share` in (0, 1].
[[nodiscard]] double quantile(std::vector<double> values, double share);

}  // namespace hart::learn
