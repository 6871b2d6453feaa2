#include "bill/estimate.h"

#include "core/decimal.h"

namespace hart::bill {

Estimate::Priced Estimate::add(const UsageEvent& event, TimeUs time) {
  price_of(plans_.at(time), event, price_);
  const std::int64_t total = rated_total(price_, event.units_micros);
  if (time < month_.start || time >= month_.end) month_ = month_period(month_of(time));
  PriceSum& sum =
      months_[month_.start][{price_.billing_rate_plan_id, price_.operation, price_.unit,
                             price_.base_rate_micros, price_.multipliers_e4}];
  const std::int64_t units = add_decimals(sum.units_micros, event.units_micros, "usage");
  sum.total_micros = add_decimals(sum.total_micros, total, "usage");
  sum.units_micros = units;
  sum.price = price_;
  ++sum.events;
  return {&price_, total};
}

std::vector<Invoice> Estimate::invoices() const {
  std::vector<Invoice> result;
  for (const auto& [start, prices] : months_) {
    Invoice invoice;
    invoice.period = month_period(month_of(start));
    std::vector<PriceSum> sums;
    for (const auto& [key, sum] : prices)
      if (sum.events > 0) sums.push_back(sum);
    sort_sums(sums);
    set_currency(plans_, sums, invoice);
    invoice.lines = period_lines(plans_, invoice.period, sums, {}, invoice.decimal_places);
    for (const InvoiceLine& line : invoice.lines)
      invoice.total_micros = add_decimals(invoice.total_micros, line.amount_micros, "invoice");
    result.push_back(std::move(invoice));
  }
  return result;
}

}  // namespace hart::bill
