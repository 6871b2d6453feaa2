#include "search/resources.h"

#include <algorithm>

#include "store/text_index.h"

namespace hart::search {

bool shows_past(store::Store& store) {
  // Temporary views stand in for the stored ones then (store/as_of.h).
  return store.db().query_integer(
             "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'view'") > 0;
}

Resources find_resources(store::Store& store,
                         const std::optional<store::EmbeddingModel>& model) {
  Resources resources;
  resources.passages = store::has_indexed_passages(store);
  resources.past = shows_past(store);
  if (!model) return resources;
  std::optional<std::int64_t> vectors;
  for (const index::IndexInfo& info : index::list_indexes(store, model->embedding_model_id)) {
    vectors = std::max(vectors.value_or(0), info.items);
    if (resources.past) continue;
    if (info.kind == index::IndexKind::cells) resources.cells = info;
    if (info.kind == index::IndexKind::rtree) resources.rtree = info;
    if (info.kind == index::IndexKind::hilbert) resources.hilbert = info;
  }
  resources.vectors =
      vectors ? *vectors : store::count_embeddings(store, model->embedding_model_id);
  return resources;
}

}  // namespace hart::search
