#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "index/generation.h"
#include "search/query.h"
#include "search/resources.h"

namespace hart::search {

struct Plan {
  Strategy strategy = Strategy::exact;  ///< never automatic
  std::string reason;
  std::optional<index::IndexInfo>
      index;                           ///< where the vectors' candidates come from; none: exact
  std::vector<std::string> fallbacks;  ///< what was asked for and cannot be done
};

/// What CellIndex::reason_against says of the store's cell index for a metric, a number of
/// neighbours and a recall; it may throw Error when the index cannot be opened.
using AgainstCells =
    std::function<std::string(index::Metric metric, std::size_t k, double recall)>;

/// Decides how `query` is answered from what there is. Without being asked for it, an
/// approximate index is chosen only when its recall is known and reaches `query.recall`: the
/// cells by their calibration, a map's index (R-tree, Hilbert curves) when it was measured with
/// no more candidates than the query allows and for a k no smaller than the query's. Cells come
/// before maps. Throws Error(usage) when the strategy lacks what it needs.
[[nodiscard]] Plan make_plan(const Query& query, const Resources& resources,
                             const AgainstCells& against_cells);

/// Whether the strategy compares vectors, reads words.
[[nodiscard]] bool has_vector(const Query& query);
[[nodiscard]] bool has_text(const Query& query);

/// How many neighbours the vectors have to give: k, or as deep as lists are fused.
[[nodiscard]] std::size_t vector_depth(const Query& query, Strategy strategy);

}  // namespace hart::search
