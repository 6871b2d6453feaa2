#include "index/exact.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include "core/error.h"
#include "core/parallel.h"
#include "index/flat_index.h"

namespace hart::index {
namespace {

using Results = std::vector<std::vector<Neighbor>>;

constexpr std::size_t kRowsPerThread = 256;

/// One pass over rows, and over the flat generation before them when there is one.
class ExactScan {
 public:
  ExactScan(std::span<const VectorQuery> queries, unsigned threads)
      : queries_{queries}, threads_{threads} {
    for (const VectorQuery& query : queries) nearest_.emplace_back(query.k);
  }

  void visit(const VectorBlock& block) {
    scanned_ += block.size();
    for (std::size_t q = 0; q < queries_.size(); ++q)
      scan_block(block, queries_[q], threads_, nearest_[q]);
  }

  [[nodiscard]] std::uint64_t scanned() const noexcept { return scanned_; }
  [[nodiscard]] Results results() const {
    Results results;
    for (const TopK& nearest : nearest_) results.push_back(nearest.sorted());
    return results;
  }

 private:
  std::span<const VectorQuery> queries_;
  unsigned threads_;
  std::vector<TopK> nearest_;
  std::uint64_t scanned_ = 0;
};

/// Takes out what the tenant no longer holds: vectors that were removed, or replaced by a newer
/// one with another id, since the generation was built. False when a list lost something that a
/// longer one could make up for.
bool drop_removed(store::Store& store, std::span<const VectorQuery> queries,
                  std::span<const VectorQuery> wider, Results& results) {
  auto find =
      store.db().prepare("SELECT 1 FROM my_atom_embedding WHERE atom_embedding_id = ?1");
  bool complete = true;
  for (std::size_t q = 0; q < results.size(); ++q) {
    std::vector<Neighbor>& neighbors = results[q];
    const bool all_seen = neighbors.size() < wider[q].k;
    std::erase_if(neighbors, [&](const Neighbor& neighbor) {
      return !find.with(neighbor.embedding_id).step();
    });
    if (neighbors.size() > queries[q].k) neighbors.resize(queries[q].k);
    complete = complete && (all_seen || neighbors.size() == queries[q].k);
  }
  return complete;
}

void require_stored_length(const store::EmbeddingModel& model,
                           const store::Embedding& embedding) {
  if (static_cast<std::int64_t>(embedding.vector.size()) != model.dims)
    throw Error{Fault::data, "the store is damaged: embedding " +
                                 std::to_string(embedding.embedding_id) + " has " +
                                 std::to_string(embedding.vector.size()) + " dimensions"};
}

Results search_flat(store::Store& store, const store::EmbeddingModel& model,
                    const IndexInfo& flat, std::span<const VectorQuery> queries,
                    unsigned threads, ScanReport& report) {
  require_generation(store, flat);
  std::vector<VectorQuery> wider{queries.begin(), queries.end()};
  for (std::size_t spare = 16;; spare *= 8) {
    for (std::size_t q = 0; q < wider.size(); ++q) wider[q].k = queries[q].k + spare;
    ExactScan scan{wider, threads};
    const auto visit = [&](const VectorBlock& block) { scan.visit(block); };
    for_each_flat_block(store, flat, static_cast<std::size_t>(model.dims), visit);
    const std::uint64_t in_generation = scan.scanned();
    for_each_row_block(store, model, flat.last_embedding_id, visit);
    report.generation = flat.generation;
    report.scanned = scan.scanned();
    report.delta = scan.scanned() - in_generation;
    Results results = scan.results();
    if (drop_removed(store, queries, wider, results)) return results;
  }
}

}  // namespace

void scan_block(const VectorBlock& block, const VectorQuery& query, unsigned threads,
                TopK& nearest) {
  const DistanceFrom distance{query.metric, query.vector};
  std::mutex merging;
  parallel_for(block.size(), kRowsPerThread, threads, [&](std::size_t begin, std::size_t end) {
    TopK part{query.k};
    for (std::size_t i = begin; i < end; ++i)
      if (query.admits(block.atom_ids[i]))
        part.offer({distance(block.row(i)), block.atom_ids[i], block.embedding_ids[i]});
    const std::lock_guard lock{merging};
    nearest.merge(part);
  });
}

std::vector<std::vector<Neighbor>> exact_search(store::Store& store,
                                                const store::EmbeddingModel& model,
                                                std::span<const VectorQuery> queries,
                                                unsigned threads, ScanReport* report) {
  for (const VectorQuery& query : queries) require_vector(model, query.vector);
  ScanReport ignored;
  ScanReport& said = report == nullptr ? ignored : *report;
  const store::Snapshot snapshot{store.db()};
  if (const auto flat = find_index(store, model.embedding_model_id, IndexKind::flat)) {
    try {
      return search_flat(store, model, *flat, queries, threads, said);
    } catch (const Error& error) {
      said.fallback = error.what();
    }
  }
  return scan_rows(store, model, queries, threads, &said);
}

std::vector<std::vector<Neighbor>> scan_rows(store::Store& store,
                                             const store::EmbeddingModel& model,
                                             std::span<const VectorQuery> queries,
                                             unsigned threads, ScanReport* report) {
  for (const VectorQuery& query : queries) require_vector(model, query.vector);
  ExactScan scan{queries, threads};
  for_each_row_block(store, model, 0, [&](const VectorBlock& block) { scan.visit(block); });
  if (report != nullptr) {
    report->generation.reset();
    report->scanned = report->delta = scan.scanned();
  }
  return scan.results();
}

void require_vector(const store::EmbeddingModel& model, std::span<const float> vector) {
  if (static_cast<std::int64_t>(vector.size()) != model.dims)
    throw Error{Fault::usage, "the query vector has " + std::to_string(vector.size()) +
                                  " dimensions, those of " + model.name + " have " +
                                  std::to_string(model.dims)};
  if (!std::all_of(vector.begin(), vector.end(), [](float x) { return std::isfinite(x); }))
    throw Error{Fault::usage, "the query vector holds a value that is not finite"};
}

std::vector<float> stored_vector(store::Store& store, const store::EmbeddingModel& model,
                                 std::int64_t atom_id) {
  auto find = store.db().prepare(
      "SELECT vector FROM my_atom_embedding WHERE embedding_model_id = ?1 AND atom_id = ?2");
  if (!find.with(model.embedding_model_id, atom_id).step()) return {};
  const ByteView bytes = find.blob(0);
  std::vector<float> vector(static_cast<std::size_t>(model.dims));
  if (bytes.size() != vector.size() * sizeof(float))
    throw Error{Fault::data,
                "the store is damaged: a vector of " + std::to_string(bytes.size()) + " bytes"};
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  return vector;
}

void for_each_row_block(store::Store& store, const store::EmbeddingModel& model,
                        std::int64_t after,
                        const std::function<void(const VectorBlock&)>& visit) {
  VectorBlock block;
  block.dim = static_cast<std::size_t>(model.dims);
  const std::size_t rows = rows_per_block(block.dim);
  store::for_each_embedding(
      store, model.embedding_model_id, after, [&](const store::Embedding& embedding) {
        require_stored_length(model, embedding);
        block.push_back(embedding.embedding_id, embedding.atom_id, embedding.vector);
        if (block.size() < rows) return;
        visit(block);
        block.clear();
      });
  if (block.size() > 0) visit(block);
}

}  // namespace hart::index
