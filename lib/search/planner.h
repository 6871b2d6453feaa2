#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/generation.h"
#include "search/query.h"
#include "store/store.h"

namespace hart::search {

struct Plan {
  Strategy strategy = Strategy::exact;  ///< never automatic
  std::string reason;
  std::optional<index::IndexInfo>
      rtree;                           ///< where the vectors' candidates come from; none: exact
  std::vector<std::string> fallbacks;  ///< what was asked for and cannot be done
};

/// Decides how `query` is answered, from the query and the catalog alone. An approximate index
/// is chosen only when it is asked for, or when its measured recall reaches `query.recall` with
/// no more candidates than the query allows and for a k no smaller than the query's. Throws
/// Error(usage) when the strategy lacks what it needs.
[[nodiscard]] Plan make_plan(store::Store& store, const Query& query);

}  // namespace hart::search
