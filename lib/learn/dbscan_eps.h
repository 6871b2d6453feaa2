#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace hart::learn {

/// How far points a and b are apart: symmetric, not negative, finite; called from several
/// threads at once.
using Distance = std::function<double(std::uint32_t a, std::uint32_t b)>;

struct SeparationOptions {
  std::size_t min_points = 5;  ///< of DBSCAN
  double smallest_eps = 1e-6;  ///< shorter distances count as this one; positive
  unsigned threads = 1;        ///< never changes the result
};

struct Separation {
  double eps = 0;         ///< positive
  double core_share = 0;  ///< share of the points that are core points at eps, in (0, 1]
};

/// The eps at which DBSCAN tells `n` points apart best; nothing where none tells them apart.
///
/// Counts, for every eps, the core points that stand in clusters other than the largest,
/// clusters of less than min_points or five core points left aside: none where eps is so small
/// that all is noise, nor where it is so large that all is one cluster. As chance makes
/// clusters that last no time, an eps is worth no more than the lowest such count from it up to
/// the eps at which density has fallen to half, the factor 2^(1/d) in d dimensions. The best
/// must be worth a tenth of the points: normally distributed points give less.
///
/// The knee (knee_of) of the distances to the min_points-th neighbour, the point itself being
/// the first, is taken where it is worth four fifths of the best: groups of one density in
/// noise, which it cuts off. Else, as with texts, the (geometric) middle of the best stretch
/// is, of equals of the one at the smallest eps, so that a small error of either sign does no
/// harm.
///
/// All values of eps are tried at once: the clusters at eps are what the minimum spanning tree
/// of mutual reachability distances leaves connected when its longer edges are cut. d is the
/// intrinsic dimension near a point, from the distances to its eight nearest. n²/2 distances
/// are computed on one thread and n² on all; O(n) memory. Throws Error(usage) when min_points
/// is 0 or smallest_eps is not positive.
/// Sources: R. J. G. B. Campello, D. Moulavi, J. Sander, "Density-based clustering based on
/// hierarchical density estimates", PAKDD 2013, for the tree; E. Levina and P. J. Bickel,
/// "Maximum likelihood estimation of intrinsic dimension", NIPS 2004, averaged as D. J. C.
/// MacKay and Z. Ghahramani comment on it; the count and its choice are this project's.
[[nodiscard]] std::optional<Separation> separating_eps(std::uint32_t n,
                                                       const Distance& distance,
                                                       const SeparationOptions& options);

}  // namespace hart::learn
