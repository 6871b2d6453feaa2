#include "bill/rating.h"

#include "core/decimal.h"

namespace hart::bill {

std::int64_t rated_total(std::int64_t base_rate_micros,
                         const std::array<std::int64_t, kMultiplierTypes>& multipliers_e4,
                         std::int64_t units_micros) {
  const std::array<DecimalFactor, 5> factors{{
      {base_rate_micros, kMicroPlaces},
      {multipliers_e4[0], kMultiplierPlaces},
      {multipliers_e4[1], kMultiplierPlaces},
      {multipliers_e4[2], kMultiplierPlaces},
      {units_micros, kMicroPlaces},
  }};
  return multiply_decimals(factors, kMicroPlaces, "usage");
}

Rating rate(const RatePlan* plan, const UsageRecord& record) {
  Rating rating;
  if (plan == nullptr) return rating;
  rating.billing_rate_plan_id = plan->billing_rate_plan_id;
  rating.currency = plan->currency;
  const OperationRate* operation = plan->find_rate(record);
  if (operation == nullptr) return rating;

  rating.rated = true;
  rating.base_rate_micros = operation->base_rate_micros;
  std::array<bool, kMultiplierTypes> taken{};
  for (const Multiplier& multiplier : plan->multipliers) {
    const auto type = static_cast<std::size_t>(multiplier.type);
    if (taken[type] || !multiplier.criteria.matches(record)) continue;
    taken[type] = true;
    rating.multipliers_e4[type] = multiplier.value_e4;
  }
  rating.total_micros =
      rated_total(rating.base_rate_micros, rating.multipliers_e4, record.units_micros);
  return rating;
}

}  // namespace hart::bill
