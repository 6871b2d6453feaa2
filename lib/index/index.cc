#include "index/index.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "index/cell_file.h"
#include "index/cell_index.h"
#include "index/exact.h"
#include "index/flat_index.h"
#include "index/hilbert_index.h"
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

/// Answers the sample's queries through one index, which is opened once.
class IndexUnderTest {
 public:
  IndexUnderTest(store::Store& store, const store::EmbeddingModel& model,
                 const IndexInfo& index, const CheckOptions& options)
      : store_{store}, model_{model}, index_{index}, options_{options} {
    if (index.kind == IndexKind::cells) cells_.emplace(store, model, index);
  }

  [[nodiscard]] Metric metric() const {
    return cells_ ? find_metric(index_.parameters.value("metric", "cosine")).value()
                  : Metric::cosine;
  }

  std::vector<Neighbor> search(const VectorQuery& query) {
    switch (index_.kind) {
      case IndexKind::rtree:
        return spatial_search(store_, model_, index_, query, options_.candidates,
                              options_.threads);
      case IndexKind::hilbert:
        return hilbert_search(store_, model_, index_, query, options_.candidates,
                              options_.threads);
      case IndexKind::cells:
        return cells_->search(query, options_.wanted);
      case IndexKind::flat:
        break;
    }
    ScanReport report;
    auto found = exact_search(store_, model_, {&query, 1}, options_.threads, &report);
    if (report.generation != index_.generation)
      throw Error{Fault::data, report.fallback.empty() ? "the index was replaced meanwhile"
                                                       : report.fallback};
    return std::move(found.front());
  }

 private:
  store::Store& store_;
  const store::EmbeddingModel& model_;
  const IndexInfo& index_;
  const CheckOptions& options_;
  std::optional<CellIndex> cells_;
};

/// Mean and the half width of its 95 % confidence interval, by the normal approximation.
void take_recalls(const std::vector<double>& recalls, RecallReport& report) {
  const auto n = static_cast<double>(recalls.size());
  double square = 0;
  report.recall = std::accumulate(recalls.begin(), recalls.end(), 0.0) / n;
  for (const double recall : recalls)
    square += (recall - report.recall) * (recall - report.recall);
  report.interval = 1.96 * std::sqrt(square / n / n);
}

}  // namespace

IndexInfo build_index(store::Store& store, const store::EmbeddingModel& model, IndexKind kind,
                      const std::function<void(std::uint64_t)>& progress) {
  switch (kind) {
    case IndexKind::rtree:
      return build_rtree_index(store, model, progress);
    case IndexKind::hilbert:
      return build_hilbert_index(store, model, progress);
    case IndexKind::cells:
      return build_cell_index(store, model, {}, progress);
    case IndexKind::flat:
      break;
  }
  return build_flat_index(store, model, progress);
}

RecallReport measure_recall(store::Store& store, const store::EmbeddingModel& model,
                            const IndexInfo& index, const CheckOptions& options) {
  const store::Snapshot snapshot{store.db()};
  const auto sample = sample_vectors(store, model, options.samples, options.seed);
  if (sample.size() < 2)
    throw Error{Fault::no_input, "recall needs two vectors of " + model.name + " or more"};
  IndexUnderTest under_test{store, model, index, options};
  std::vector<VectorQuery> queries;
  queries.reserve(sample.size());
  for (const SampledVector& sampled : sample)
    queries.push_back(
        {sampled.vector, options.k, under_test.metric(), nullptr, sampled.atom_id});

  RecallReport report;
  const auto n = static_cast<double>(sample.size());
  double started = steady_seconds();
  const auto truth = scan_rows(store, model, queries, options.threads);
  report.exact_s = (steady_seconds() - started) / n;

  started = steady_seconds();
  std::vector<double> recalls;
  recalls.reserve(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    recalls.push_back(recall_of(under_test.search(queries[q]), truth[q]));
  report.indexed_s = (steady_seconds() - started) / n;
  take_recalls(recalls, report);
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
  if (kind == IndexKind::cells)
    CellFile{generation_file(store, kind, index->generation)}.verify();
  const RecallReport report = measure_recall(store, model, *index, options);
  store_recall(store, *index, report.recall, report.interval,
               static_cast<std::int64_t>(report.k),
               static_cast<std::int64_t>(report.candidates));
  return report;
}

}  // namespace hart::index
