#include "learn/cell_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"

namespace hart::learn {
namespace {

using geometry::Cell;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMostCells = std::int64_t{1} << geometry::kCellBits;

std::uint64_t pack(const Cell& cell) noexcept {
  return std::uint64_t{cell.x} << (2 * geometry::kCellBits) |
         std::uint64_t{cell.y} << geometry::kCellBits | cell.z;
}

/// Source: the finaliser of splitmix64, S. Vigna, https://prng.di.unimi.it/splitmix64.c (public
/// domain).
std::uint64_t scramble(std::uint64_t key) noexcept {
  key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
  key = (key ^ key >> 27) * 0x94d049bb133111eb;
  return key ^ key >> 31;
}

/// A block is 4 × 4 × 4 cells.
Cell block_of(const Cell& cell) noexcept {
  return {cell.x >> 2, cell.y >> 2, cell.z >> 2};
}

}  // namespace

CellGrid::CellGrid(std::span<const double> points, double side) : side_{side} {
  if (points.size() / 3 >= kNone) throw Error{Fault::usage, "too many points for one grid"};
  if (points.empty()) {
    first_.push_back(0);
    return;
  }
  std::array<double, 3> highest;
  origin_.fill(std::numeric_limits<double>::infinity());
  highest.fill(-std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!std::isfinite(points[i])) throw Error{Fault::data, "a coordinate is not finite"};
    origin_[i % 3] = std::min(origin_[i % 3], points[i]);
    highest[i % 3] = std::max(highest[i % 3], points[i]);
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double extent = highest[axis] - origin_[axis];
    if (!std::isfinite(extent)) throw Error{Fault::data, "the points lie too far apart"};
    // One cell less than there are numbers, for what rounding does at the upper border.
    side_ = std::max(side_, extent / static_cast<double>(kMostCells - 1));
  }
  sort_points(points);
  index_blocks();
}

void CellGrid::sort_points(std::span<const double> points) {
  const auto coordinate = [&](std::size_t i) {
    const double cells = (points[i] - origin_[i % 3]) / side_;
    return static_cast<std::uint32_t>(std::min(cells, static_cast<double>(kMostCells - 1)));
  };
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order(points.size() / 3);
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = {geometry::hilbert_index(
                    {coordinate(3 * i), coordinate(3 * i + 1), coordinate(3 * i + 2)}),
                static_cast<std::uint32_t>(i)};
  std::sort(order.begin(), order.end());
  members_.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || order[i].first != order[i - 1].first) {
      keys_.push_back(geometry::cell_of(order[i].first));
      first_.push_back(i);
    }
    members_.push_back(order[i].second);
  }
  first_.push_back(order.size());
}

void CellGrid::index_blocks() {
  // Sub-cubes of a power of two are runs of the curve, so the cells of a block are one range.
  for (std::size_t cell = 0; cell < keys_.size(); ++cell) {
    const Cell block = block_of(keys_[cell]);
    if (blocks_.empty() || !(blocks_.back().key == block))
      blocks_.push_back({block, cell, cell});
    blocks_.back().end = cell + 1;
  }
  std::size_t slots = 16;
  while (slots < 2 * blocks_.size()) slots *= 2;
  slots_.assign(slots, kNone);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    std::size_t at = scramble(pack(blocks_[block].key)) & (slots - 1);
    while (slots_[at] != kNone) at = (at + 1) & (slots - 1);
    slots_[at] = static_cast<std::uint32_t>(block);
  }
}

const CellGrid::Block* CellGrid::find_block(const Cell& key) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = scramble(pack(key)) & mask; slots_[at] != kNone; at = (at + 1) & mask)
    if (blocks_[slots_[at]].key == key) return &blocks_[slots_[at]];
  return nullptr;
}

void CellGrid::around(std::size_t cell, std::uint32_t reach,
                      std::vector<std::uint32_t>& found) const {
  found.assign(1, static_cast<std::uint32_t>(cell));
  const Cell centre = keys_[cell];
  const auto lower = [&](std::uint32_t value) { return value < reach ? 0 : value - reach; };
  const auto within = [&](std::uint32_t a, std::uint32_t b) {
    return (a < b ? b - a : a - b) <= reach;
  };
  const Cell first = block_of({lower(centre.x), lower(centre.y), lower(centre.z)});
  const Cell last = block_of({centre.x + reach, centre.y + reach, centre.z + reach});
  for (std::uint32_t x = first.x; x <= last.x; ++x) {
    for (std::uint32_t y = first.y; y <= last.y; ++y) {
      for (std::uint32_t z = first.z; z <= last.z; ++z) {
        const Block* block = find_block({x, y, z});
        if (block == nullptr) continue;
        for (std::size_t other = block->begin; other < block->end; ++other)
          if (other != cell && within(keys_[other].x, centre.x) &&
              within(keys_[other].y, centre.y) && within(keys_[other].z, centre.z))
            found.push_back(static_cast<std::uint32_t>(other));
      }
    }
  }
}

}  // namespace hart::learn
