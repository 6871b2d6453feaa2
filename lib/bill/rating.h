#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bill/plan.h"
#include "bill/usage_event.h"

namespace hart::bill {

/// Every factor of a price but the units: what a plan says about an event. There are few
/// different ones, however many events.
struct Price {
  std::int64_t billing_rate_plan_id = 0;  ///< 0: no plan was in force
  std::string currency = kNoCurrency;
  std::string operation;
  std::string unit;
  bool rated = false;      ///< whether the plan has a rate for the operation and unit
  bool by_period = false;  ///< the event itself costs nothing: the period's quantity is charged
  std::int64_t base_rate_micros = 0;
  std::array<std::int64_t, kMultiplierTypes> multipliers_e4{10'000, 10'000, 10'000};

  bool operator==(const Price&) const = default;
};

/// The price of one unit of what the event names: the base rate is that of its operation and
/// unit; of each type of multiplier the first in the plan's order whose criteria hold applies,
/// 1 when none does. Without a plan (`plan` null) or a rate, `rated` is false and the rate 0.
void price_of(const RatePlan* plan, const UsageEvent& event, Price& price);

/// BaseRate × Complexity × ContentType × Grounding × Units: exact, then rounded once, half to
/// even, to six places. Throws Error(data) when it does not fit.
[[nodiscard]] std::int64_t rated_total(
    std::int64_t base_rate_micros,
    const std::array<std::int64_t, kMultiplierTypes>& multipliers_e4,
    std::int64_t units_micros);

/// The same for a price; 0 when it is not rated, or by the period.
[[nodiscard]] std::int64_t rated_total(const Price& price, std::int64_t units_micros);

/// How the total came about, as people write it: "0.000002 × 1.5 × 1 × 2 × 1000 = 0.006".
[[nodiscard]] std::string arithmetic(const Price& price, std::int64_t units_micros);

}  // namespace hart::bill
