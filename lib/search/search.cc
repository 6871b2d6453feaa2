#include "search/search.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/clock.h"
#include "core/error.h"
#include "index/exact.h"
#include "index/rtree_index.h"
#include "search/fusion.h"
#include "search/planner.h"
#include "store/text_index.h"

namespace hart::search {
namespace {

using index::IndexInfo;
using index::Neighbor;
using index::VectorQuery;
using store::TextMatch;

/// Answers one query; its members are what the steps share.
class Answer {
 public:
  Answer(store::Store& store, const Query& query) : store_{store}, query_{query} {}

  Result run() {
    const store::Snapshot snapshot{store_.db()};
    const Plan plan = make_plan(store_, query_);
    result_.explain.requested = query_.strategy;
    result_.explain.chosen = plan.strategy;
    result_.explain.reason = plan.reason;
    result_.explain.fallbacks = plan.fallbacks;
    apply_filter();
    switch (plan.strategy) {
      case Strategy::text:
        text_hits();
        break;
      case Strategy::hybrid:
        hybrid_hits(plan);
        break;
      default:
        vector_hits(plan);
    }
    return std::move(result_);
  }

 private:
  void apply_filter() {
    if (query_.filter.empty()) return;
    const Timer timer{*this, "filter"};
    admitted_ = admitted_atoms(store_, query_.filter);
    result_.explain.admitted = admitted_->size();
  }

  void vector_hits(const Plan& plan) {
    for (const Neighbor& neighbor : nearest(plan, query_.k))
      result_.hits.push_back({neighbor.atom_id,
                              index::similarity(query_.metric, neighbor.distance),
                              neighbor.distance});
  }

  void text_hits() {
    for (const TextMatch& match : matches(query_.k))
      result_.hits.push_back({match.atom_id, match.score, std::nullopt});
  }

  void hybrid_hits(const Plan& plan) {
    const std::size_t depth = std::max(query_.k, query_.candidates);
    const std::vector<Neighbor> near = nearest(plan, depth);
    const std::vector<TextMatch> matching = matches(depth);
    const Timer timer{*this, "fusion"};
    std::array<std::vector<std::int64_t>, 2> lists;
    std::unordered_map<std::int64_t, double> distances;
    for (const Neighbor& neighbor : near) {
      lists[0].push_back(neighbor.atom_id);
      distances.emplace(neighbor.atom_id, neighbor.distance);
    }
    for (const TextMatch& match : matching) lists[1].push_back(match.atom_id);
    for (const FusedAtom& fused : fuse_ranks(lists)) {
      if (result_.hits.size() == query_.k) break;
      const auto distance = distances.find(fused.atom_id);
      result_.hits.push_back(
          {fused.atom_id, fused.score,
           distance == distances.end() ? std::nullopt : std::optional{distance->second}});
    }
  }

  std::vector<Neighbor> nearest(const Plan& plan, std::size_t k) {
    const Timer timer{*this, "vectors"};
    const VectorQuery vector{query_.vector, k, query_.metric, admitted_ ? &*admitted_ : nullptr,
                             query_.left_out_atom};
    if (plan.rtree) {
      try {
        return nearest_spatial(*plan.rtree, vector);
      } catch (const Error& error) {
        result_.explain.fallbacks.push_back("the spatial index cannot be used (" +
                                            std::string{error.what()} +
                                            "): compared all vectors instead");
        if (result_.explain.chosen == Strategy::spatial)
          result_.explain.chosen = Strategy::exact;
      }
    }
    return nearest_exact(vector);
  }

  std::vector<Neighbor> nearest_spatial(const IndexInfo& rtree, const VectorQuery& vector) {
    index::SpatialReport report;
    auto found =
        index::spatial_search(store_, *query_.model, rtree, vector,
                              std::max(query_.candidates, vector.k), query_.threads, &report);
    VectorStep step;
    step.method = Strategy::spatial;
    step.index = index_kind_name(rtree.kind);
    step.generation = rtree.generation;
    step.compared = report.candidates + report.delta;
    step.candidates = report.candidates;
    step.delta = report.delta;
    step.recall = rtree.recall;
    step.recall_k = rtree.recall_k;
    step.recall_candidates = rtree.recall_candidates;
    result_.explain.vector = step;
    return found;
  }

  std::vector<Neighbor> nearest_exact(const VectorQuery& vector) {
    index::ScanReport report;
    auto found =
        index::exact_search(store_, *query_.model, {&vector, 1}, query_.threads, &report);
    if (!report.fallback.empty())
      result_.explain.fallbacks.push_back("the flat index cannot be used (" + report.fallback +
                                          "): read rows instead");
    VectorStep step;
    step.compared = report.scanned;
    step.generation = report.generation;
    if (report.generation) {
      step.index = index_kind_name(index::IndexKind::flat);
      step.delta = report.delta;
    }
    result_.explain.vector = step;
    return std::move(found.front());
  }

  std::vector<TextMatch> matches(std::size_t limit) {
    const Timer timer{*this, "text"};
    TextStep step;
    step.expression = store::text_expression(query_.text);
    std::vector<TextMatch> taken;
    auto held = store_.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ?1 LIMIT 1");
    store::for_each_text_match(store_, step.expression, [&](const TextMatch& match) {
      if (match.atom_id == query_.left_out_atom) return true;
      if (admitted_ && !admitted_->contains(match.atom_id)) return true;
      if (!held.with(match.atom_id).step()) return true;
      taken.push_back(match);
      return taken.size() < limit;
    });
    step.matches = taken.size();
    result_.explain.text = step;
    return taken;
  }

  /// Adds a phase to the explanation when it ends.
  class Timer {
   public:
    Timer(Answer& answer, const char* name)
        : answer_{answer}, name_{name}, started_{steady_seconds()} {}
    ~Timer() { answer_.result_.explain.phases.push_back({name_, steady_seconds() - started_}); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    Answer& answer_;
    const char* name_;
    double started_;
  };

  store::Store& store_;
  const Query& query_;
  std::optional<index::AtomSet> admitted_;
  Result result_;
};

}  // namespace

Result search(store::Store& store, const Query& query) {
  if (query.k == 0) throw Error{Fault::usage, "k must be at least 1"};
  return Answer{store, query}.run();
}

}  // namespace hart::search
