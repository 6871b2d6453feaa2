#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hart::geometry {

/// The k directions in which a set of vectors varies most, greatest first.
struct Pca {
  std::size_t dim = 0;
  std::size_t k = 0;
  std::vector<double> mean;  ///< (dim)
  std::vector<double> axes;  ///< (k, dim), rows orthonormal; largest-magnitude entry positive
  std::vector<double> variance;  ///< (k), descending: variance of the data along each axis
  double total_variance = 0;     ///< along all dim axes

  /// Coordinates of `vector` (dim) along the axes: k doubles, of vector − mean.
  /// Throws Error(usage) on another length.
  [[nodiscard]] std::vector<double> project(std::span<const float> vector) const;

  /// Share of the total variance that the k axes hold, in [0, 1]; 1 for data that does not
  /// vary.
  [[nodiscard]] double explained() const noexcept;
};

/// Principal components of `rows`, (n, dim) row-major, by the eigenvectors of their covariance
/// (divisor n − 1) in float64, on one thread: the same rows give the same bytes. Costs n dim² +
/// dim³ operations and dim² doubles, so give a sample of a large set. The sign of an axis,
/// which the data leaves open, is such that its largest entry in magnitude, the first of
/// equals, is positive. Throws Error(usage) unless n ≥ 2 and 1 ≤ k ≤ dim and rows has n × dim
/// values; Error(data) when one is not finite.
[[nodiscard]] Pca fit_pca(std::span<const float> rows, std::size_t n, std::size_t dim,
                          std::size_t k);

}  // namespace hart::geometry
