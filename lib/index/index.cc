#include "index/index.h"

#include <algorithm>
#include <random>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "index/exact.h"
#include "index/flat_index.h"
#include "index/rtree_index.h"

namespace hart::index {
namespace {

struct SampledVector {
  std::int64_t atom_id;
  std::vector<float> vector;
};

/// `count` of the tenant's vectors, chosen by `seed`: all where there are no more.
std::vector<SampledVector> sample_vectors(store::Store& store,
                                          const store::EmbeddingModel& model, std::size_t count,
                                          std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<SampledVector> sample;
  std::uint64_t seen = 0;
  store::for_each_embedding(
      store, model.embedding_model_id, 0, [&](const store::Embedding& embedding) {
        const std::uint64_t slot = ++seen <= count ? sample.size() : random() % seen;
        if (slot >= count) return;
        if (slot == sample.size()) sample.emplace_back();
        sample[slot] = {embedding.atom_id, {embedding.vector.begin(), embedding.vector.end()}};
      });
  return sample;
}

/// Share of the `truth` that `found` reaches. The farthest true distance is the limit: what
/// ties with it is as good as what the truth happens to list.
double recall_of(const std::vector<Neighbor>& found, const std::vector<Neighbor>& truth) {
  if (truth.empty()) return 1;
  const double limit = truth.back().distance;
  const auto hits = std::count_if(found.begin(), found.end(), [&](const Neighbor& neighbor) {
    return neighbor.distance <= limit;
  });
  return static_cast<double>(std::min<std::size_t>(hits, truth.size())) /
         static_cast<double>(truth.size());
}

std::vector<Neighbor> search_index(store::Store& store, const store::EmbeddingModel& model,
                                   const IndexInfo& index, const VectorQuery& query,
                                   const CheckOptions& options) {
  if (index.kind == IndexKind::rtree)
    return spatial_search(store, model, index, query, options.candidates, options.threads);
  ScanReport report;
  auto found = exact_search(store, model, {&query, 1}, options.threads, &report);
  if (report.generation != index.generation)
    throw Error{Fault::data,
                report.fallback.empty() ? "the index was replaced meanwhile" : report.fallback};
  return std::move(found.front());
}

}  // namespace

IndexInfo build_index(store::Store& store, const store::EmbeddingModel& model, IndexKind kind,
                      const std::function<void(std::uint64_t)>& progress) {
  return kind == IndexKind::rtree ? build_rtree_index(store, model, progress)
                                  : build_flat_index(store, model, progress);
}

RecallReport measure_recall(store::Store& store, const store::EmbeddingModel& model,
                            const IndexInfo& index, const CheckOptions& options) {
  const store::Snapshot snapshot{store.db()};
  const auto sample = sample_vectors(store, model, options.samples, options.seed);
  if (sample.size() < 2)
    throw Error{Fault::no_input, "recall needs two vectors of " + model.name + " or more"};
  std::vector<VectorQuery> queries;
  for (const SampledVector& sampled : sample)
    queries.push_back({sampled.vector, options.k, Metric::cosine, nullptr, sampled.atom_id});

  RecallReport report;
  const auto n = static_cast<double>(sample.size());
  double started = steady_seconds();
  const auto truth = scan_rows(store, model, queries, options.threads);
  report.exact_s = (steady_seconds() - started) / n;

  started = steady_seconds();
  for (std::size_t q = 0; q < queries.size(); ++q)
    report.recall +=
        recall_of(search_index(store, model, index, queries[q], options), truth[q]);
  report.indexed_s = (steady_seconds() - started) / n;
  report.recall /= n;
  report.queries = sample.size();
  report.k = options.k;
  report.candidates = options.candidates;
  return report;
}

RecallReport check_index(store::Store& store, const store::EmbeddingModel& model,
                         IndexKind kind, const CheckOptions& options) {
  const auto index = find_index(store, model.embedding_model_id, kind);
  if (!index)
    throw Error{Fault::no_input, "there is no " + std::string{index_kind_name(kind)} +
                                     " index over " + model.name};
  const RecallReport report = measure_recall(store, model, *index, options);
  store_recall(store, *index, report.recall, static_cast<std::int64_t>(report.k),
               static_cast<std::int64_t>(report.candidates));
  return report;
}

}  // namespace hart::index
