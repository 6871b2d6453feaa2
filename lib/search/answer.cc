#include "search/answer.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/clock.h"
#include "core/error.h"
#include "search/planner.h"
#include "search/rerank_features.h"
#include "search/stop_words.h"
#include "search/vector_search.h"
#include "store/text_index.h"

namespace hart::search {
namespace {

using index::Neighbor;
using store::TextMatch;

/// The least similarity there is under a metric; nothing for the dot product.
std::optional<double> least_similarity(index::Metric metric) {
  if (metric == index::Metric::cosine) return -1;
  if (metric == index::Metric::l2) return 0;
  return std::nullopt;
}

/// Answers one query; its members are what the steps share.
class Answer {
 public:
  Answer(store::Store& store, SearchCache& cache, const Query& query)
      : store_{store}, cache_{cache}, query_{query} {}

  Result run() {
    make_plan();
    apply_filter();
    std::vector<Hit> hits = find(plan_.strategy, depth());
    if (query_.rerank) rerank(hits);
    if (!query_.facets.empty()) {
      const Timer timer{*this, "facets"};
      result_.facets = count_facets(store_, query_.facets, hits);
    }
    if (hits.size() > query_.k) hits.resize(query_.k);
    result_.hits = std::move(hits);
    return std::move(result_);
  }

 private:
  void make_plan() {
    const Resources& resources = cache_.resources(query_.model);
    const auto against_cells = [&](index::Metric metric, std::size_t k, double recall) {
      return cache_.cells(*query_.model, *resources.cells).reason_against(metric, k, recall);
    };
    plan_ = search::make_plan(query_, resources, against_cells);
    Explain& explain = result_.explain;
    explain.requested = query_.strategy;
    explain.chosen = plan_.strategy;
    explain.reason = plan_.reason;
    explain.fallbacks = plan_.fallbacks;
  }

  /// How many hits the last step before the cut has to see.
  [[nodiscard]] std::size_t depth() const {
    const bool more = query_.rerank || !query_.facets.empty();
    return more ? std::max(query_.k, query_.candidates) : query_.k;
  }

  void apply_filter() {
    const Resources& resources = cache_.resources(query_.model);
    if (query_.filter.empty() && !resources.past) return;
    const Timer timer{*this, "filter"};
    admitted_ = &cache_.admitted(query_);
    if (query_.filter.empty()) return;
    const std::int64_t searched = has_vector(query_)
                                      ? resources.vectors
                                      : store::count_indexed_passages(store_).value_or(0);
    FilterStep step;
    step.admitted = admitted_->size();
    if (searched > 0)
      step.selectivity =
          std::min(1.0, static_cast<double>(admitted_->size()) / static_cast<double>(searched));
    result_.explain.filter = step;
  }

  std::vector<Hit> find(Strategy strategy, std::size_t k) {
    switch (strategy) {
      case Strategy::text:
        return text_hits(k);
      case Strategy::hybrid:
        return hybrid_hits(k);
      case Strategy::graph:
        return graph_hits(k);
      default:
        return vector_hits(k);
    }
  }

  std::vector<Hit> vector_hits(std::size_t k) {
    std::vector<Hit> hits;
    for (const Neighbor& neighbor : nearest(k))
      hits.push_back({neighbor.atom_id, index::similarity(query_.metric, neighbor.distance),
                      neighbor.distance});
    return hits;
  }

  std::vector<Hit> text_hits(std::size_t k) {
    find_words(k);
    return hits_of(words_);
  }

  std::vector<Hit> hybrid_hits(std::size_t k) {
    const std::size_t lists_depth = std::max(k, query_.candidates);
    std::array<ScoredList, 2> lists;
    for (const Hit& hit : vector_hits(lists_depth))
      lists[0].atoms.push_back({hit.atom_id, hit.score});
    lists[0].weight = query_.weights.vector;
    lists[0].least = least_similarity(query_.metric);
    find_words(lists_depth);
    const Timer timer{*this, "fusion"};
    lists[1] = {words_, query_.weights.text, 0};
    auto fused = query_.fusion == Fusion::ranks ? fuse_ranks(lists) : fuse_scores(lists);
    result_.explain.fusion = FusionStep{query_.fusion, query_.weights};
    if (fused.size() > k) fused.resize(k);
    return hits_of(fused);
  }

  /// Begins with what the query finds by itself and goes on along the edges.
  std::vector<Hit> graph_hits(std::size_t k) {
    const bool words = has_text(query_) && cache_.resources(query_.model).passages;
    const Strategy first = !has_vector(query_) ? Strategy::text
                           : words             ? Strategy::hybrid
                                               : Strategy::exact;
    std::vector<SeedAtom> seeds;
    for (const Hit& hit : find(first, std::max(k, query_.candidates)))
      seeds.push_back({hit.atom_id, hit.score});
    const Timer timer{*this, "graph"};
    WalkOptions options;
    options.hops = query_.graph.hops;
    options.types = query_.graph.types;
    options.direction = Direction::both;
    const std::vector<SeedAtom> spread = search::spread(store_, seeds, options);
    result_.explain.graph = GraphStep{seeds.size(), spread.size(), options.hops};
    std::vector<FusedAtom> taken;
    for (const SeedAtom& atom : spread) {
      if (taken.size() == k) break;
      if (atom.atom_id == query_.left_out_atom) continue;
      if (admitted_ != nullptr && !admitted_->contains(atom.atom_id)) continue;
      taken.push_back({atom.atom_id, atom.score});
    }
    return hits_of(taken);
  }

  [[nodiscard]] std::vector<Hit> hits_of(const std::vector<FusedAtom>& atoms) const {
    std::vector<Hit> hits;
    hits.reserve(atoms.size());
    for (const FusedAtom& atom : atoms) {
      const auto distance = distances_.find(atom.atom_id);
      hits.push_back(
          {atom.atom_id, atom.score,
           distance == distances_.end() ? std::nullopt : std::optional{distance->second}});
    }
    return hits;
  }

  std::vector<Neighbor> nearest(std::size_t k) {
    const Timer timer{*this, "vectors"};
    VectorAnswer answer = nearest_vectors(store_, cache_, query_, plan_.index, admitted_, k);
    Explain& explain = result_.explain;
    explain.fallbacks.insert(explain.fallbacks.end(), answer.fallbacks.begin(),
                             answer.fallbacks.end());
    const bool composed =
        explain.chosen == Strategy::hybrid || explain.chosen == Strategy::graph;
    if (answer.index_failed && !composed) explain.chosen = Strategy::exact;
    if (explain.filter) explain.filter->atoms_first = answer.step.filter_first;
    explain.vector = answer.step;
    for (const Neighbor& neighbor : answer.neighbors)
      distances_.emplace(neighbor.atom_id, neighbor.distance);
    return std::move(answer.neighbors);
  }

  /// The passages that match the query's words best, into `words_`.
  void find_words(std::size_t limit) {
    const Timer timer{*this, "text"};
    TextStep step;
    step.expression = store::text_expression(
        query_.stop_words == StopWords::drop ? without_stop_words(query_.text) : query_.text);
    auto held = store_.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ?1 LIMIT 1");
    words_.clear();
    store::for_each_text_match(store_, step.expression, [&](const TextMatch& match) {
      if (match.atom_id == query_.left_out_atom) return true;
      if (admitted_ != nullptr && !admitted_->contains(match.atom_id)) return true;
      if (!held.with(match.atom_id).step()) return true;
      words_.push_back({match.atom_id, match.score});
      return words_.size() < limit;
    });
    step.matches = words_.size();
    result_.explain.text = step;
  }

  void rerank(std::vector<Hit>& hits) {
    const bool looks_at_words = query_.rerank->uses(RerankFeature::bm25);
    if (looks_at_words && !result_.explain.text && has_text(query_)) find_words(depth());
    const Timer timer{*this, "rerank"};
    rerank_hits(store_, query_, words_, hits);
    result_.explain.rerank = RerankStep{query_.rerank->path(), hits.size()};
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
  SearchCache& cache_;
  const Query& query_;
  Plan plan_;
  const index::AtomSet* admitted_ = nullptr;            ///< null: all
  std::vector<FusedAtom> words_;                        ///< what the words found, best first
  std::unordered_map<std::int64_t, double> distances_;  ///< of the vectors that were near
  Result result_;
};

}  // namespace

Result answer_query(store::Store& store, SearchCache& cache, const Query& query) {
  if (query.k == 0) throw Error{Fault::usage, "k must be at least 1"};
  check_weights(query.weights);
  return Answer{store, cache, query}.run();
}

}  // namespace hart::search
