#include "geometry/hilbert.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

namespace hart::geometry {
namespace {

constexpr std::uint64_t kPositions = std::uint64_t{1} << 63;
constexpr std::uint32_t kLast = (1u << kCellBits) - 1;

std::int64_t manhattan(Cell a, Cell b) {
  const auto apart = [](std::uint32_t p, std::uint32_t q) {
    return std::abs(static_cast<std::int64_t>(p) - static_cast<std::int64_t>(q));
  };
  return apart(a.x, b.x) + apart(a.y, b.y) + apart(a.z, b.z);
}

TEST_CASE("hilbert: the first 8^k positions visit each cell of the sub-cube of side 2^k once") {
  for (const int k : {1, 2, 3, 4, 5}) {
    CAPTURE(k);
    const std::uint32_t side = 1u << k;
    std::vector<bool> seen(std::size_t{side} * side * side);
    std::size_t wrong = 0;
    for (std::uint64_t index = 0; index < seen.size(); ++index) {
      const Cell cell = cell_of(index);
      REQUIRE(cell.x < side);
      REQUIRE(cell.y < side);
      REQUIRE(cell.z < side);
      const std::size_t at = (std::size_t{cell.x} * side + cell.y) * side + cell.z;
      wrong += seen[at] || hilbert_index(cell) != index;
      seen[at] = true;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("hilbert: consecutive positions are neighbouring cells") {
  std::size_t wrong = 0;
  for (std::uint64_t index = 0; index + 1 < 1u << 15; ++index)
    wrong += manhattan(cell_of(index), cell_of(index + 1)) != 1;
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t index = random() % (kPositions - 1);
    wrong += manhattan(cell_of(index), cell_of(index + 1)) != 1;
  }
  // Where octants of every size meet.
  for (int bit = 0; bit < 63; bit += 3) {
    const std::uint64_t index = (std::uint64_t{1} << bit) - 1;
    wrong += manhattan(cell_of(index), cell_of(index + 1)) != 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("hilbert: index and cell are inverse over the whole cube") {
  std::mt19937_64 random{8};
  std::size_t wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t index = random() % kPositions;
    wrong += hilbert_index(cell_of(index)) != index;
    const Cell cell{static_cast<std::uint32_t>(random()) & kLast,
                    static_cast<std::uint32_t>(random()) & kLast,
                    static_cast<std::uint32_t>(random()) & kLast};
    wrong += hilbert_index(cell) >= kPositions || !(cell_of(hilbert_index(cell)) == cell);
  }
  CHECK(wrong == 0);
  CHECK(hilbert_index({0, 0, 0}) == 0);
  CHECK(hilbert_index(cell_of(kPositions - 1)) == kPositions - 1);
  CHECK(manhattan(cell_of(kPositions - 1), cell_of(0)) == kLast);
}

TEST_CASE("cell_of_point: cuts a box evenly and moves what lies outside to its border") {
  const Box box;
  CHECK(cell_of_point(box, {-1, -1, -1, 9}) == Cell{0, 0, 0});
  CHECK(cell_of_point(box, {0, 0, 0, 9}) == Cell{1u << 20, 1u << 20, 1u << 20});
  CHECK(cell_of_point(box, {1, 1, 1, 9}) == Cell{kLast, kLast, kLast});
  CHECK(cell_of_point(box, {-7, 7, std::nan(""), 0}) == Cell{0, kLast, 0});
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(cell_of_point(box, {infinite, -infinite, 0, 0}) == Cell{kLast, 0, 1u << 20});
  const Box unequal{{0, -10, 100}, {4, 10, 200}};
  CHECK(cell_of_point(unequal, {1, 5, 175, 0}) == Cell{1u << 19, 3u << 19, 3u << 19});
}

TEST_CASE("cell_of_point: the borders between cells lie where they should") {
  const Box box{{0, 0, 0}, {2097152, 2097152, 2097152}};
  CHECK(cell_of_point(box, {std::nextafter(5.0, 0.0), 5, 5.999, 0}) == Cell{4, 5, 5});
}

TEST_CASE("shifted curves: two cells that a border parts are near on another copy") {
  // On either side of the middle of x, where the curve of the box itself is farthest apart.
  const Box box;
  const PointZM left{-1e-4, -0.7, 0.3, 0};
  const PointZM right{1e-4, -0.7, 0.3, 0};
  const auto apart = [&](int curve) {
    const std::uint64_t a = shifted_hilbert_index(box, left, curve);
    const std::uint64_t b = shifted_hilbert_index(box, right, curve);
    return a > b ? a - b : b - a;
  };
  std::uint64_t nearest = apart(0);
  for (int curve = 1; curve < 8; ++curve) nearest = std::min(nearest, apart(curve));
  CHECK(apart(0) > std::uint64_t{1} << 50);
  CHECK(nearest < std::uint64_t{1} << 40);
}

TEST_CASE("shifted curves: every copy keeps corners of the box apart and within 63 bits") {
  const Box box;
  for (int curve = 0; curve < kMaxShiftedCurves; ++curve) {
    std::vector<std::uint64_t> keys;
    for (const double x : {-1.0, 1.0})
      for (const double y : {-1.0, 1.0})
        for (const double z : {-1.0, 1.0})
          keys.push_back(shifted_hilbert_index(box, {x, y, z, 0}, curve));
    std::sort(keys.begin(), keys.end());
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    CHECK(keys.back() < std::uint64_t{1} << 63);
    // Beyond the border is on the border, whatever the shift.
    CHECK(shifted_hilbert_index(box, {5, 1, 1, 0}, curve) ==
          shifted_hilbert_index(box, {1, 1, 1, 0}, curve));
  }
}

}  // namespace
}  // namespace hart::geometry
