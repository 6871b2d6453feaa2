#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace hart::learn {

/// The label of a point that belongs to no cluster.
inline constexpr std::int32_t kNoise = -1;

struct DbscanOptions {
  double eps = 0;              ///< neighbours are at most this far apart
  std::size_t min_points = 5;  ///< neighbours that make a core point, itself among them
  unsigned threads = 1;        ///< never changes the result
};

struct DbscanResult {
  std::vector<std::int32_t> labels;  ///< (n), from 0; kNoise
  std::size_t clusters = 0;
};

/// Density clusters of `points`, (n, 3) row-major: core points that are neighbours share a
/// cluster; a point that is none but has core neighbours is a border point of the cluster with
/// the lowest label among theirs; the rest is noise. Labels count up in the order of each
/// cluster's first core point. These are the labels that the sequential algorithm gives when it
/// visits the points in their order. Two points are neighbours when the sum of their squared
/// differences, x first, is at most eps².
///
/// Works on a grid whose cells hold points that are all neighbours, so that dense regions cost
/// no more than sparse ones. Throws Error(usage) when eps is not positive and finite or
/// min_points is 0, Error(data) when a coordinate is not finite.
/// Source: M. Ester, H.-P. Kriegel, J. Sander, X. Xu, "A density-based algorithm for
/// discovering clusters in large spatial databases with noise", KDD 1996; the cells as in A.
/// Gunawan, "A faster algorithm for DBSCAN", 2013.
[[nodiscard]] DbscanResult dbscan(std::span<const double> points, const DbscanOptions& options);

/// Whether points a and b are neighbours. Symmetric; called from several threads at once.
using Near = std::function<bool(std::uint32_t a, std::uint32_t b)>;

/// The same for points of any space that are known by their `places`, (n, 3), which lie at most
/// options.eps apart for every pair that is `near`: the places give the candidates, `near` the
/// truth. Exact; how fast it is depends on how well the places keep distances.
[[nodiscard]] DbscanResult dbscan(std::span<const double> places, const Near& near,
                                  const DbscanOptions& options);

/// Where a curve of ascending values bends: the value that lies furthest below the chord from
/// the first to the last, once both axes are scaled to [0, 1]; the first of equals, the last
/// value of a curve without a bend, 0 of nothing. Source: V. Satopaa et al., "Finding a
/// 'kneedle' in a haystack", ICDCS workshops 2011, without smoothing.
[[nodiscard]] double knee_of(std::span<const double> ascending) noexcept;

}  // namespace hart::learn
