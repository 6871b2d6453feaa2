#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "search/query.h"

namespace hart::search {

/// How the vectors were searched.
struct VectorStep {
  Strategy method = Strategy::exact;       ///< exact, cells, spatial or hilbert
  std::string index;                       ///< "rtree", "flat", …; empty: rows
  std::optional<std::int64_t> generation;  ///< of that index
  std::uint64_t compared = 0;              ///< vectors compared with the query's
  std::uint64_t candidates = 0;            ///< of these, proposed by the index and reranked
  std::uint64_t delta = 0;                 ///< of these, newer than the generation
  std::uint64_t cells = 0;                 ///< visited; cells only
  std::uint64_t scanned = 0;  ///< codes compared (cells), points gone through (maps)
  std::uint64_t pruned = 0;   ///< of the codes, left out by the bound of their estimate
  bool filter_first = false;  ///< few atoms were admitted: each of them was compared
  std::optional<double> expected_recall;  ///< for these settings; nothing: unknown
  std::optional<double> recall;           ///< measured for the index; nothing: never measured
  std::int64_t recall_k = 0;
  std::int64_t recall_candidates = 0;
};

struct TextStep {
  std::string expression;     ///< as FTS5 got it
  std::uint64_t matches = 0;  ///< passages taken, best first, after the filter
};

struct FilterStep {
  std::uint64_t admitted = 0;  ///< atoms that it let through
  double selectivity = 1;      ///< these over what is searched, at most 1; an estimate
  bool atoms_first = false;    ///< each of them was compared, none was looked for
};

struct FusionStep {
  Fusion method = Fusion::ranks;
  FusionWeights weights;
};

struct GraphStep {
  std::uint64_t seeds = 0;    ///< hits whose scores were spread
  std::uint64_t reached = 0;  ///< atoms with a score afterwards, seeds included
  std::size_t hops = 0;
};

struct RerankStep {
  std::string model;       ///< its file
  std::uint64_t hits = 0;  ///< that it ordered
};

struct Phase {
  std::string name;
  double seconds = 0;
};

/// What was done to answer a query, and why.
struct Explain {
  Strategy requested = Strategy::automatic;
  Strategy chosen = Strategy::exact;
  std::string reason;
  std::optional<VectorStep> vector;
  std::optional<TextStep> text;
  std::optional<FilterStep> filter;
  std::optional<FusionStep> fusion;
  std::optional<GraphStep> graph;
  std::optional<RerankStep> rerank;
  std::vector<std::string> fallbacks;  ///< what could not be used, and what was done instead
  std::vector<Phase> phases;
};

/// `{"type":"explain",…}` as documented in hart-jsonl(5).
[[nodiscard]] Json explain_json(const Explain& explain);

/// One line a step, for people and for the query log.
[[nodiscard]] std::vector<std::string> plan_lines(const Explain& explain);

}  // namespace hart::search
