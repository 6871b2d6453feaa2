#pragma once

#include <span>
#include <vector>

#include "search/query.h"
#include "search/rerank.h"
#include "store/store.h"

namespace hart::search {

/// The features of each hit, in their order. `words` are the atoms that the query's words
/// found, with their BM25. Only what `query.rerank` looks at is looked up when it is set, else
/// all of it. Call inside a Snapshot.
[[nodiscard]] std::vector<RerankFeatures> rerank_features(store::Store& store,
                                                          const Query& query,
                                                          std::span<const Hit> hits,
                                                          std::span<const FusedAtom> words);

/// Orders `hits` by what `query.rerank` makes of their features, which becomes their score;
/// equal scores by ascending atom id.
void rerank_hits(store::Store& store, const Query& query, std::span<const FusedAtom> words,
                 std::vector<Hit>& hits);

}  // namespace hart::search
