#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "index/atom_set.h"
#include "index/cell_index.h"
#include "search/filter.h"
#include "search/query.h"
#include "search/resources.h"
#include "store/connection.h"
#include "store/store.h"

namespace hart::search {

/// What a Searcher keeps between queries, valid for one state of the catalog.
class SearchCache {
 public:
  explicit SearchCache(store::Store& store);

  /// Forgets what a change of the catalog made stale. Call first in each query, inside its
  /// Snapshot.
  void begin_query();
  /// What this connection has changed since makes nothing stale.
  void keep_across_own_changes();

  [[nodiscard]] const Resources& resources(const std::optional<store::EmbeddingModel>& model);
  /// The set of `admitted_atoms`; the last one is kept. Lives until the next call.
  [[nodiscard]] const index::AtomSet& admitted(const Query& query);
  /// The generation that `info` names, opened and up to date. Throws Error as CellIndex does.
  [[nodiscard]] index::CellIndex& cells(const store::EmbeddingModel& model,
                                        const index::IndexInfo& info);

 private:
  /// Equal only while nobody, this connection included, has committed or changed anything.
  struct CatalogVersion {
    std::int64_t others = 0;  ///< PRAGMA data_version
    std::int64_t own = 0;     ///< rows that this connection has changed
    std::int64_t tenant = 0;
    bool operator==(const CatalogVersion&) const = default;
  };
  struct OpenCells {
    index::CellIndex index;
    bool fresh = true;
  };

  [[nodiscard]] CatalogVersion catalog_version();
  void forget_facts();

  store::Store& store_;
  store::Statement data_version_;
  std::optional<CatalogVersion> version_;
  std::map<std::int64_t, Resources> resources_;  ///< by embedding model; 0: none
  std::string filter_key_;
  std::optional<index::AtomSet> admitted_;
  std::map<std::int64_t, OpenCells> cells_;  ///< by embedding model
};

}  // namespace hart::search
