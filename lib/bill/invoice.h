#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bill/charges.h"
#include "bill/period.h"
#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

struct Invoice {
  std::int64_t billing_invoice_id = 0;
  std::string number;  ///< "2026-11-001": the month, and which of its invoices
  Period period;       ///< [start, end)
  std::string currency;
  int decimal_places = 6;             ///< of its amounts
  std::int64_t total_micros = 0;      ///< always the sum of the lines' amounts
  std::int64_t credit_micros = 0;     ///< of the total, what credits paid
  std::int64_t through_sequence = 0;  ///< entries of the ledger before it were looked at
  TimeUs created = 0;
  std::optional<std::string> void_reason;  ///< set when it is void
  TimeUs voided = 0;                       ///< when, if so
  std::vector<InvoiceLine> lines;
};

struct CreatedInvoice {
  Invoice invoice;
  bool created = false;  ///< false: everything of the month was on this invoice already
};

/// Charges what the acting tenant used in `month` ("2026-11", UTC) and is on no invoice yet,
/// and draws credits for it. When nothing is left, the month's newest invoice that is not void
/// is the answer, and nothing when it has none. Usage that was reported late is so invoiced by
/// calling again: it gets an invoice of its own, numbered on, which also corrects what depends
/// on the month's totals. Opens a WriteTransaction; with `dry_run` nothing is kept.
[[nodiscard]] std::optional<CreatedInvoice> create_invoice(store::Store& store,
                                                           const std::string& month,
                                                           bool dry_run);

/// The acting tenant's invoices, by number: all, those of a month ("2026-11"), or the one with
/// a number.
[[nodiscard]] std::vector<Invoice> find_invoices(store::Store& store,
                                                 const std::string& month_or_number = {});

/// Makes an invoice void: what it took can be invoiced again, its credits are given back. One
/// that is void already stays as it is; the answer is whether it was not. Opens a
/// WriteTransaction; with `dry_run` nothing is kept. Throws Error(no_input) when there is no
/// invoice of that number.
bool void_invoice(store::Store& store, const std::string& number, const std::string& reason,
                  bool dry_run);

/// What each price adds up to in a period, from the totals of its hours; ordered by operation,
/// unit, rate and multipliers. The period begins and ends on the hour.
[[nodiscard]] std::vector<PriceSum> period_sums(store::Store& store, const Period& period);

/// The order of `period_sums`.
void sort_sums(std::vector<PriceSum>& sums);

/// Sets currency and places from the plans of the invoice's period, those in force in it and
/// those by which `sums` was rated, or from all where there are none: the most places where
/// plans differ.
void set_currency(const PlanBook& plans, const std::vector<PriceSum>& sums, Invoice& invoice);

/// Adds the lines of an invoice to what is taken.
void take_lines(TakenLines& taken, const Invoice& invoice);

}  // namespace hart::bill
