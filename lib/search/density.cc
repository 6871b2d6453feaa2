#include "search/density.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/error.h"
#include "geometry/projection.h"

namespace hart::search {
namespace {

using geometry::Box;
using geometry::PointZM;

/// The box of the cell that holds the positions of the curve which begin with `prefix`.
Box cell_box(std::uint64_t prefix, int level) {
  // All cells of one prefix share the leading bits of their coordinates.
  const int below = geometry::kCellBits - level;
  const geometry::Cell cell = geometry::cell_of(prefix << (3 * below));
  const Box whole = geometry::Projection::box();
  const std::array<std::uint32_t, 3> at{cell.x >> below, cell.y >> below, cell.z >> below};
  Box box;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double side = std::ldexp(whole.max[axis] - whole.min[axis], -level);
    box.min[axis] = whole.min[axis] + side * at[axis];
    box.max[axis] = box.min[axis] + side;
  }
  return box;
}

double volume(const Box& box) {
  double product = 1;
  for (std::size_t axis = 0; axis < 3; ++axis) product *= box.max[axis] - box.min[axis];
  return product;
}

double distance(const PointZM& a, const PointZM& b) {
  return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

LocalDensity in_ball(std::size_t neighbors, double radius) {
  const double ball = 4.0 / 3.0 * std::numbers::pi * radius * radius * radius;
  return {neighbors, radius, ball > 0 ? static_cast<double>(neighbors) / ball : 0};
}

}  // namespace

std::vector<CellDensity> cell_densities(std::span<const Place> places, int level,
                                        std::size_t limit) {
  if (level < 1 || level > kMaxDensityLevel)
    throw Error{Fault::usage, "a level is from 1 to " + std::to_string(kMaxDensityLevel)};
  std::vector<std::uint64_t> prefixes;
  prefixes.reserve(places.size());
  for (const Place& place : places)
    prefixes.push_back(geometry::hilbert_index(
                           geometry::cell_of_point(geometry::Projection::box(), place.point)) >>
                       (3 * (geometry::kCellBits - level)));
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<CellDensity> cells;
  for (std::size_t at = 0; at < prefixes.size();) {
    std::size_t end = at;
    while (end < prefixes.size() && prefixes[end] == prefixes[at]) ++end;
    cells.push_back({prefixes[at], {}, end - at, 0, 0});
    at = end;
  }
  std::stable_sort(cells.begin(), cells.end(), [](const CellDensity& a, const CellDensity& b) {
    return a.count > b.count;
  });
  if (cells.size() > limit) cells.resize(limit);
  for (CellDensity& cell : cells) {
    cell.box = cell_box(cell.prefix, level);
    cell.share = static_cast<double>(cell.count) / static_cast<double>(places.size());
    cell.density = static_cast<double>(cell.count) / volume(cell.box);
  }
  return cells;
}

LocalDensity density_within(std::span<const Place> places, const Place& centre, double radius) {
  const auto near = std::count_if(places.begin(), places.end(), [&](const Place& place) {
    return place.embedding_id != centre.embedding_id &&
           distance(place.point, centre.point) <= radius;
  });
  return in_ball(static_cast<std::size_t>(near), radius);
}

LocalDensity density_of_nearest(std::span<const Place> places, const Place& centre,
                                std::size_t k) {
  if (k == 0) throw Error{Fault::usage, "a density needs one neighbour or more"};
  std::vector<double> distances;
  for (const Place& place : places)
    if (place.embedding_id != centre.embedding_id)
      distances.push_back(distance(place.point, centre.point));
  if (distances.empty()) return {};
  const std::size_t found = std::min(k, distances.size());
  const auto farthest = distances.begin() + static_cast<std::ptrdiff_t>(found) - 1;
  std::nth_element(distances.begin(), farthest, distances.end());
  return in_ball(found, *farthest);
}

}  // namespace hart::search
