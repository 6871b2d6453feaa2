#pragma once

#include <vector>

#include "search/explain.h"
#include "search/facets.h"
#include "search/query.h"
#include "store/store.h"

namespace hart::search {

struct Result {
  std::vector<Hit> hits;      ///< best first, at most k
  std::vector<Facet> facets;  ///< over the best `candidates` hits, whatever k is
  Explain explain;
};

/// Answers `query` from what the acting tenant holds: filter, candidates, exact
/// rerank, fusion, learned rerank, facets.
/// The same query on the same store gives the same hits, whatever the threads; equal scores
/// stand by ascending atom id. An index that is lost, damaged or out of step with the catalog
/// is passed over: the vectors are compared exactly and `Explain::fallbacks` says so. Throws
/// Error(usage) when the strategy lacks what it needs (a text, a vector and its model), or on a
/// vector of another length.
[[nodiscard]] Result search(store::Store& store, const Query& query);

}  // namespace hart::search
