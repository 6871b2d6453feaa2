#include "search/search_cache.h"

#include <sqlite3.h>

namespace hart::search {

SearchCache::SearchCache(store::Store& store)
    : store_{store},
      data_version_{store.db().prepare("PRAGMA data_version", store::Scope::owner)} {}

SearchCache::CatalogVersion SearchCache::catalog_version() {
  CatalogVersion version;
  data_version_.reset();
  if (data_version_.step()) version.others = data_version_.integer(0);
  data_version_.reset();
  version.own = sqlite3_total_changes64(store_.db().handle());
  version.tenant = store_.db().tenant();
  return version;
}

void SearchCache::forget_facts() {
  resources_.clear();
  admitted_.reset();
  for (auto& [model, open] : cells_) open.fresh = false;
}

void SearchCache::begin_query() {
  const CatalogVersion version = catalog_version();
  if (version_ != version) forget_facts();
  version_ = version;
  if (sqlite3_txn_state(store_.db().handle(), "main") != SQLITE_TXN_WRITE) return;
  // What is read inside a write transaction may be rolled back, and no version tells.
  forget_facts();
  cells_.clear();
  version_.reset();
}

void SearchCache::keep_across_own_changes() {
  if (version_) version_->own = sqlite3_total_changes64(store_.db().handle());
}

const Resources& SearchCache::resources(const std::optional<store::EmbeddingModel>& model) {
  const std::int64_t key = model ? model->embedding_model_id : 0;
  const auto known = resources_.find(key);
  if (known != resources_.end()) return known->second;
  return resources_.emplace(key, find_resources(store_, model)).first->second;
}

const index::AtomSet& SearchCache::admitted(const Query& query) {
  std::string key = dump_json(filter_json(query.filter));
  if (!query.filter.spatial.empty() && query.model)
    key += std::to_string(query.model->embedding_model_id);
  if (!admitted_ || key != filter_key_) {
    admitted_.reset();
    admitted_ = admitted_atoms(store_, query.filter, query.model);
    filter_key_ = std::move(key);
  }
  return *admitted_;
}

index::CellIndex& SearchCache::cells(const store::EmbeddingModel& model,
                                     const index::IndexInfo& info) {
  const auto known = cells_.find(model.embedding_model_id);
  if (known != cells_.end()) {
    OpenCells& open = known->second;
    const index::IndexInfo& old = open.index.info();
    if (old.generation == info.generation && old.built == info.built) {
      if (!open.fresh) open.index.refresh(store_);
      open.fresh = true;
      return open.index;
    }
    cells_.erase(known);
  }
  index::CellIndex opened{store_, model, info};
  opened.refresh(store_);
  return cells_.emplace(model.embedding_model_id, OpenCells{std::move(opened), true})
      .first->second.index;
}

}  // namespace hart::search
