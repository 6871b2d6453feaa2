#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/atom_set.h"
#include "index/generation.h"
#include "index/metric.h"
#include "index/top_k.h"
#include "index/vector_block.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::index {

/// What to look for among the vectors of one embedding model.
struct VectorQuery {
  std::span<const float> vector;  ///< (dims of the model)
  std::size_t k = 10;
  Metric metric = Metric::cosine;
  const AtomSet* allowed = nullptr;  ///< only these atoms; null: all that the tenant holds
  std::int64_t left_out_atom = 0;    ///< never a result: the atom that the query was made from

  [[nodiscard]] bool admits(std::int64_t atom_id) const noexcept {
    return atom_id != left_out_atom && (allowed == nullptr || allowed->contains(atom_id));
  }
};

/// Offers every row of `block` that `query` admits to `nearest`, on at most `threads` threads.
/// The result does not depend on their number. For several queries or blocks: exact_scan.h.
void scan_block(const VectorBlock& block, const VectorQuery& query, unsigned threads,
                TopK& nearest);

/// How a scan was done.
struct ScanReport {
  std::uint64_t scanned = 0;  ///< vectors that were looked at
  std::optional<std::int64_t>
      generation;             ///< the flat generation that was read; else rows only
  std::uint64_t delta = 0;    ///< of `scanned`, read as rows beside the generation
  std::string fallback;       ///< why the flat generation could not be used
  bool filter_first = false;  ///< the vectors of the allowed atoms alone were fetched
};

/// The nearest vectors of the acting tenant for each query, nearest first: compares all that
/// the queries allow. All queries share one pass. Fetches the vectors of the allowed atoms one
/// by one where these are few, else reads the flat generation when there is a usable one, and
/// rows otherwise; the result is the same. Throws Error(usage) on a query of another length.
[[nodiscard]] std::vector<std::vector<Neighbor>> exact_search(
    store::Store& store, const store::EmbeddingModel& model,
    std::span<const VectorQuery> queries, unsigned threads, ScanReport* report = nullptr);

/// The same by reading rows alone: what every index is judged against.
[[nodiscard]] std::vector<std::vector<Neighbor>> scan_rows(store::Store& store,
                                                           const store::EmbeddingModel& model,
                                                           std::span<const VectorQuery> queries,
                                                           unsigned threads,
                                                           ScanReport* report = nullptr);

/// The same by looking up the vector of each allowed atom: right for few. Precondition: every
/// query has an allowed set; queries that share one set share the look-ups.
[[nodiscard]] std::vector<std::vector<Neighbor>> fetch_allowed(
    store::Store& store, const store::EmbeddingModel& model,
    std::span<const VectorQuery> queries, unsigned threads, ScanReport* report = nullptr);

/// Throws Error(usage) unless `vector` has the model's length and finite values.
void require_vector(const store::EmbeddingModel& model, std::span<const float> vector);

/// The vector that the acting tenant has stored for an atom; empty when there is none.
[[nodiscard]] std::vector<float> stored_vector(store::Store& store,
                                               const store::EmbeddingModel& model,
                                               std::int64_t atom_id);

/// Visits the rows of the acting tenant with an embedding id above `after`, in blocks.
void for_each_row_block(store::Store& store, const store::EmbeddingModel& model,
                        std::int64_t after,
                        const std::function<void(const VectorBlock&)>& visit);

}  // namespace hart::index
