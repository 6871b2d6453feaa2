#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bill/plan.h"
#include "core/events.h"

namespace hart::bill {

/// The price of one usage record, with every factor that made it.
struct Rating {
  std::int64_t billing_rate_plan_id = 0;  ///< 0: no plan was in force
  std::string currency = kNoCurrency;
  bool rated = false;  ///< whether the plan has a rate for the operation and unit
  std::int64_t base_rate_micros = 0;
  std::array<std::int64_t, kMultiplierTypes> multipliers_e4{10'000, 10'000, 10'000};
  std::int64_t total_micros = 0;

  bool operator==(const Rating&) const = default;
};

/// BaseRate × Complexity × ContentType × Grounding × Units: exact, then rounded once, half to
/// even, to six places. The base rate is that of the record's operation and unit; of each type
/// of multiplier the first in the plan's order whose criteria hold applies, 1 when none does.
/// Without a plan (`plan` null) or a rate the total is 0 and `rated` false. Throws Error(data)
/// when the total does not fit.
[[nodiscard]] Rating rate(const RatePlan* plan, const UsageRecord& record);

/// The formula alone, for factors that are already known.
[[nodiscard]] std::int64_t rated_total(
    std::int64_t base_rate_micros,
    const std::array<std::int64_t, kMultiplierTypes>& multipliers_e4,
    std::int64_t units_micros);

}  // namespace hart::bill
