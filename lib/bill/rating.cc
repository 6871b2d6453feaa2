#include "bill/rating.h"

#include <limits>

#include "bill/exact.h"
#include "core/decimal.h"

namespace hart::bill {
namespace {

using Factors = std::array<std::int64_t, kMultiplierTypes>;

/// The exact product when 128 bits hold it, which is as good as always, and many times faster.
bool small_product(std::int64_t base_rate_micros, const Factors& multipliers_e4,
                   std::int64_t units_micros, Wide& product) {
  product = Wide{base_rate_micros} * units_micros;
  for (const std::int64_t factor : multipliers_e4)
    if (__builtin_mul_overflow(product, Wide{factor}, &product)) return false;
  return true;
}

}  // namespace

std::int64_t rated_total(std::int64_t base_rate_micros, const Factors& multipliers_e4,
                         std::int64_t units_micros) {
  constexpr Wide kSurplus = 1'000'000'000'000'000'000;  // 24 places less 6
  Wide product = 0;
  if (small_product(base_rate_micros, multipliers_e4, units_micros, product)) {
    const Wide total = divide_half_even(product, kSurplus);
    if (total <= std::numeric_limits<std::int64_t>::max() &&
        total >= -Wide{std::numeric_limits<std::int64_t>::max()})
      return static_cast<std::int64_t>(total);
  }
  const std::array<DecimalFactor, 5> factors{{
      {base_rate_micros, kMicroPlaces},
      {multipliers_e4[0], kMultiplierPlaces},
      {multipliers_e4[1], kMultiplierPlaces},
      {multipliers_e4[2], kMultiplierPlaces},
      {units_micros, kMicroPlaces},
  }};
  return multiply_decimals(factors, kMicroPlaces, "usage");
}

std::int64_t rated_total(const Price& price, std::int64_t units_micros) {
  if (!price.rated || price.by_period) return 0;
  return rated_total(price.base_rate_micros, price.multipliers_e4, units_micros);
}

void price_of(const RatePlan* plan, const UsageEvent& event, Price& price) {
  price.operation = event.operation;
  price.unit = event.unit;
  price.rated = price.by_period = false;
  price.base_rate_micros = 0;
  price.multipliers_e4.fill(10'000);
  price.billing_rate_plan_id = plan == nullptr ? 0 : plan->billing_rate_plan_id;
  price.currency = plan == nullptr ? kNoCurrency : plan->currency;
  const OperationRate* rate =
      plan == nullptr ? nullptr : plan->find_rate(event.operation, event.unit);
  if (rate == nullptr) return;

  price.rated = true;
  price.by_period = rate->by_period();
  price.base_rate_micros = rate->base_rate_micros;
  std::array<bool, kMultiplierTypes> taken{};
  for (const Multiplier& multiplier : plan->multipliers) {
    const auto type = static_cast<std::size_t>(multiplier.type);
    if (taken[type] || !multiplier.criteria.matches(event)) continue;
    taken[type] = true;
    price.multipliers_e4[type] = multiplier.value_e4;
  }
}

std::string arithmetic(const Price& price, std::int64_t units_micros) {
  if (!price.rated) return "no rate = 0";
  std::string text = price.by_period
                         ? std::string{"charged by the period: "}
                         : format_decimal_short(price.base_rate_micros, kMicroPlaces) + " × ";
  for (const std::int64_t multiplier : price.multipliers_e4)
    text += format_decimal_short(multiplier, kMultiplierPlaces) + " × ";
  text += format_decimal_short(units_micros, kMicroPlaces) + " = ";
  if (!price.by_period)
    return text + format_decimal_short(rated_total(price, units_micros), kMicroPlaces);
  Wide quantity = units_micros;
  for (const std::int64_t multiplier : price.multipliers_e4)
    quantity = multiply_wide(quantity, multiplier, "usage");
  return text + format_wide(quantity, kQuantityPlaces) + " " + price.unit;
}

}  // namespace hart::bill
