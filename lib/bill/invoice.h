#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bill/plan.h"
#include "bill/usage_totals.h"
#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

/// Usage of one operation at one price.
struct InvoiceLine {
  std::string operation;
  std::string unit;
  std::int64_t base_rate_micros = 0;
  std::array<std::int64_t, kMultiplierTypes> multipliers_e4{};
  std::int64_t events = 0;         ///< ledger entries
  std::int64_t units_micros = 0;   ///< sum over the entries
  std::int64_t amount_micros = 0;  ///< sum of the entries' totals, each rounded by itself

  bool operator==(const InvoiceLine&) const = default;
};

struct Invoice {
  std::int64_t billing_invoice_id = 0;
  std::string number;  ///< "2026-11-001": the month, and which of its invoices
  Period period;       ///< [start, end)
  std::string currency;
  std::int64_t total_micros = 0;  ///< always the sum of the lines' amounts
  TimeUs created = 0;
  std::vector<InvoiceLine> lines;  ///< by operation, unit, rate and multipliers
};

struct CreatedInvoice {
  Invoice invoice;
  bool created = false;  ///< false: everything of the month was on this invoice already
};

/// Puts every ledger entry of the acting tenant's that was used in `month` ("2026-11", UTC) and
/// is on no invoice yet on a new one. When there is no such entry, the month's newest invoice
/// is the answer, and nothing when it has none. Usage that was reported late is so invoiced by
/// calling again: it gets an invoice of its own, numbered on. Opens a WriteTransaction; with
/// `dry_run` nothing is kept.
[[nodiscard]] std::optional<CreatedInvoice> create_invoice(store::Store& store,
                                                           const std::string& month,
                                                           bool dry_run);

/// The acting tenant's invoices, by number: all, those of a month ("2026-11"), or the one with
/// a number.
[[nodiscard]] std::vector<Invoice> find_invoices(store::Store& store,
                                                 const std::string& month_or_number = {});

/// What an invoice's lines must be, added up again from the ledger entries on it.
[[nodiscard]] std::vector<InvoiceLine> recompute_invoice_lines(store::Store& store,
                                                               std::int64_t billing_invoice_id);

}  // namespace hart::bill
