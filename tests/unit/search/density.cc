#include "search/density.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace {

using namespace hart::search;

std::vector<Place> places_at(const std::vector<hart::geometry::PointZM>& points) {
  std::vector<Place> places;
  for (const auto& point : points) {
    const auto id = static_cast<std::int64_t>(places.size()) + 1;
    places.push_back({id, 100 + id, point});
  }
  return places;
}

TEST_CASE("density: cells are counted by the octant they lie in, the fullest first") {
  const auto places = places_at({{-0.5, -0.5, -0.5, 0},
                                 {0.5, 0.5, 0.5, 0},
                                 {0.9, 0.1, 0.2, 0},
                                 {3, 3, 3, 0},  // outside: in the cell at the border
                                 {-0.1, 0.9, -0.9, 0}});
  const auto cells = cell_densities(places, 1, 10);
  REQUIRE(cells.size() == 3);
  CHECK(cells[0].count == 3);
  CHECK(cells[0].share == doctest::Approx(0.6));
  CHECK(cells[0].density == doctest::Approx(3));  // an octant's volume is 1
  for (std::size_t axis = 0; axis < 3; ++axis) {
    CHECK(cells[0].box.min[axis] == 0);
    CHECK(cells[0].box.max[axis] == 1);
  }
  CHECK(cells[1].count == 1);
  CHECK(cells[1].prefix < cells[2].prefix);
  CHECK(cell_densities(places, 1, 2).size() == 2);
  CHECK(cell_densities({}, 1, 2).empty());
}

TEST_CASE("density: every place lies in the box of the cell that counts it, at every level") {
  const auto places = places_at({{-0.313, 0.77, 0.123, 0}});
  for (int level = 1; level <= kMaxDensityLevel; ++level) {
    const auto cells = cell_densities(places, level, 1);
    REQUIRE(cells.size() == 1);
    const auto& box = cells.front().box;
    CHECK(box.min[0] <= -0.313);
    CHECK(box.max[0] >= -0.313);
    CHECK(box.min[1] <= 0.77);
    CHECK(box.max[1] >= 0.77);
    CHECK(box.min[2] <= 0.123);
    CHECK(box.max[2] >= 0.123);
    CHECK(box.max[0] - box.min[0] == std::ldexp(2.0, -level));
  }
  CHECK_THROWS_AS((void)cell_densities(places, 0, 1), hart::Error);
  CHECK_THROWS_AS((void)cell_densities(places, kMaxDensityLevel + 1, 1), hart::Error);
}

TEST_CASE("density: a ball counts its border and not its centre") {
  const auto places =
      places_at({{0, 0, 0, 0}, {0.5, 0, 0, 9}, {0, 0.25, 0, 0}, {0, 0, 0.6, 0}, {0, 0, 0, 5}});
  const LocalDensity half = density_within(places, places[0], 0.5);
  CHECK(half.neighbors == 3);
  CHECK(half.density == doctest::Approx(3 / (4.0 / 3 * std::numbers::pi * 0.125)));
  CHECK(density_within(places, places[0], 0).neighbors == 1);
  CHECK(density_within(places, places[0], 0).density == 0);
}

TEST_CASE("density: the k-th nearest sets the radius, the farthest where there are fewer") {
  const auto places =
      places_at({{0, 0, 0, 0}, {0.5, 0, 0, 0}, {0, 0.25, 0, 0}, {0, 0, 0.6, 0}});
  CHECK(density_of_nearest(places, places[0], 1).radius == 0.25);
  CHECK(density_of_nearest(places, places[0], 2).radius == 0.5);
  const LocalDensity all = density_of_nearest(places, places[0], 9);
  CHECK(all.neighbors == 3);
  CHECK(all.radius == 0.6);
  CHECK(density_of_nearest({}, places[0], 1).neighbors == 0);
  CHECK_THROWS_AS((void)density_of_nearest(places, places[0], 0), hart::Error);
}

}  // namespace
