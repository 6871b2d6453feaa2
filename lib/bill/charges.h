#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "bill/period.h"
#include "bill/plan.h"
#include "bill/plan_book.h"
#include "bill/rating.h"

namespace hart::bill {

/// What a line of an invoice is for, in the order in which the lines of a plan stand.
enum class LineKind : int {
  usage = 0,
  tiers = 1,
  minimum = 2,
  maximum = 3,
  discount = 4,
  tax = 5
};
[[nodiscard]] std::string_view line_kind_name(LineKind kind) noexcept;

struct InvoiceLine {
  LineKind kind = LineKind::usage;
  std::int64_t billing_rate_plan_id = 0;  ///< 0: no plan was in force
  std::string operation;                  ///< empty for what concerns the whole plan
  std::string unit;
  std::string description;  ///< the arithmetic of tiers; the name of a discount or a tax
  std::int64_t base_rate_micros = 0;  ///< of a discount or a tax: its percentage, if it has one
  std::array<std::int64_t, kMultiplierTypes> multipliers_e4{10'000, 10'000, 10'000};
  std::int64_t events = 0;         ///< ledger entries
  std::int64_t units_micros = 0;   ///< sum over the entries
  std::int64_t exact_micros = 0;   ///< sum of the entries' totals, each rounded by itself
  std::int64_t amount_micros = 0;  ///< rounded once to the invoice's places

  bool operator==(const InvoiceLine&) const = default;
};

/// What one price adds up to in a period.
struct PriceSum {
  Price price;
  std::int64_t events = 0;
  std::int64_t units_micros = 0;
  std::int64_t total_micros = 0;
};

/// What earlier invoices took of a line.
struct TakenLine {
  std::int64_t events = 0;
  std::int64_t units_micros = 0;
  std::int64_t exact_micros = 0;
  std::int64_t amount_micros = 0;
};
/// What tells the lines of a period apart: kind, plan, operation, unit, base rate, multipliers,
/// and of a discount or a tax its name alone.
using LineKey = std::tuple<LineKind, std::int64_t, std::string, std::string, std::int64_t,
                           std::array<std::int64_t, kMultiplierTypes>, std::string>;
[[nodiscard]] LineKey line_key(const InvoiceLine& line);
using TakenLines = std::map<LineKey, TakenLine>;

/// A period as a plan charges it.
struct PeriodTerms {
  Period period;
  Period part;     ///< the part of it in which the plan held; may be empty
  int places = 6;  ///< decimal places of an amount
};

/// The charge for a quantity of `kQuantityPlaces`, with `kChargePlaces`, exactly: what is above
/// the included units, by the tiers or else at the base rate. A negative quantity costs
/// nothing. `description`, when not null, becomes the arithmetic. Throws Error(data) when it
/// does not fit.
[[nodiscard]] __int128 tier_charge(const RatePlan& plan, const OperationRate& rate,
                                   __int128 quantity, const PeriodTerms& terms,
                                   std::string* description);

/// The share of an amount (or of units) that falls into the part of a period, as whole
/// multiples of 10^-places: parts that make up the period have shares that sum to the whole.
[[nodiscard]] std::int64_t prorated(std::int64_t micros, const PeriodTerms& terms, int places);

/// The lines of a period: everything that its totals to date cost, less what `taken` has of it.
/// Lines of which nothing is left are left out. hart-bill(1), "Charges of a period", gives the
/// order of the steps; each line is rounded once, half to even, to `places`.
[[nodiscard]] std::vector<InvoiceLine> period_lines(const PlanBook& plans, const Period& period,
                                                    const std::vector<PriceSum>& sums,
                                                    const TakenLines& taken, int places);

}  // namespace hart::bill
