#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "index/exact.h"
#include "search/explain.h"
#include "search/query.h"
#include "search/search_cache.h"
#include "store/store.h"

namespace hart::search {

/// The neighbours of a query's vector, and how they were found.
struct VectorAnswer {
  std::vector<index::Neighbor> neighbors;  ///< nearest first, at most k
  VectorStep step;
  std::vector<std::string> fallbacks;  ///< what could not be used, and what was done instead
  bool index_failed = false;           ///< the index of the plan was one of them
};

/// Whether few enough atoms are admitted to compare each of them rather than to look for them
/// through an index or among all vectors. An index has to go through about
/// candidates × vectors / admitted points before it has its candidates, so it is the longer way
/// when that is more than `admitted`; a scan is when it reads a row for each vector, at about
/// an eighth of what a lookup costs.
[[nodiscard]] bool filter_comes_first(std::size_t admitted, std::int64_t vectors,
                                      std::size_t candidates, bool through_index) noexcept;

/// Compares the query's vector: through `index`, or with all vectors when there is none or it
/// cannot be used. `admitted`: only these atoms; null: all.
[[nodiscard]] VectorAnswer nearest_vectors(store::Store& store, SearchCache& cache,
                                           const Query& query,
                                           const std::optional<index::IndexInfo>& index,
                                           const index::AtomSet* admitted, std::size_t k);

}  // namespace hart::search
