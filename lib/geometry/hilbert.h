#pragma once

#include <array>
#include <cstdint>

#include "geometry/point.h"

namespace hart::geometry {

/// Bits of a cell's coordinate: three of them fill 63 bits, so an index fits a signed column.
inline constexpr int kCellBits = 21;

/// A cell of a cube cut into 2^21 parts along each axis.
struct Cell {
  std::uint32_t x, y, z;  ///< each in [0, 2^21)

  bool operator==(const Cell&) const = default;
};

/// An axis-parallel box. The default holds every unit vector, whatever its projection.
struct Box {
  std::array<double, 3> min{-1, -1, -1};
  std::array<double, 3> max{1, 1, 1};
};

/// Position of `cell` along the three-dimensional Hilbert curve, in [0, 2^63).
///
/// Neighbours on the curve are neighbours in space; the converse fails at the borders of the
/// cube's octants, so a range scan needs several shifted curves for recall. The first 8^k
/// positions fill the sub-cube of side 2^k at the origin. Precondition: every coordinate is
/// below 2^21. Never fails. `cell_of` is the inverse. Source: J. Skilling, "Programming the
/// Hilbert curve", AIP Conf. Proc. 707, 2004.
[[nodiscard]] std::uint64_t hilbert_index(Cell cell) noexcept;

/// The cell at position `index` < 2^63 of the curve.
[[nodiscard]] Cell cell_of(std::uint64_t index) noexcept;

/// The cell of `box` in which (x, y, z) lies; M plays no part. What lies outside is moved to
/// the nearest border, what is not a number to the lower one. Precondition: min < max on each
/// axis.
[[nodiscard]] Cell cell_of_point(const Box& box, const PointZM& point) noexcept;

/// Curves that `shifted_hilbert_index` knows.
inline constexpr int kMaxShiftedCurves = 64;

/// Position of the point along copy `curve`, in [0, kMaxShiftedCurves), of a Hilbert curve
/// through a cube of twice the box's side, in which the box stands at another place for each
/// copy: places that a border of one curve's octants parts are near on another. A cell is twice
/// as wide as one of `cell_of_point`'s. Points outside, and the precondition, as there.
/// Sources: S. Liao, M. Lopez and S. Leutenegger, "High dimensional similarity search with
/// space filling curves", ICDE 2001, for the copies; their shifts are the first terms of the
/// additive recurrence of M. Roberts, "The unreasonable effectiveness of quasirandom
/// sequences", 2018, in which no two are equal at any scale of the curve.
[[nodiscard]] std::uint64_t shifted_hilbert_index(const Box& box, const PointZM& point,
                                                  int curve) noexcept;

}  // namespace hart::geometry
