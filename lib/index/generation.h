#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// What an index is made of.
enum class IndexKind {
  rtree,    ///< an R-tree over the 3-D projections: candidates, approximate
  flat,     ///< the vectors side by side in large blocks: an exact scan that reads them faster
  hilbert,  ///< shifted Hilbert curves over the 3-D projections: candidates, approximate
  cells,    ///< cells of the full space and one-bit codes, in a mapped file: see cell_index.h
};

[[nodiscard]] std::string_view index_kind_name(IndexKind kind) noexcept;
[[nodiscard]] std::optional<IndexKind> find_index_kind(std::string_view name) noexcept;

/// One generation of an index, as the catalog names it. It answers for the embeddings with an
/// id up to `last_embedding_id`; newer ones are searched exactly beside it.
struct IndexInfo {
  IndexKind kind = IndexKind::rtree;
  std::int64_t embedding_model_id = 0;
  std::int64_t generation = 0;
  std::int64_t items = 0;
  std::int64_t last_embedding_id = 0;
  Json parameters = Json::object();    ///< rtree: {"projection_version": N}
  std::optional<double> recall;        ///< measured by `check_index`; nothing before that
  double recall_interval = 0;          ///< half width of its 95 % confidence interval
  std::int64_t recall_k = 0;           ///< recall@k, with …
  std::int64_t recall_candidates = 0;  ///< … so many candidates reranked
  TimeUs built = 0;
};

/// The acting tenant's indexes over one embedding model (0: over all), oldest first.
[[nodiscard]] std::vector<IndexInfo> list_indexes(store::Store& store,
                                                  std::int64_t embedding_model_id = 0);
[[nodiscard]] std::optional<IndexInfo> find_index(store::Store& store,
                                                  std::int64_t embedding_model_id,
                                                  IndexKind kind);

/// The table of index.db that holds a generation: "rtree_17".
[[nodiscard]] std::string generation_table(IndexKind kind, std::int64_t generation);

/// The file that holds a generation of a kind that is kept in a file of its own, under
/// `indexes/` in the store's directory.
[[nodiscard]] std::string generation_file(const store::Store& store, IndexKind kind,
                                          std::int64_t generation);

/// Throws Error(data) unless index.db holds the complete generation that `info` names: a lost,
/// older or foreign index.db fails here. Error(no_input) when there is no index.db.
void require_generation(store::Store& store, const IndexInfo& info);

/// Writes one generation into index.db in a single transaction: it is there entirely or not at
/// all. Rolls back unless committed. Throws Error(busy) while another process builds.
class GenerationWriter {
 public:
  GenerationWriter(store::Store& store, const store::EmbeddingModel& model, IndexKind kind);
  ~GenerationWriter();
  GenerationWriter(const GenerationWriter&) = delete;
  GenerationWriter& operator=(const GenerationWriter&) = delete;

  [[nodiscard]] std::int64_t generation() const noexcept { return info_.generation; }
  [[nodiscard]] std::string table() const {
    return generation_table(info_.kind, info_.generation);
  }

  /// Syncs the generation, only then names it in the catalog, and then drops those it replaces.
  /// Returns what the catalog says now: another process may have published a newer generation.
  IndexInfo commit(std::int64_t items, std::int64_t last_embedding_id, const Json& parameters);

 private:
  store::Store& store_;
  IndexInfo info_;
  bool open_ = true;
};

/// Forgets an index: first in the catalog, then in index.db. False when there was none.
bool drop_index(store::Store& store, const store::EmbeddingModel& model, IndexKind kind);

/// Writes the recall figure of the generation that `info` names; nothing happens when that is
/// no longer the current one.
void store_recall(store::Store& store, const IndexInfo& info, double recall, double interval,
                  std::int64_t k, std::int64_t candidates);

}  // namespace hart::index
