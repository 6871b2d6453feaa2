#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "geometry/hilbert.h"
#include "geometry/point.h"
#include "search/spatial_filter.h"

namespace hart::search {

/// A cell of the map and how many places lie in it.
struct CellDensity {
  std::uint64_t prefix = 0;  ///< the first 3 × level bits of the places' Hilbert index
  geometry::Box box;  ///< the cell; a place outside the map's box counts in a border cell
  std::size_t count = 0;
  double share = 0;    ///< of all places given
  double density = 0;  ///< places by volume
};

/// Deepest level: cells of 1/1 024 of the map's side.
inline constexpr int kMaxDensityLevel = 10;

/// The cells of the cube cut into 2^level parts along each axis that hold a place, most places
/// first, equal counts in the order of the curve; `limit` of them at most. Throws Error(usage)
/// unless 1 ≤ level ≤ kMaxDensityLevel.
[[nodiscard]] std::vector<CellDensity> cell_densities(std::span<const Place> places, int level,
                                                      std::size_t limit);

/// How densely places lie around one of them, in X, Y and Z.
struct LocalDensity {
  std::size_t neighbors = 0;  ///< places within `radius`, borders included, without itself
  double radius = 0;          ///< given, or the distance to the k-th nearest
  double density = 0;         ///< neighbours by the ball's volume; 0 where that is 0
};

/// Counts the places other than `centre`'s own within `radius` ≥ 0 of it.
[[nodiscard]] LocalDensity density_within(std::span<const Place> places, const Place& centre,
                                          double radius);
/// The ball that reaches to the k-th nearest place, or to the farthest where there are fewer.
/// Throws Error(usage) when k is 0. Source: D. Loftsgaarden and C. Quesenberry, Ann. Math.
/// Stat. 36, 1965, without their correction for the k-th point itself.
[[nodiscard]] LocalDensity density_of_nearest(std::span<const Place> places,
                                              const Place& centre, std::size_t k);

}  // namespace hart::search
