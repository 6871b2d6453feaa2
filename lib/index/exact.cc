#include "index/exact.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "index/exact_scan.h"
#include "index/flat_index.h"

namespace hart::index {
namespace {

using Results = std::vector<std::vector<Neighbor>>;

// Fetching a vector by its atom takes as long as reading so many one after the other.
constexpr std::uint64_t kFetchCost = 20;

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

/// The distinct sets of allowed atoms, in the order in which the queries name them.
std::vector<const AtomSet*> allowed_sets(std::span<const VectorQuery> queries) {
  std::vector<const AtomSet*> sets;
  for (const VectorQuery& query : queries)
    if (std::find(sets.begin(), sets.end(), query.allowed) == sets.end())
      sets.push_back(query.allowed);
  return sets;
}

/// True when fetching what is allowed takes less time than reading everything.
bool allows_few(store::Store& store, const store::EmbeddingModel& model,
                const std::optional<IndexInfo>& flat, std::span<const VectorQuery> queries) {
  std::uint64_t fetches = 0;
  for (const AtomSet* set : allowed_sets(queries)) {
    if (set == nullptr) return false;
    fetches += set->size();
  }
  const std::int64_t stored =
      flat ? flat->items : store::count_embeddings(store, model.embedding_model_id);
  return fetches * kFetchCost <= static_cast<std::uint64_t>(stored);
}

void require_stored_bytes(const store::EmbeddingModel& model, std::int64_t embedding_id,
                          std::size_t bytes) {
  if (bytes != static_cast<std::size_t>(model.dims) * sizeof(float))
    throw Error{Fault::data, "the store is damaged: embedding " + std::to_string(embedding_id) +
                                 " has " + std::to_string(bytes) + " bytes"};
}

/// Visits the vectors of the atoms in `set` that have one, in blocks.
template <typename Visit>
void for_each_block_of(store::Store& store, const store::EmbeddingModel& model,
                       const AtomSet& set, Visit visit) {
  auto find = store.db().prepare(
      "SELECT atom_embedding_id, vector FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1 AND atom_id = ?2");
  VectorBlock block;
  block.dim = static_cast<std::size_t>(model.dims);
  std::vector<float> vector(block.dim);
  for (const std::int64_t atom_id : set.ids()) {
    if (!find.with(model.embedding_model_id, atom_id).step()) continue;
    const ByteView bytes = find.blob(1);
    require_stored_bytes(model, find.integer(0), bytes.size());
    std::memcpy(vector.data(), bytes.data(), bytes.size());
    block.push_back(find.integer(0), atom_id, vector);
    if (block.size() < rows_per_block(block.dim)) continue;
    visit(block);
    block.clear();
  }
  if (block.size() > 0) visit(block);
}

Results search_flat(store::Store& store, const store::EmbeddingModel& model,
                    const IndexInfo& flat, std::span<const VectorQuery> queries,
                    unsigned threads, ScanReport& report) {
  require_generation(store, flat);
  std::vector<VectorQuery> wider{queries.begin(), queries.end()};
  for (std::size_t spare = 16;; spare *= 8) {
    for (std::size_t q = 0; q < wider.size(); ++q) wider[q].k = queries[q].k + spare;
    ExactScan scan{wider, static_cast<std::size_t>(model.dims), threads};
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
  ExactScan scan{{&query, 1}, block.dim, threads};
  scan.visit(block);
  const auto results = scan.results();
  for (const Neighbor& neighbor : results.front()) nearest.offer(neighbor);
}

std::vector<std::vector<Neighbor>> exact_search(store::Store& store,
                                                const store::EmbeddingModel& model,
                                                std::span<const VectorQuery> queries,
                                                unsigned threads, ScanReport* report) {
  for (const VectorQuery& query : queries) require_vector(model, query.vector);
  ScanReport ignored;
  ScanReport& said = report == nullptr ? ignored : *report;
  const store::Snapshot snapshot{store.db()};
  const auto flat = find_index(store, model.embedding_model_id, IndexKind::flat);
  if (allows_few(store, model, flat, queries))
    return fetch_allowed(store, model, queries, threads, &said);
  if (flat) {
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
  ExactScan scan{queries, static_cast<std::size_t>(model.dims), threads};
  for_each_row_block(store, model, 0, [&](const VectorBlock& block) { scan.visit(block); });
  if (report != nullptr) {
    report->generation.reset();
    report->scanned = report->delta = scan.scanned();
  }
  return scan.results();
}

std::vector<std::vector<Neighbor>> fetch_allowed(store::Store& store,
                                                 const store::EmbeddingModel& model,
                                                 std::span<const VectorQuery> queries,
                                                 unsigned threads, ScanReport* report) {
  for (const VectorQuery& query : queries) require_vector(model, query.vector);
  Results results(queries.size());
  std::uint64_t scanned = 0;
  for (const AtomSet* set : allowed_sets(queries)) {
    std::vector<VectorQuery> sharing;
    for (const VectorQuery& query : queries)
      if (query.allowed == set) sharing.push_back(query);
    ExactScan scan{sharing, static_cast<std::size_t>(model.dims), threads};
    for_each_block_of(store, model, *set, [&](const VectorBlock& block) { scan.visit(block); });
    scanned += scan.scanned();
    Results found = scan.results();
    for (std::size_t q = 0, next = 0; q < queries.size(); ++q)
      if (queries[q].allowed == set) results[q] = std::move(found[next++]);
  }
  if (report != nullptr) {
    report->generation.reset();
    report->scanned = report->delta = scanned;
    report->filter_first = true;
  }
  return results;
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
        require_stored_bytes(model, embedding.embedding_id, embedding.vector.size_bytes());
        block.push_back(embedding.embedding_id, embedding.atom_id, embedding.vector);
        if (block.size() < rows) return;
        visit(block);
        block.clear();
      });
  if (block.size() > 0) visit(block);
}

}  // namespace hart::index
