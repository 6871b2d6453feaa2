#include "bill/ledger_row.h"

#include <algorithm>

namespace hart::bill {

LedgerEntry read_ledger_row(const store::Statement& row, const PlanBook& plans) {
  LedgerEntry entry;
  entry.billing_usage_ledger_id = row.integer(0);
  entry.sequence = row.integer(1);
  entry.usage.source = row.text(2);
  entry.usage.event_id = row.text(3);
  entry.usage.operation = row.text(4);
  entry.usage.unit = row.text(5);
  entry.usage.units_micros = row.integer(6);
  entry.rating.billing_rate_plan_id = row.integer(7);
  entry.rating.currency = row.text(8);
  entry.rating.base_rate_micros = row.integer(9);
  for (int i = 0; i < kMultiplierTypes; ++i)
    entry.rating.multipliers_e4[static_cast<std::size_t>(i)] = row.integer(10 + i);
  entry.rating.total_micros = row.integer(13);
  entry.usage.attributes = parse_json(row.text(14), "ledger: attributes");
  entry.usage.time = row.integer(15);
  entry.recorded = row.integer(16);
  entry.previous_hash = row.hash(17);
  entry.hash = row.hash(18);

  const auto plan = std::ranges::find(plans.plans(), entry.rating.billing_rate_plan_id,
                                      &RatePlan::billing_rate_plan_id);
  entry.rating.rated = plan != plans.plans().end() && plan->find_rate(entry.usage) != nullptr;
  return entry;
}

void for_each_ledger_entry(store::Store& store,
                           const std::function<void(const LedgerEntry&)>& visit) {
  const PlanBook plans{store};
  auto rows = store.db().prepare(std::string{kSelectLedger} + "ORDER BY sequence");
  while (rows.step()) visit(read_ledger_row(rows, plans));
}

}  // namespace hart::bill
