#include "bill/charges.h"

#include <algorithm>
#include <optional>

#include "bill/exact.h"
#include "core/decimal.h"

namespace hart::bill {
namespace {

constexpr const char* kWhatInvoice = "invoice";
/// A percentage of 4 places is a share of 6.
constexpr int kSharePlaces = 6;

/// The lines of one plan (or of usage without one) in a period, to date.
class PlanLines {
 public:
  PlanLines(const RatePlan* plan, const PeriodTerms& terms, const TakenLines& taken)
      : plan_{plan}, terms_{terms}, taken_{taken} {}

  void add_sums(const std::vector<PriceSum>& sums);
  void add_plan_terms();
  [[nodiscard]] std::vector<InvoiceLine> take() { return std::move(lines_); }

 private:
  void add_usage(const PriceSum& sum);
  void add_tiers(const OperationRate& rate, const std::vector<const PriceSum*>& sums);
  void add_operation_limits(const OperationRate& rate, std::int64_t charge, bool used);
  void add_limit(LineKind kind, const std::string& operation, const std::string& unit,
                 std::int64_t limit_micros, std::int64_t charge);
  void add_discount(const Discount& discount);
  void push(InvoiceLine line);

  /// Sum of the amounts of all lines but taxes.
  [[nodiscard]] std::int64_t subtotal() const;
  /// What discounts have left of an operation's charge, those for all operations included.
  [[nodiscard]] std::int64_t left_of(const std::string& operation) const;
  /// What discounts have left of all charges; what operations give back is no charge.
  [[nodiscard]] std::int64_t left() const;
  [[nodiscard]] std::int64_t fee(std::int64_t micros) const {
    return plan_->prorate ? prorated(micros, terms_, terms_.places)
                          : round_to_micros(micros, kMicroPlaces, terms_.places, kWhatInvoice);
  }
  [[nodiscard]] std::int64_t share(std::int64_t amount_micros, std::int64_t percent_e4) const {
    return round_to_micros(Wide{amount_micros} * percent_e4, kMicroPlaces + kSharePlaces,
                           terms_.places, kWhatInvoice);
  }

  const RatePlan* plan_;
  const PeriodTerms& terms_;
  const TakenLines& taken_;
  std::vector<InvoiceLine> lines_;
};

void PlanLines::push(InvoiceLine line) {
  line.billing_rate_plan_id = plan_ == nullptr ? 0 : plan_->billing_rate_plan_id;
  lines_.push_back(std::move(line));
}

void PlanLines::add_usage(const PriceSum& sum) {
  InvoiceLine line;
  line.operation = sum.price.operation;
  line.unit = sum.price.unit;
  line.base_rate_micros = sum.price.base_rate_micros;
  line.multipliers_e4 = sum.price.multipliers_e4;
  line.events = sum.events;
  line.units_micros = sum.units_micros;
  line.exact_micros = sum.total_micros;
  line.billing_rate_plan_id = sum.price.billing_rate_plan_id;
  // The amount of each invoice's line is its own entries' sum, rounded: what was taken before
  // was rounded then.
  const auto before = taken_.find(line_key(line));
  const TakenLine none;
  const TakenLine& taken = before == taken_.end() ? none : before->second;
  const Wide rest = Wide{line.exact_micros} - taken.exact_micros;
  line.amount_micros =
      add_decimals(round_to_micros(rest, kMicroPlaces, terms_.places, kWhatInvoice),
                   taken.amount_micros, kWhatInvoice);
  push(std::move(line));
}

void PlanLines::add_tiers(const OperationRate& rate, const std::vector<const PriceSum*>& sums) {
  InvoiceLine line;
  line.kind = LineKind::tiers;
  line.operation = rate.operation;
  line.unit = rate.unit;
  line.base_rate_micros = rate.base_rate_micros;
  Wide quantity = 0;
  for (const PriceSum* sum : sums) {
    line.events += sum->events;
    line.units_micros = add_decimals(line.units_micros, sum->units_micros, kWhatInvoice);
    Wide rated = sum->units_micros;
    for (const std::int64_t multiplier : sum->price.multipliers_e4)
      rated = multiply_wide(rated, multiplier, kWhatInvoice);
    quantity = add_wide(quantity, rated, kWhatInvoice);
  }
  const Wide charge = tier_charge(*plan_, rate, quantity, terms_, &line.description);
  line.amount_micros = round_to_micros(charge, kChargePlaces, terms_.places, kWhatInvoice);
  if (line.events > 0 || line.amount_micros != 0) push(std::move(line));
}

void PlanLines::add_limit(LineKind kind, const std::string& operation, const std::string& unit,
                          std::int64_t limit_micros, std::int64_t charge) {
  const std::int64_t limit = fee(limit_micros);
  const bool applies = kind == LineKind::minimum ? charge < limit : charge > limit;
  if (!applies) return;
  InvoiceLine line;
  line.kind = kind;
  line.operation = operation;
  line.unit = unit;
  line.amount_micros = limit - charge;
  push(std::move(line));
}

void PlanLines::add_operation_limits(const OperationRate& rate, std::int64_t charge,
                                     bool used) {
  if (rate.minimum_micros && (used || plan_->charge_zero_usage))
    add_limit(LineKind::minimum, rate.operation, rate.unit, *rate.minimum_micros, charge);
  if (rate.maximum_micros)
    add_limit(LineKind::maximum, rate.operation, rate.unit, *rate.maximum_micros, charge);
}

void PlanLines::add_sums(const std::vector<PriceSum>& sums) {
  if (plan_ == nullptr) {
    for (const PriceSum& sum : sums) add_usage(sum);
    return;
  }
  for (const PriceSum& sum : sums)
    if (!sum.price.rated) add_usage(sum);
  for (const OperationRate& rate : plan_->operations) {
    const std::size_t first = lines_.size();
    std::vector<const PriceSum*> own;
    for (const PriceSum& sum : sums)
      if (sum.price.rated && sum.price.operation == rate.operation &&
          sum.price.unit == rate.unit)
        own.push_back(&sum);
    if (rate.by_period())
      add_tiers(rate, own);
    else
      for (const PriceSum* sum : own) add_usage(*sum);
    std::int64_t charge = 0;
    for (std::size_t i = first; i < lines_.size(); ++i)
      charge = add_decimals(charge, lines_[i].amount_micros, kWhatInvoice);
    add_operation_limits(rate, charge, !own.empty());
  }
}

/// A percentage in the unit of a line's rate, and back.
constexpr std::int64_t percent_micros(std::int64_t percent_e4) noexcept {
  return percent_e4 * 100;
}
constexpr std::int64_t percent_e4_of(const InvoiceLine& line) noexcept {
  return line.base_rate_micros / 100;
}

std::int64_t PlanLines::subtotal() const {
  std::int64_t sum = 0;
  for (const InvoiceLine& line : lines_)
    if (line.kind != LineKind::tax) sum = add_decimals(sum, line.amount_micros, kWhatInvoice);
  return sum;
}

std::int64_t PlanLines::left_of(const std::string& operation) const {
  std::int64_t left = 0;
  for (const InvoiceLine& line : lines_) {
    if (line.operation == operation)
      left = add_decimals(left, line.amount_micros, kWhatInvoice);
    else if (line.kind == LineKind::discount && line.operation.empty())
      left -= share(left, percent_e4_of(line));
  }
  return left;
}

std::int64_t PlanLines::left() const {
  std::map<std::string_view, std::int64_t> charges;
  std::int64_t sum = 0;
  for (const InvoiceLine& line : lines_) {
    std::int64_t& into = line.kind == LineKind::discount ? sum : charges[line.operation];
    into = add_decimals(into, line.amount_micros, kWhatInvoice);
  }
  for (const auto& [operation, charge] : charges)
    sum = add_decimals(sum, std::max<std::int64_t>(0, charge), kWhatInvoice);
  return sum;
}

void PlanLines::add_discount(const Discount& discount) {
  const std::int64_t base =
      std::max<std::int64_t>(0, discount.operation ? left_of(*discount.operation) : subtotal());
  const std::int64_t wanted =
      discount.percent_e4 > 0 ? share(base, discount.percent_e4) : fee(discount.amount_micros);
  InvoiceLine line;
  line.kind = LineKind::discount;
  line.operation = discount.operation.value_or("");
  line.description = discount.name;
  line.base_rate_micros = percent_micros(discount.percent_e4);
  line.amount_micros = -std::min({wanted, base, left()});
  if (line.amount_micros != 0) push(std::move(line));
}

void PlanLines::add_plan_terms() {
  const bool used = !lines_.empty();
  for (const bool shares : {true, false})
    for (const Discount& discount : plan_->discounts)
      if ((discount.percent_e4 > 0) == shares) add_discount(discount);
  if (plan_->minimum_micros && (used || plan_->charge_zero_usage))
    add_limit(LineKind::minimum, "", "", *plan_->minimum_micros, subtotal());
  if (plan_->maximum_micros)
    add_limit(LineKind::maximum, "", "", *plan_->maximum_micros, subtotal());
  const std::int64_t taxed = subtotal();
  for (const Tax& tax : plan_->taxes) {
    InvoiceLine line;
    line.kind = LineKind::tax;
    line.description = tax.name;
    line.base_rate_micros = percent_micros(tax.percent_e4);
    line.amount_micros = share(taxed, tax.percent_e4);
    if (line.amount_micros != 0) push(std::move(line));
  }
}

/// Takes off what earlier invoices have, and forgets it.
bool subtract(InvoiceLine& line, TakenLines& taken) {
  if (const auto found = taken.find(line_key(line)); found != taken.end()) {
    line.events -= found->second.events;
    line.units_micros -= found->second.units_micros;
    line.exact_micros -= found->second.exact_micros;
    line.amount_micros -= found->second.amount_micros;
    if (line.kind == LineKind::tiers) line.description += ", less what was invoiced before";
    taken.erase(found);
  }
  return line.events != 0 || line.units_micros != 0 || line.exact_micros != 0 ||
         line.amount_micros != 0;
}

/// A line that was taken and is no more.
InvoiceLine reversed(const LineKey& key, const TakenLine& taken) {
  InvoiceLine line;
  std::tie(line.kind, line.billing_rate_plan_id, line.operation, line.unit,
           line.base_rate_micros, line.multipliers_e4, line.description) = key;
  line.events = -taken.events;
  line.units_micros = -taken.units_micros;
  line.exact_micros = -taken.exact_micros;
  line.amount_micros = -taken.amount_micros;
  return line;
}

}  // namespace

std::string_view line_kind_name(LineKind kind) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"usage",   "tiers",    "minimum",
                                                   "maximum", "discount", "tax"};
  return kNames[static_cast<std::size_t>(kind)];
}

LineKey line_key(const InvoiceLine& line) {
  const bool named = line.kind == LineKind::discount || line.kind == LineKind::tax;
  return {line.kind,
          line.billing_rate_plan_id,
          line.operation,
          line.unit,
          named ? 0 : line.base_rate_micros,
          line.multipliers_e4,
          named ? line.description : std::string{}};
}

std::vector<InvoiceLine> period_lines(const PlanBook& plans, const Period& period,
                                      const std::vector<PriceSum>& sums,
                                      const TakenLines& taken, int places) {
  std::map<std::int64_t, std::vector<PriceSum>> by_plan;
  for (const PriceSum& sum : sums) by_plan[sum.price.billing_rate_plan_id].push_back(sum);
  const std::vector<PlanBook::InForce> in_force = plans.in_force(period);
  for (const PlanBook::InForce& one : in_force) by_plan[one.plan->billing_rate_plan_id];

  std::vector<InvoiceLine> result;
  TakenLines rest = taken;
  for (const auto& [id, own] : by_plan) {
    const RatePlan* plan = plans.find(id);
    PeriodTerms terms{period, {period.start, period.start}, places};
    for (const PlanBook::InForce& one : in_force)
      if (one.plan->billing_rate_plan_id == id) terms.part = one.part;
    PlanLines lines{plan, terms, taken};
    lines.add_sums(own);
    if (plan != nullptr) lines.add_plan_terms();
    for (InvoiceLine& line : lines.take())
      if (subtract(line, rest)) result.push_back(std::move(line));
  }
  for (const auto& [key, line] : rest)
    if (line.events != 0 || line.units_micros != 0 || line.exact_micros != 0 ||
        line.amount_micros != 0)
      result.push_back(reversed(key, line));
  return result;
}

}  // namespace hart::bill
