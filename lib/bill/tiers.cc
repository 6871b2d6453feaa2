#include <algorithm>

#include "bill/charges.h"
#include "bill/exact.h"
#include "core/decimal.h"

namespace hart::bill {
namespace {

constexpr const char* kWhat = "charge";

/// A number of six places as one of `kQuantityPlaces`.
Wide as_quantity(std::int64_t micros) {
  return Wide{micros} * power_of_ten(kQuantityPlaces - kMicroPlaces);
}

std::string short_text(std::int64_t micros) {
  return format_decimal_short(micros, kMicroPlaces);
}

/// Adds up a charge and how it came about.
class ChargeSum {
 public:
  ChargeSum(const RatePlan& plan, const PeriodTerms& terms) : plan_{plan}, terms_{terms} {}

  void add(Wide quantity, std::int64_t rate_micros) {
    sum_ = add_wide(sum_, multiply_wide(quantity, rate_micros, kWhat), kWhat);
    note(format_wide(quantity, kQuantityPlaces) + " × " + short_text(rate_micros));
  }

  void add_fee(std::int64_t fee_micros) {
    if (fee_micros == 0) return;
    const std::int64_t fee =
        plan_.prorate ? prorated(fee_micros, terms_, terms_.places) : fee_micros;
    sum_ = add_wide(sum_, Wide{fee} * power_of_ten(kChargePlaces - kMicroPlaces), kWhat);
    note(short_text(fee));
  }

  [[nodiscard]] Wide sum() const noexcept { return sum_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void note(const std::string& part) { text_ += (text_.empty() ? "" : " + ") + part; }

  const RatePlan& plan_;
  const PeriodTerms& terms_;
  Wide sum_ = 0;
  std::string text_;
};

void add_graduated(const Tiers& tiers, Wide quantity, bool charge_first, ChargeSum& charge) {
  Wide lower = 0;
  for (std::size_t i = 0; i < tiers.steps.size(); ++i) {
    const Tier& tier = tiers.steps[i];
    if (quantity <= lower && !(i == 0 && charge_first)) return;
    const Wide upper = tier.up_to_micros ? as_quantity(*tier.up_to_micros) : quantity;
    charge.add(std::min(quantity, upper) - lower, tier.rate_micros);
    charge.add_fee(tier.flat_fee_micros);
    lower = upper;
  }
}

void add_volume(const Tiers& tiers, Wide quantity, bool charge_first, ChargeSum& charge) {
  if (quantity <= 0 && !charge_first) return;
  const auto tier = std::ranges::find_if(tiers.steps, [&](const Tier& one) {
    return !one.up_to_micros || quantity <= as_quantity(*one.up_to_micros);
  });
  charge.add(quantity, tier->rate_micros);
  charge.add_fee(tier->flat_fee_micros);
}

void add_packages(const Tiers& tiers, Wide quantity, bool charge_first, ChargeSum& charge) {
  if (quantity <= 0 && !charge_first) return;
  const Wide size = as_quantity(tiers.package_micros);
  const Wide packages = quantity / size + (quantity % size != 0 ? 1 : 0);
  charge.add(multiply_wide(packages, power_of_ten(kQuantityPlaces), kWhat),
             tiers.steps.front().rate_micros);
  charge.add_fee(tiers.steps.front().flat_fee_micros);
}

}  // namespace

std::int64_t prorated(std::int64_t micros, const PeriodTerms& terms, int places) {
  const Wide unit = power_of_ten(kMicroPlaces - places);
  const Wide length = terms.period.end - terms.period.start;
  // What falls before an instant, rounded: the parts of a period are differences of these.
  const auto before = [&](TimeUs time) {
    return divide_half_even(Wide{micros} * (time - terms.period.start), length * unit) * unit;
  };
  if (terms.part.start == terms.period.start && terms.part.end == terms.period.end)
    return micros;
  const Wide end = terms.part.end == terms.period.end ? Wide{micros} : before(terms.part.end);
  return static_cast<std::int64_t>(end - before(terms.part.start));
}

Wide tier_charge(const RatePlan& plan, const OperationRate& rate, Wide quantity,
                 const PeriodTerms& terms, std::string* description) {
  const std::int64_t included =
      plan.prorate ? prorated(rate.included_micros, terms, kMicroPlaces) : rate.included_micros;
  const Wide billable = std::max<Wide>(0, std::max<Wide>(0, quantity) - as_quantity(included));
  const bool charge_first = plan.charge_zero_usage;
  ChargeSum charge{plan, terms};
  if (!rate.tiers) {
    if (billable > 0) charge.add(billable, rate.base_rate_micros);
  } else if (rate.tiers->mode == TierMode::graduated) {
    add_graduated(*rate.tiers, billable, charge_first, charge);
  } else if (rate.tiers->mode == TierMode::volume) {
    add_volume(*rate.tiers, billable, charge_first, charge);
  } else {
    add_packages(*rate.tiers, billable, charge_first, charge);
  }
  if (description != nullptr) {
    *description =
        rate.tiers ? std::string{tier_mode_name(rate.tiers->mode)} : "above included";
    if (included > 0) *description += ", " + short_text(included) + " included";
    *description += ": " + (charge.text().empty() ? "0" : charge.text());
  }
  return charge.sum();
}

}  // namespace hart::bill
