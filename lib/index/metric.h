#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace hart::index {

/// How far two vectors are apart. A distance is smaller for what is nearer, whatever the
/// metric.
enum class Metric {
  cosine,  ///< 1 − cos(a, b), in [0, 2]; 1 when either vector is zero
  l2,      ///< Euclidean distance
  dot,     ///< −(a · b)
};

[[nodiscard]] std::string_view metric_name(Metric metric) noexcept;
[[nodiscard]] std::optional<Metric> find_metric(std::string_view name) noexcept;

/// A figure that grows with nearness: the cosine, 1 / (1 + distance), or the dot product.
[[nodiscard]] double similarity(Metric metric, double distance) noexcept;

/// Distances from one query. The query must outlive it. One row gives the same figure whichever
/// thread, block or alignment it is read from.
class DistanceFrom {
 public:
  DistanceFrom(Metric metric, std::span<const float> query) noexcept;

  /// `row` has the query's length. What is not a number counts as infinitely far.
  [[nodiscard]] double operator()(std::span<const float> row) const noexcept;

  /// The same from figures of the row that a scan has computed: `figure` is its product with
  /// the query, under l2 its squared distance from the query. `row_norm` is of account under
  /// cosine alone.
  [[nodiscard]] double of_figure(float figure, float row_norm) const noexcept {
    double distance = 0;
    switch (metric_) {
      case Metric::cosine: {
        const double norms = query_norm_ * row_norm;
        distance = norms == 0 ? 1 : 1 - figure / norms;
        break;
      }
      case Metric::l2:
        distance = std::sqrt(static_cast<double>(figure));
        break;
      case Metric::dot:
        distance = -static_cast<double>(figure);
        break;
    }
    return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
  }

 private:
  Metric metric_;
  std::span<const float> query_;
  double query_norm_;
};

}  // namespace hart::index
