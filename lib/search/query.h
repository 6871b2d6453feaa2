#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/metric.h"
#include "search/filter.h"
#include "search/fusion.h"
#include "search/rerank.h"
#include "store/embedding.h"

namespace hart::search {

/// How a query is answered.
enum class Strategy {
  automatic,  ///< chosen from what the query and the store have
  exact,      ///< the query's vector against every stored one
  cells,      ///< cells of the full space, one-bit codes, exact rerank, to a requested recall
  spatial,    ///< candidates from the R-tree over 3-D projections, reranked by their vectors
  hilbert,    ///< candidates from shifted Hilbert curves, reranked by their vectors
  graph,      ///< the best hits of the other strategies, spread along the edges between atoms
  text,       ///< BM25 over passages
  hybrid,     ///< vector and text, fused
};

/// "auto", "exact", "cells", "spatial", "hilbert", "graph", "text", "hybrid".
[[nodiscard]] std::string_view strategy_name(Strategy strategy) noexcept;
[[nodiscard]] std::optional<Strategy> find_strategy(std::string_view name) noexcept;

/// Whether words that stand in every question count (see stop_words.h).
enum class StopWords { drop, keep };

/// Along which edges, and how far, `graph` spreads the scores of what it begins with.
struct GraphSpread {
  std::size_t hops = 2;            ///< 1 … 64
  std::vector<std::string> types;  ///< only along edges of these types; empty: of all
};

/// A question put to the store: a text, a vector, or both.
struct Query {
  std::string text;           ///< for `text` and `hybrid`; words, "phrases", prefix*
  std::vector<float> vector;  ///< for what compares vectors; empty: none
  std::optional<store::EmbeddingModel> model;  ///< whose space the vector and the filter lie in
  std::size_t k = 10;
  Strategy strategy = Strategy::automatic;
  std::size_t candidates = 100;  ///< to rerank, and the depth of each list that is fused
  double recall = 0.95;          ///< asked of an approximate index
  index::Metric metric = index::Metric::cosine;
  Filter filter;
  std::int64_t left_out_atom = 0;  ///< never a hit: the atom that the query was made from
  StopWords stop_words = StopWords::drop;
  Fusion fusion = Fusion::ranks;
  FusionWeights weights;
  GraphSpread graph;
  /// Orders the best `candidates` hits anew; null: nothing does. Shared, since all queries of a
  /// stream use one.
  std::shared_ptr<const RerankModel> rerank;
  std::vector<std::string> facets;  ///< fields to count, see facets.h
  unsigned threads = 1;
};

struct Hit {
  std::int64_t atom_id = 0;
  double score = 0;  ///< higher is better: similarity, BM25, the fused or the predicted score
  std::optional<double> distance;  ///< of the vectors, where they were compared
};

}  // namespace hart::search
