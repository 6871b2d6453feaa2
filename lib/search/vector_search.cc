#include "search/vector_search.h"

#include <algorithm>

#include "core/error.h"
#include "index/cell_index.h"
#include "index/hilbert_index.h"
#include "index/rtree_index.h"

namespace hart::search {
namespace {

using index::IndexInfo;
using index::IndexKind;
using index::VectorQuery;

constexpr std::int64_t kLookupCost = 8;  ///< of one vector by its atom, in rows of a scan

/// Finds one query's neighbours in the ways there are.
class VectorSearch {
 public:
  VectorSearch(store::Store& store, SearchCache& cache, const Query& query,
               const VectorQuery& vector, VectorAnswer& answer)
      : store_{store}, cache_{cache}, query_{query}, vector_{vector}, answer_{answer} {}

  void run(const std::optional<IndexInfo>& index) {
    // The cells decide themselves: they know what a probe costs.
    if (!(index && index->kind == IndexKind::cells) && filter_decides(index.has_value())) {
      compare_admitted();
      return;
    }
    if (index && through_index(*index)) return;
    if (answer_.index_failed && filter_decides(false))
      compare_admitted();
    else
      compare_all();
  }

 private:
  bool filter_decides(bool through_index) {
    return vector_.allowed != nullptr &&
           filter_comes_first(vector_.allowed->size(), cache_.resources(query_.model).vectors,
                              std::max(query_.candidates, vector_.k), through_index);
  }

  /// False when the index cannot be used.
  bool through_index(const IndexInfo& index) {
    try {
      if (index.kind == IndexKind::cells)
        search_cells(index);
      else
        search_map(index);
      return true;
    } catch (const Error& error) {
      answer_.index_failed = true;
      const std::string name = index.kind == IndexKind::cells     ? "cell"
                               : index.kind == IndexKind::hilbert ? "Hilbert"
                                                                  : "spatial";
      answer_.fallbacks.push_back("the " + name + " index cannot be used (" + error.what() +
                                  "): compared all vectors instead");
      return false;
    }
  }

  void search_cells(const IndexInfo& index) {
    index::CellReport report;
    index::CellIndex& cells = cache_.cells(*query_.model, index);
    answer_.neighbors = cells.search(vector_, query_.recall, &report);
    VectorStep& step = answer_.step;
    step = step_of(Strategy::cells, index);
    step.cells = report.cells;
    step.scanned = report.scanned;
    step.pruned = report.pruned;
    step.candidates = report.reranked;
    step.delta = report.delta;
    step.compared = report.reranked + report.delta;
    step.filter_first = report.filter_first;
    step.expected_recall = report.expected_recall;
  }

  void search_map(const IndexInfo& index) {
    index::SpatialReport report;
    const std::size_t candidates = std::max(query_.candidates, vector_.k);
    const bool curve = index.kind == IndexKind::hilbert;
    answer_.neighbors = curve ? index::hilbert_search(store_, *query_.model, index, vector_,
                                                      candidates, query_.threads, &report)
                              : index::spatial_search(store_, *query_.model, index, vector_,
                                                      candidates, query_.threads, &report);
    VectorStep& step = answer_.step;
    step = step_of(curve ? Strategy::hilbert : Strategy::spatial, index);
    step.scanned = report.popped;
    step.candidates = report.candidates;
    step.delta = report.delta;
    step.compared = report.candidates + report.delta;
    // A figure for other settings is no promise for these.
    if (index.recall && vector_.allowed == nullptr && query_.metric == index::Metric::cosine &&
        static_cast<std::int64_t>(vector_.k) <= index.recall_k &&
        static_cast<std::int64_t>(candidates) >= index.recall_candidates)
      step.expected_recall = index.recall;
  }

  static VectorStep step_of(Strategy method, const IndexInfo& index) {
    VectorStep step;
    step.method = method;
    step.index = index_kind_name(index.kind);
    step.generation = index.generation;
    step.recall = index.recall;
    step.recall_k = index.recall_k;
    step.recall_candidates = index.recall_candidates;
    return step;
  }

  void compare_all() {
    index::ScanReport report;
    auto found =
        index::exact_search(store_, *query_.model, {&vector_, 1}, query_.threads, &report);
    if (!report.fallback.empty())
      answer_.fallbacks.push_back("the flat index cannot be used (" + report.fallback +
                                  "): read rows instead");
    VectorStep& step = answer_.step;
    step = {};
    step.compared = report.scanned;
    step.generation = report.generation;
    step.expected_recall = 1;
    if (report.generation) {
      step.index = index_kind_name(IndexKind::flat);
      step.delta = report.delta;
    }
    answer_.neighbors = std::move(found.front());
  }

  /// Looks up the vector of each admitted atom.
  void compare_admitted() {
    index::ScanReport report;
    auto found =
        index::fetch_allowed(store_, *query_.model, {&vector_, 1}, query_.threads, &report);
    VectorStep step;
    step.compared = report.scanned;
    step.filter_first = true;
    step.expected_recall = 1;
    answer_.step = step;
    answer_.neighbors = std::move(found.front());
  }

  store::Store& store_;
  SearchCache& cache_;
  const Query& query_;
  const VectorQuery& vector_;
  VectorAnswer& answer_;
};

}  // namespace

bool filter_comes_first(std::size_t admitted, std::int64_t vectors, std::size_t candidates,
                        bool through_index) noexcept {
  const auto atoms = static_cast<double>(admitted);
  const auto all = static_cast<double>(vectors);
  if (through_index) return atoms * atoms <= static_cast<double>(candidates) * all;
  return atoms * static_cast<double>(kLookupCost) <= all;
}

VectorAnswer nearest_vectors(store::Store& store, SearchCache& cache, const Query& query,
                             const std::optional<IndexInfo>& index,
                             const index::AtomSet* admitted, std::size_t k) {
  VectorAnswer answer;
  const VectorQuery vector{query.vector, k, query.metric, admitted, query.left_out_atom};
  VectorSearch{store, cache, query, vector, answer}.run(index);
  return answer;
}

}  // namespace hart::search
