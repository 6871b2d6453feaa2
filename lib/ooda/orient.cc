#include <algorithm>

#include "ooda/hypothesis.h"

namespace hart::ooda {
namespace {

using index::IndexKind;

/// What an action is believed to gain until one has been measured: a flat scan of 4000 vectors
/// of 32 dimensions took a third of the time of the same scan by rows, and new statistics
/// seldom change a plan.
constexpr double kFlatGain = 0.6;
constexpr double kStatisticsGain = 0.02;

/// An index is of no use when so many queries in a row did without it.
constexpr std::size_t kQueriesToJudge = 20;

/// What things cost, in bytes or rows a second: the slow end of what was measured for this
/// store's parts (an append with its sync 430 MB/s, a point into an R-tree 56 000/s).
constexpr double kWriteBytesPerS = 430e6;
constexpr double kRtreePointsPerS = 56e3;
constexpr double kAnalyzeRowsPerS = 5e6;
/// Reading an index for a backup: what dropping it saves.
constexpr double kReadBytesPerS = 1e9;

double total_s(const Observation& observation) {
  double total_us = 0;
  for (const QueryClass& query_class : observation.classes) total_us += query_class.total_us;
  return total_us * 1e-6;
}

double vector_bytes(const VectorSet& set) {
  return static_cast<double>(set.vectors) * static_cast<double>(set.model.dims) * sizeof(float);
}

double build_s(const VectorSet& set, IndexKind kind) {
  if (kind == IndexKind::rtree) return static_cast<double>(set.vectors) / kRtreePointsPerS;
  return vector_bytes(set) / kWriteBytesPerS;
}

Action index_action(ActionKind kind, const VectorSet& set, IndexKind index) {
  return {kind, index, set.model.content, set.model.name};
}

std::string milliseconds(double us) {
  return std::to_string(static_cast<long long>(us / 1000 + 0.5)) + " ms";
}

void consider_statistics(const Observation& observation, std::vector<Hypothesis>& found) {
  const PlannerStatistics& statistics = observation.statistics;
  if (statistics.present && statistics.stale.empty()) return;
  Hypothesis hypothesis;
  hypothesis.type = HypothesisType::statistics_update;
  hypothesis.action.kind = ActionKind::analyze;
  hypothesis.reason = statistics.present
                          ? "the planner's statistics are stale for " +
                                std::to_string(statistics.stale.size()) +
                                " tables, first of all " + statistics.stale.front()
                          : "the planner has no statistics";
  hypothesis.risk = "low";
  hypothesis.must_gain = false;
  hypothesis.affected_s = total_s(observation);
  hypothesis.predicted_gain = kStatisticsGain;
  hypothesis.cost_s = static_cast<double>(statistics.rows) / kAnalyzeRowsPerS;
  found.push_back(std::move(hypothesis));
}

void consider_flat_index(const VectorSet& set, std::vector<Hypothesis>& found) {
  if (set.row_scans == 0 || set.vectors == 0 || set.find(IndexKind::flat) != nullptr) return;
  Hypothesis hypothesis;
  hypothesis.type = HypothesisType::index_optimization;
  hypothesis.action = index_action(ActionKind::build_index, set, IndexKind::flat);
  hypothesis.reason = std::to_string(set.row_scans) + " queries compared all " +
                      std::to_string(set.vectors) + " vectors row by row, " +
                      milliseconds(set.row_scan_us) + " in all, and there is no flat index";
  hypothesis.risk = "low";
  hypothesis.affected_s = set.row_scan_us * 1e-6;
  hypothesis.predicted_gain = kFlatGain;
  hypothesis.cost_s = build_s(set, IndexKind::flat);
  found.push_back(std::move(hypothesis));
}

void consider_unused_index(const VectorSet& set, const IndexUse& use,
                           std::vector<Hypothesis>& found) {
  if (use.used_by > 0 || use.queries_since < kQueriesToJudge) return;
  Hypothesis hypothesis;
  hypothesis.type = HypothesisType::index_optimization;
  hypothesis.action = index_action(ActionKind::drop_index, set, use.info.kind);
  hypothesis.reason = "none of " + std::to_string(use.queries_since) +
                      " queries since it was built has used the index";
  hypothesis.risk = "medium";
  hypothesis.must_gain = false;
  hypothesis.affected_s = vector_bytes(set) / kReadBytesPerS;
  hypothesis.predicted_gain = 1;
  // The trial builds it again, to see that it can.
  hypothesis.cost_s = build_s(set, use.info.kind);
  found.push_back(std::move(hypothesis));
}

}  // namespace

std::vector<Hypothesis> orient(const Observation& observation) {
  std::vector<Hypothesis> found;
  if (observation.window.empty()) return found;
  for (const VectorSet& set : observation.vectors) {
    consider_flat_index(set, found);
    for (const IndexUse& use : set.indexes) consider_unused_index(set, use, found);
  }
  consider_statistics(observation, found);
  // Every trial is made on a copy of the catalog.
  for (Hypothesis& hypothesis : found)
    hypothesis.cost_s += static_cast<double>(observation.catalog_bytes) / kWriteBytesPerS;
  return found;
}

}  // namespace hart::ooda
