#pragma once

#include "store/schema.h"

namespace hart::bill {

/// Rate plans, the usage ledger with its double entries, and invoices.
///
/// Everything is append-only: triggers abort UPDATE and DELETE; a correction is a new row.
/// Amounts, rates and units are whole micros (10^-6), multipliers whole 10^-4.
[[nodiscard]] const store::SchemaModule& bill_schema() noexcept;

}  // namespace hart::bill
