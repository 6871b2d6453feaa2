#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/metric.h"
#include "search/filter.h"
#include "store/embedding.h"

namespace hart::search {

/// How a query is answered.
enum class Strategy {
  automatic,  ///< chosen from what the query and the store have
  exact,      ///< the query's vector against every stored one
  spatial,    ///< candidates from the R-tree over 3-D projections, reranked by their vectors
  text,       ///< BM25 over passages
  hybrid,     ///< vector and text, fused by reciprocal rank
};

/// "auto", "exact", "spatial", "text", "hybrid".
[[nodiscard]] std::string_view strategy_name(Strategy strategy) noexcept;
[[nodiscard]] std::optional<Strategy> find_strategy(std::string_view name) noexcept;

/// A question put to the store: a text, a vector, or both.
struct Query {
  std::string text;           ///< for `text` and `hybrid`; words, "phrases", prefix*
  std::vector<float> vector;  ///< for `exact`, `spatial`, `hybrid`; empty: none
  std::optional<store::EmbeddingModel> model;  ///< whose space the vector lies in
  std::size_t k = 10;
  Strategy strategy = Strategy::automatic;
  std::size_t candidates = 100;  ///< to rerank, and the depth of each list that is fused
  double recall = 0.95;  ///< `auto` takes an approximate index from this measured recall on
  index::Metric metric = index::Metric::cosine;
  Filter filter;
  std::int64_t left_out_atom = 0;  ///< never a hit: the atom that the query was made from
  unsigned threads = 1;
};

struct Hit {
  std::int64_t atom_id = 0;
  double score = 0;                ///< higher is better: similarity, BM25, or the fused score
  std::optional<double> distance;  ///< of the vectors, where they were compared
};

}  // namespace hart::search
