#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index/generation.h"
#include "store/embedding.h"
#include "store/query_log.h"
#include "store/store.h"

namespace hart::ooda {

/// Logged queries that differ in their values alone and were answered in the same way.
struct QueryClass {
  std::string statement;
  std::string strategy;
  std::size_t queries = 0;
  double median_us = 0;
  double p95_us = 0;
  double total_us = 0;
  double median_rows = 0;
  std::string plan;  ///< of the newest
};

/// An index and what the log says about it.
struct IndexUse {
  index::IndexInfo info;
  std::int64_t delta = 0;         ///< vectors it does not hold
  std::size_t queries_since = 0;  ///< over its vectors, since it was built
  std::size_t used_by = 0;        ///< of these, answered with it
};

/// The vectors of one embedding model.
struct VectorSet {
  store::EmbeddingModel model;
  std::int64_t vectors = 0;
  std::vector<IndexUse> indexes;
  std::size_t row_scans = 0;  ///< logged queries that compared all vectors row by row
  double row_scan_us = 0;     ///< their latency, in total
  [[nodiscard]] const IndexUse* find(index::IndexKind kind) const noexcept;
};

/// What the planner of SQLite knows of the catalog.
struct PlannerStatistics {
  bool present = false;
  std::vector<std::string> stale;  ///< tables it does not know, or knows at another size
  std::int64_t rows = 0;           ///< of all tables that are looked at
};

/// What a cycle starts from.
struct Observation {
  std::vector<store::LoggedQuery> window;  ///< the queries looked at, oldest first
  std::vector<std::size_t> class_of;       ///< (window) index into `classes`
  std::size_t new_queries = 0;             ///< of the window, not seen by an earlier cycle
  std::int64_t newest_query_id = 0;
  std::vector<QueryClass> classes;  ///< most total time first
  std::vector<VectorSet> vectors;
  PlannerStatistics statistics;
  std::uint64_t catalog_bytes = 0;
};

/// How many of the newest logged queries a cycle looks at.
inline constexpr std::size_t kObservedQueries = 1000;

/// Reads the query log and the store's figures, as the acting tenant. Writes nothing.
[[nodiscard]] Observation observe(store::Store& store);

}  // namespace hart::ooda
