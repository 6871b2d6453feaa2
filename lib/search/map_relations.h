#pragma once

#include <vector>

#include "search/map_svg.h"
#include "store/store.h"

namespace hart::search {

/// The acting tenant's edges between atoms that are both among `points`, each pair once with
/// its greatest weight, in ascending order of source and target. `points` ascend by atom id.
[[nodiscard]] std::vector<MapEdge> map_edges(store::Store& store,
                                             const std::vector<MapPoint>& points);

}  // namespace hart::search
