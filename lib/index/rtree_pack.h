#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/connection.h"

namespace hart::index {

/// A box of an R-tree and what it is the box of: a point's id, or a node's number.
struct RtreeCell {
  std::int64_t id = 0;
  std::array<float, 3> min{};
  std::array<float, 3> max{};
};

/// Fills the empty R-tree `name` of three dimensions, just made by SQLite, from the leaves up:
/// each node takes as many cells as it holds, in the order given, which should keep neighbours
/// together. Ids are distinct. The nodes are full and their boxes tight, where one insert after
/// the other leaves them half empty. `progress` is told how many cells are written. Call inside
/// the transaction that made the table. Sources: I. Kamel and C. Faloutsos, "On packing
/// R-trees", CIKM 1993; SQLite, "The SQLite R*Tree Module", section 7, for the shadow tables.
void pack_rtree(store::Connection& db, const std::string& name, std::vector<RtreeCell> cells,
                const std::function<void(std::uint64_t)>& progress);

}  // namespace hart::index
