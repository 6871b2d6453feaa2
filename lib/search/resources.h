#pragma once

#include <cstdint>
#include <optional>

#include "index/generation.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// What the store has to answer a query with, for the acting tenant.
struct Resources {
  std::optional<index::IndexInfo> cells;    ///< of the query's embedding model …
  std::optional<index::IndexInfo> rtree;    ///< … as this …
  std::optional<index::IndexInfo> hilbert;  ///< … and this
  std::int64_t vectors = 0;  ///< about how many the model has: what an index held when built
  bool passages = false;     ///< there are words to match
  bool past = false;         ///< the store is shown as it was: no index knows that
};

/// Whether `store` was opened as it was at an instant or in a snapshot.
[[nodiscard]] bool shows_past(store::Store& store);

/// Looks in the catalog alone. Without a model only the words are looked for.
[[nodiscard]] Resources find_resources(store::Store& store,
                                       const std::optional<store::EmbeddingModel>& model);

}  // namespace hart::search
