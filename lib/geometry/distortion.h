#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "geometry/projection.h"

namespace hart::geometry {

/// How well distances survive a projection.
struct Distortion {
  std::size_t pairs = 0;
  double spearman = 0;  ///< rank correlation of true and projected distances, in [−1, 1]
  double stress = 0;    ///< Kruskal's stress-1 at the best scale, 0 (exact) to 1
};

/// Compares distances pair by pair; equal values share their mean rank. Where one list does not
/// vary its rank correlation is not defined, and 0 is reported. Throws Error(usage) unless both
/// lists have one length ≥ 2, Error(data) when a value is negative or not finite. Sources: C.
/// Spearman, 1904; J. B. Kruskal, Psychometrika 29, 1964, with the scale of the projection left
/// free.
[[nodiscard]] Distortion measure_distortion(std::span<const double> true_distances,
                                            std::span<const double> projected_distances);

/// The same for `pairs` ≥ 2 pairs of different rows, drawn by `seed`, of `rows`, (n, dim)
/// row-major with n ≥ 2: Euclidean distance before and after `projection`. The same arguments
/// give the same result. Throws as above and as `Projection::project` does.
[[nodiscard]] Distortion sample_distortion(std::span<const float> rows, std::size_t n,
                                           const Projection& projection, std::size_t pairs,
                                           std::uint64_t seed);

}  // namespace hart::geometry
