#pragma once

#include "core/events.h"
#include "search/search.h"
#include "store/store.h"

namespace hart::search {

/// What the query log keeps of an answered query, the vector too, so that it can be run again
/// without the model that made it.
[[nodiscard]] QueryRecord query_record(const Query& query, const Result& result, TimeUs time,
                                       double latency_s);

/// The query that a record was made from, to run it again. Throws Error(data) on parameters
/// that `query_record` would not write, Error(no_input) when its embedding model or its rerank
/// model is no longer there, or the latter's file holds another.
[[nodiscard]] Query recorded_query(store::Store& store, const QueryRecord& record);

}  // namespace hart::search
