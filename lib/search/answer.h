#pragma once

#include "search/query.h"
#include "search/search.h"
#include "search/search_cache.h"
#include "store/store.h"

namespace hart::search {

/// Answers one query: plans it, then filter, candidates, fusion. Call inside a Snapshot, after
/// `cache.begin_query()`. Throws as `search` does.
[[nodiscard]] Result answer_query(store::Store& store, SearchCache& cache, const Query& query);

}  // namespace hart::search
