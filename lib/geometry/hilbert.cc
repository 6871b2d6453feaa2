#include "geometry/hilbert.h"

#include <cmath>

namespace hart::geometry {
namespace {

/// The axes as Skilling's paper has them: `axes[0]` carries the most significant bit of each
/// triple.
using Axes = std::array<std::uint32_t, 3>;

constexpr std::uint32_t kTopBit = std::uint32_t{1} << (kCellBits - 1);

/// 1 / g with g⁴ = g + 1, the generalisation of the golden ratio to three dimensions.
constexpr double kShiftStep = 0.8191725133961645;

/// Reflects axis 0 below `bit` when axis `i` has the bit, else exchanges the two below it. Its
/// own inverse.
void turn(Axes& axes, std::size_t i, std::uint32_t bit) noexcept {
  const std::uint32_t below = bit - 1;
  if ((axes[i] & bit) != 0) {
    axes[0] ^= below;
  } else {
    const std::uint32_t differing = (axes[0] ^ axes[i]) & below;
    axes[0] ^= differing;
    axes[i] ^= differing;
  }
}

void axes_to_transposed(Axes& axes) noexcept {
  for (std::uint32_t bit = kTopBit; bit > 1; bit >>= 1)
    for (std::size_t i = 0; i < 3; ++i) turn(axes, i, bit);
  axes[1] ^= axes[0];
  axes[2] ^= axes[1];
  std::uint32_t flips = 0;
  for (std::uint32_t bit = kTopBit; bit > 1; bit >>= 1)
    if ((axes[2] & bit) != 0) flips ^= bit - 1;
  for (std::uint32_t& axis : axes) axis ^= flips;
}

void transposed_to_axes(Axes& axes) noexcept {
  const std::uint32_t carried = axes[2] >> 1;
  axes[2] ^= axes[1];
  axes[1] ^= axes[0];
  axes[0] ^= carried;
  for (std::uint32_t bit = 2; bit <= kTopBit; bit <<= 1)
    for (std::size_t i = 3; i-- > 0;) turn(axes, i, bit);
}

/// Moves bit i of 21 to bit 3 i, by halves: each step doubles the distance between groups.
std::uint64_t spread(std::uint64_t bits) noexcept {
  bits = (bits | bits << 32) & 0x001f00000000ffff;
  bits = (bits | bits << 16) & 0x001f0000ff0000ff;
  bits = (bits | bits << 8) & 0x100f00f00f00f00f;
  bits = (bits | bits << 4) & 0x10c30c30c30c30c3;
  return (bits | bits << 2) & 0x1249249249249249;
}

/// The inverse: gathers every third bit.
std::uint32_t gather(std::uint64_t bits) noexcept {
  bits &= 0x1249249249249249;
  bits = (bits | bits >> 2) & 0x10c30c30c30c30c3;
  bits = (bits | bits >> 4) & 0x100f00f00f00f00f;
  bits = (bits | bits >> 8) & 0x001f0000ff0000ff;
  bits = (bits | bits >> 16) & 0x001f00000000ffff;
  return static_cast<std::uint32_t>((bits | bits >> 32) & 0x1fffff);
}

std::uint32_t cell_coordinate(double min, double max, double value) noexcept {
  constexpr double kCells = 2.0 * kTopBit;
  const double position = (value - min) / (max - min) * kCells;
  if (!(position > 0)) return 0;
  if (position >= kCells) return 2 * kTopBit - 1;
  return static_cast<std::uint32_t>(position);
}

}  // namespace

std::uint64_t hilbert_index(Cell cell) noexcept {
  Axes axes{cell.x, cell.y, cell.z};
  axes_to_transposed(axes);
  return spread(axes[0]) << 2 | spread(axes[1]) << 1 | spread(axes[2]);
}

Cell cell_of(std::uint64_t index) noexcept {
  Axes axes{gather(index >> 2), gather(index >> 1), gather(index)};
  transposed_to_axes(axes);
  return {axes[0], axes[1], axes[2]};
}

Cell cell_of_point(const Box& box, const PointZM& point) noexcept {
  return {cell_coordinate(box.min[0], box.max[0], point.x),
          cell_coordinate(box.min[1], box.max[1], point.y),
          cell_coordinate(box.min[2], box.max[2], point.z)};
}

std::uint64_t shifted_hilbert_index(const Box& box, const PointZM& point, int curve) noexcept {
  // Half as many cells along the box leave the other half of the cube for the shift.
  constexpr std::uint32_t kHalf = kTopBit;
  const auto shifted = [&](std::uint32_t coordinate, double step) {
    const double turns = curve * step;
    return coordinate / 2 + static_cast<std::uint32_t>((turns - std::floor(turns)) * kHalf);
  };
  Cell cell = cell_of_point(box, point);
  cell = {shifted(cell.x, kShiftStep), shifted(cell.y, kShiftStep * kShiftStep),
          shifted(cell.z, kShiftStep * kShiftStep * kShiftStep)};
  return hilbert_index(cell);
}

}  // namespace hart::geometry
