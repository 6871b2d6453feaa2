#pragma once

#include "core/json.h"
#include "ooda/observation.h"
#include "store/store.h"

namespace hart::ooda {

/// Compares what SQLite's planner was last told (table sqlite_stat1, which ANALYZE writes) with
/// the tables of today. The size of a table is its highest rowid, one step down the B-tree and
/// exact unless rows were deleted. Where rowids are no count, two million rows are counted.
/// Source: https://www.sqlite.org/fileformat2.html#stat1tab
[[nodiscard]] PlannerStatistics observe_statistics(store::Store& store);

/// The planner's statistics as JSON: null when there are none, else an array of
/// [table, index or null, statistics].
[[nodiscard]] Json save_statistics(store::Store& store);

/// Gathers the statistics anew; in a large store from 1000 rows an index, so that the time does
/// not grow with it.
void gather_statistics(store::Store& store);

/// Puts back what `save_statistics` returned, and makes this connection forget the others.
/// Throws Error(data) on anything else.
void restore_statistics(store::Store& store, const Json& saved);

}  // namespace hart::ooda
