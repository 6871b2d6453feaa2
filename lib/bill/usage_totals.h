#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

/// What usage is added up by, beside operation and unit.
struct UsageQuery {
  std::optional<TimeUs> since;  ///< used at or after
  std::optional<TimeUs> until;  ///< used before
  bool by_model = false;        ///< the attribute `model`
  bool by_day = false;          ///< the UTC day of the use
};

struct UsageTotal {
  std::string day;    ///< "2026-11-21", empty unless asked for
  std::string model;  ///< empty unless asked for, and where the usage names none
  std::string operation;
  std::string unit;
  std::string currency;
  std::int64_t events = 0;
  std::int64_t unrated_events = 0;  ///< no plan had a rate for them
  bool by_period = false;           ///< some of it is charged by the period, not in `amount`
  std::int64_t units_micros = 0;
  std::int64_t amount_micros = 0;
};

/// Totals of the acting tenant's usage, ordered by day, operation, unit and model: from the
/// totals of each hour, and from the entries of hours that the query cuts. Throws Error(data)
/// when a sum does not fit.
[[nodiscard]] std::vector<UsageTotal> usage_totals(store::Store& store,
                                                   const UsageQuery& query);

}  // namespace hart::bill
