#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "store/store.h"

namespace hart::prov {

enum class Period : std::uint8_t { hour, day, week, month, year };
/// What the receipts of a period are told apart by.
enum class Aspect : std::uint8_t { none, operation, model, reasoning, finish_reason };

struct StatisticsOptions {
  Period period = Period::day;
  Aspect aspect = Aspect::none;
  std::optional<TimeUs> since;  ///< began at or after
  std::optional<TimeUs> until;  ///< began before
};

/// The receipts of one period, UTC, that are alike in one aspect. Means are over those receipts
/// that have the measure; nothing when none has.
struct Statistics {
  std::string period;  ///< "2026-11-22", "2026-11-22T14", "2026-W47", "2026-11", "2026"
  std::string aspect;  ///< the operation, the model's id, …; empty for Aspect::none
  std::uint64_t inferences = 0;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  double mean_seconds = 0;
  double mean_evidence = 0;  ///< pieces of evidence, each atom once
  std::optional<double> mean_confidence, mean_grounding, mean_support, mean_trust;
};

/// How receipts changed over time, in ascending order of period and aspect: of the acting
/// tenant's receipts that are in the graph (derive_graph).
void for_each_statistic(store::Store& store, const StatisticsOptions& options,
                        const std::function<void(const Statistics&)>& visit);

}  // namespace hart::prov
