#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/query.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// The `k` atoms of the acting tenant whose places in the map of `model` are nearest to the
/// atom's own, itself left out: by Euclidean distance in X, Y and Z, nearest first, equal
/// distances by ascending atom id. Compares every place, so none is missed. A hit's score is
/// 1 / (1 + distance). Throws Error(no_input) when the atom has no place.
[[nodiscard]] std::vector<Hit> neighbors_in_space(store::Store& store,
                                                  const store::EmbeddingModel& model,
                                                  std::int64_t atom_id, std::size_t k);

}  // namespace hart::search
