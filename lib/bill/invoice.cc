#include "bill/invoice.h"

#include <cstdio>

#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

InvoiceLine read_line(const store::Statement& row) {
  InvoiceLine line;
  line.operation = row.text(0);
  line.unit = row.text(1);
  line.base_rate_micros = row.integer(2);
  for (int i = 0; i < kMultiplierTypes; ++i)
    line.multipliers_e4[static_cast<std::size_t>(i)] = row.integer(3 + i);
  line.events = row.integer(6);
  line.units_micros = row.integer(7);
  line.amount_micros = row.integer(8);
  return line;
}

std::vector<InvoiceLine> read_lines(store::Statement& rows) {
  std::vector<InvoiceLine> lines;
  while (rows.step()) lines.push_back(read_line(rows));
  return lines;
}

std::vector<InvoiceLine> stored_lines(store::Store& store, std::int64_t invoice) {
  auto rows = store.db().prepare(
      "SELECT operation, unit, base_rate_micros, complexity_e4, content_type_e4, grounding_e4,"
      " events, units_micros, amount_micros FROM my_billing_invoice_line"
      " WHERE billing_invoice_id = ? ORDER BY position");
  return read_lines(rows.with(invoice));
}

std::vector<InvoiceLine> open_lines(store::Store& store, const Period& period) {
  auto rows = store.db().prepare(
      "SELECT operation, unit, base_rate_micros, complexity_e4, content_type_e4, grounding_e4,"
      " count(*), sum(units_micros), sum(total_micros) FROM my_billing_usage_ledger AS l"
      " WHERE occurred_us >= ? AND occurred_us < ? AND NOT EXISTS ("
      "   SELECT 1 FROM my_billing_invoice_item AS item"
      "   WHERE item.billing_usage_ledger_id = l.billing_usage_ledger_id)"
      " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6");
  return read_lines(rows.with(period.start, period.end));
}

std::string next_number(store::Store& store, const std::string& month) {
  const std::size_t before = find_invoices(store, month).size();
  char suffix[24];
  std::snprintf(suffix, sizeof suffix, "-%03zu", before + 1);
  return month + suffix;
}

std::string billed_currency(store::Store& store) {
  auto row = store.db().prepare("SELECT max(currency) FROM my_billing_rate_plan");
  return row.step() && !row.is_null(0) ? std::string{row.text(0)} : kNoCurrency;
}

void insert_invoice(store::Store& store, Invoice& invoice) {
  store::Connection& db = store.db();
  db.prepare(
        "INSERT INTO billing_invoice (tenant_id, number, period_start_us, period_end_us,"
        " currency, total_micros, created_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        store::Scope::owner)
      .run(store.tenant_id(), invoice.number, invoice.period.start, invoice.period.end,
           invoice.currency, invoice.total_micros, invoice.created);
  invoice.billing_invoice_id = db.last_insert_id();

  auto line = db.prepare(
      "INSERT INTO billing_invoice_line (billing_invoice_id, position, tenant_id, operation, "
      "unit,"
      " base_rate_micros, complexity_e4, content_type_e4, grounding_e4, events, units_micros,"
      " amount_micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      store::Scope::owner);
  std::int64_t position = 0;
  for (const InvoiceLine& one : invoice.lines)
    line.run(invoice.billing_invoice_id, position++, store.tenant_id(), one.operation, one.unit,
             one.base_rate_micros, one.multipliers_e4[0], one.multipliers_e4[1],
             one.multipliers_e4[2], one.events, one.units_micros, one.amount_micros);

  db.prepare(
        "INSERT INTO billing_invoice_item (billing_usage_ledger_id, tenant_id, "
        "billing_invoice_id,"
        " position) SELECT l.billing_usage_ledger_id, l.tenant_id, line.billing_invoice_id,"
        " line.position FROM billing_usage_ledger AS l JOIN billing_invoice_line AS line"
        " USING (tenant_id, operation, unit, base_rate_micros, complexity_e4, content_type_e4,"
        " grounding_e4)"
        " WHERE line.billing_invoice_id = ? AND l.tenant_id = ?"
        " AND l.occurred_us >= ? AND l.occurred_us < ? AND NOT EXISTS ("
        "   SELECT 1 FROM billing_invoice_item AS item"
        "   WHERE item.billing_usage_ledger_id = l.billing_usage_ledger_id)",
        store::Scope::owner)
      .run(invoice.billing_invoice_id, store.tenant_id(), invoice.period.start,
           invoice.period.end);
}

}  // namespace

std::optional<CreatedInvoice> create_invoice(store::Store& store, const std::string& month,
                                             bool dry_run) {
  Invoice invoice;
  invoice.period = month_period(month);
  store::WriteTransaction transaction{store};
  invoice.lines = open_lines(store, invoice.period);
  if (invoice.lines.empty()) {
    std::vector<Invoice> known = find_invoices(store, month);
    if (known.empty()) return std::nullopt;
    return CreatedInvoice{std::move(known.back()), false};
  }
  invoice.number = next_number(store, month);
  invoice.currency = billed_currency(store);
  invoice.created = store.now();
  for (const InvoiceLine& line : invoice.lines)
    invoice.total_micros = add_decimals(invoice.total_micros, line.amount_micros, "invoice");
  insert_invoice(store, invoice);
  if (!dry_run) transaction.commit();
  return CreatedInvoice{std::move(invoice), true};
}

std::vector<Invoice> find_invoices(store::Store& store, const std::string& month_or_number) {
  auto rows = store.db().prepare(
      "SELECT billing_invoice_id, number, period_start_us, period_end_us, currency, "
      "total_micros,"
      " created_us FROM my_billing_invoice"
      " WHERE ?1 IN ('', number, substr(number, 1, 7)) ORDER BY period_start_us, "
      "length(number),"
      " number");
  rows.with(month_or_number);
  std::vector<Invoice> invoices;
  while (rows.step()) {
    Invoice invoice;
    invoice.billing_invoice_id = rows.integer(0);
    invoice.number = rows.text(1);
    invoice.period = {rows.integer(2), rows.integer(3)};
    invoice.currency = rows.text(4);
    invoice.total_micros = rows.integer(5);
    invoice.created = rows.integer(6);
    invoice.lines = stored_lines(store, invoice.billing_invoice_id);
    invoices.push_back(std::move(invoice));
  }
  return invoices;
}

std::vector<InvoiceLine> recompute_invoice_lines(store::Store& store,
                                                 std::int64_t billing_invoice_id) {
  auto rows = store.db().prepare(
      "SELECT operation, unit, base_rate_micros, complexity_e4, content_type_e4, grounding_e4,"
      " count(*), sum(units_micros), sum(total_micros)"
      " FROM my_billing_usage_ledger JOIN my_billing_invoice_item USING "
      "(billing_usage_ledger_id)"
      " WHERE billing_invoice_id = ? GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6");
  return read_lines(rows.with(billing_invoice_id));
}

}  // namespace hart::bill
