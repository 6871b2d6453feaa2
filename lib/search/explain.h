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
  Strategy method = Strategy::exact;       ///< exact or spatial
  std::string index;                       ///< "rtree", "flat"; empty: rows
  std::optional<std::int64_t> generation;  ///< of that index
  std::uint64_t compared = 0;              ///< vectors compared with the query's
  std::uint64_t candidates = 0;            ///< of these, proposed by the index; spatial only
  std::uint64_t delta = 0;                 ///< of these, newer than the generation
  std::optional<double> recall;            ///< measured for the index; nothing: never measured
  std::int64_t recall_k = 0;
  std::int64_t recall_candidates = 0;
};

struct TextStep {
  std::string expression;     ///< as FTS5 got it
  std::uint64_t matches = 0;  ///< passages taken, best first, after the filter
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
  std::optional<std::uint64_t> admitted;  ///< atoms that the filter let through
  std::vector<std::string> fallbacks;     ///< what could not be used, and what was done instead
  std::vector<Phase> phases;
};

/// `{"type":"explain",…}` as documented in hart-jsonl(5).
[[nodiscard]] Json explain_json(const Explain& explain);

/// One line a step, for people and for the query log.
[[nodiscard]] std::vector<std::string> plan_lines(const Explain& explain);

}  // namespace hart::search
