#include "ooda/observation.h"

#include <algorithm>
#include <map>

#include "learn/bootstrap.h"
#include "ooda/loop_state.h"
#include "ooda/statistics.h"

namespace hart::ooda {
namespace {

using index::IndexKind;
using store::LoggedQuery;

/// The newest of the tenant's logged queries. What lies further back than the last cycle and
/// one window need not be read, unless the log was lost and began again.
std::vector<LoggedQuery> newest_queries(store::Store& store, std::int64_t last_query_id) {
  constexpr auto kWindow = static_cast<std::int64_t>(kObservedQueries);
  std::int64_t after = std::max<std::int64_t>(last_query_id - kWindow, 0);
  std::vector<LoggedQuery> window;
  for (;;) {
    auto page = store::logged_queries(store, after, kWindow);
    if (page.empty() && window.empty() && after > 0) {
      after = 0;
      continue;
    }
    if (page.empty()) break;
    after = page.back().query_id;
    std::move(page.begin(), page.end(), std::back_inserter(window));
    if (window.size() > kObservedQueries)
      window.erase(window.begin(), window.end() - static_cast<std::ptrdiff_t>(kWindow));
  }
  return window;
}

/// Whether the plan that search logged says "... over <what> ...".
bool plan_reads(const std::string& plan, std::string_view what) {
  return plan.find(" over " + std::string{what}) != std::string::npos;
}

void group_queries(Observation& observation) {
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < observation.window.size(); ++i) {
    const QueryRecord& record = observation.window[i].record;
    groups[{record.statement, record.strategy}].push_back(i);
  }
  std::vector<std::pair<QueryClass, std::vector<std::size_t>>> classes;
  for (const auto& [key, members] : groups) {
    std::vector<double> latencies;
    std::vector<double> rows;
    QueryClass query_class;
    query_class.statement = key.first;
    query_class.strategy = key.second;
    query_class.queries = members.size();
    for (const std::size_t i : members) {
      const QueryRecord& record = observation.window[i].record;
      latencies.push_back(static_cast<double>(record.latency_us));
      rows.push_back(static_cast<double>(record.rows));
      query_class.total_us += latencies.back();
    }
    query_class.median_us = learn::median(latencies);
    query_class.p95_us = learn::quantile(latencies, 0.95);
    query_class.median_rows = learn::median(rows);
    query_class.plan = observation.window[members.back()].record.plan;
    classes.emplace_back(std::move(query_class), members);
  }
  std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) {
    return a.first.total_us > b.first.total_us;
  });
  observation.class_of.resize(observation.window.size());
  for (const auto& [query_class, members] : classes) {
    for (const std::size_t i : members) observation.class_of[i] = observation.classes.size();
    observation.classes.push_back(query_class);
  }
}

VectorSet observe_vectors(store::Store& store, const store::EmbeddingModel& model,
                          const std::vector<LoggedQuery>& window) {
  VectorSet set;
  set.model = model;
  set.vectors = store::count_embeddings(store, model.embedding_model_id);
  for (const index::IndexInfo& info : index::list_indexes(store, model.embedding_model_id))
    set.indexes.push_back({info, std::max<std::int64_t>(set.vectors - info.items, 0)});
  const std::string content = model.content.text();
  for (const LoggedQuery& query : window) {
    const QueryRecord& record = query.record;
    if (record.parameters.value("embedding_model", "") != content) continue;
    if (plan_reads(record.plan, "rows:")) {
      ++set.row_scans;
      set.row_scan_us += static_cast<double>(record.latency_us);
    }
    for (IndexUse& use : set.indexes) {
      if (record.time < use.info.built) continue;
      ++use.queries_since;
      if (plan_reads(record.plan,
                     std::string{index::index_kind_name(use.info.kind)} + " generation "))
        ++use.used_by;
    }
  }
  return set;
}

}  // namespace

const IndexUse* VectorSet::find(IndexKind kind) const noexcept {
  for (const IndexUse& use : indexes)
    if (use.info.kind == kind) return &use;
  return nullptr;
}

Observation observe(store::Store& store) {
  const LoopState state = loop_state(store);
  Observation observation;
  observation.window = newest_queries(store, state.last_query_id);
  if (!observation.window.empty())
    observation.newest_query_id = observation.window.back().query_id;
  // A log that was lost counts from one again.
  const std::int64_t seen =
      observation.newest_query_id < state.last_query_id ? 0 : state.last_query_id;
  for (const LoggedQuery& query : observation.window)
    if (query.query_id > seen) ++observation.new_queries;
  group_queries(observation);
  for (const store::EmbeddingModel& model : store::embedding_models(store))
    observation.vectors.push_back(observe_vectors(store, model, observation.window));
  observation.statistics = observe_statistics(store);
  observation.catalog_bytes =
      static_cast<std::uint64_t>(store.db().query_integer("PRAGMA page_count")) *
      static_cast<std::uint64_t>(store.db().query_integer("PRAGMA page_size"));
  return observation;
}

}  // namespace hart::ooda
