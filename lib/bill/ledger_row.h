#pragma once

#include "bill/ledger.h"

namespace hart::bill {

/// Selects the columns that `read_ledger_row` takes, in its order.
inline constexpr const char* kSelectLedger =
    "SELECT billing_usage_ledger_id, sequence, source, event_id, operation, unit, units_micros,"
    " billing_rate_plan_id, currency, base_rate_micros, complexity_e4, content_type_e4,"
    " grounding_e4, total_micros, attributes, occurred_us, recorded_us, previous_hash, "
    "entry_hash"
    " FROM my_billing_usage_ledger ";

/// `plans` tells whether the entry's plan had a rate for it.
[[nodiscard]] LedgerEntry read_ledger_row(const store::Statement& row, const PlanBook& plans);

}  // namespace hart::bill
