#include "bill/invoice.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "bill/credit.h"
#include "bill/ledger.h"
#include "core/decimal.h"
#include "core/error.h"
#include "store/audit.h"

namespace hart::bill {
namespace {

std::vector<InvoiceLine> stored_lines(store::Store& store, std::int64_t invoice) {
  auto rows = store.db().prepare(
      "SELECT kind, ifnull(billing_rate_plan_id, 0), operation, unit, description,"
      " base_rate_micros, complexity_e4, content_type_e4, grounding_e4, events, units_micros,"
      " exact_micros, amount_micros FROM my_billing_invoice_line"
      " WHERE billing_invoice_id = ? ORDER BY position");
  rows.with(invoice);
  std::vector<InvoiceLine> lines;
  while (rows.step()) {
    InvoiceLine line;
    line.kind = static_cast<LineKind>(rows.integer(0));
    line.billing_rate_plan_id = rows.integer(1);
    line.operation = rows.text(2);
    line.unit = rows.text(3);
    line.description = rows.text(4);
    line.base_rate_micros = rows.integer(5);
    for (int i = 0; i < kMultiplierTypes; ++i)
      line.multipliers_e4[static_cast<std::size_t>(i)] = rows.integer(6 + i);
    line.events = rows.integer(9);
    line.units_micros = rows.integer(10);
    line.exact_micros = rows.integer(11);
    line.amount_micros = rows.integer(12);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string next_number(const std::string& month, std::size_t before) {
  char suffix[24];
  std::snprintf(suffix, sizeof suffix, "-%03zu", before + 1);
  return month + suffix;
}

void insert_lines(store::Store& store, const Invoice& invoice) {
  auto insert = store.db().prepare(
      "INSERT INTO billing_invoice_line (billing_invoice_id, position, tenant_id, kind,"
      " billing_rate_plan_id, operation, unit, description, base_rate_micros, complexity_e4,"
      " content_type_e4, grounding_e4, events, units_micros, exact_micros, amount_micros)"
      " VALUES (?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      store::Scope::owner);
  std::int64_t position = 0;
  for (const InvoiceLine& line : invoice.lines)
    insert.run(invoice.billing_invoice_id, position++, store.tenant_id(),
               static_cast<int>(line.kind), line.billing_rate_plan_id, line.operation,
               line.unit, line.description, line.base_rate_micros, line.multipliers_e4[0],
               line.multipliers_e4[1], line.multipliers_e4[2], line.events, line.units_micros,
               line.exact_micros, line.amount_micros);
}

void insert_invoice(store::Store& store, Invoice& invoice) {
  store.db()
      .prepare(
          "INSERT INTO billing_invoice (tenant_id, number, period_start_us, period_end_us,"
          " currency, total_micros, created_us, decimal_places, through_sequence)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)
      .run(store.tenant_id(), invoice.number, invoice.period.start, invoice.period.end,
           invoice.currency, invoice.total_micros, invoice.created, invoice.decimal_places,
           invoice.through_sequence);
  invoice.billing_invoice_id = store.db().last_insert_id();
  insert_lines(store, invoice);
  if (invoice.total_micros > 0)
    invoice.credit_micros = draw_credit(store, invoice.billing_invoice_id, invoice.number,
                                        invoice.total_micros, invoice.created);
}

}  // namespace

void set_currency(const PlanBook& plans, const std::vector<PriceSum>& sums, Invoice& invoice) {
  std::vector<const RatePlan*> used;
  used.reserve(2 * plans.plans().size() + sums.size());
  for (const PlanBook::InForce& one : plans.in_force(invoice.period)) used.push_back(one.plan);
  for (const PriceSum& sum : sums)
    if (const RatePlan* plan = plans.find(sum.price.billing_rate_plan_id)) used.push_back(plan);
  if (used.empty())
    for (const RatePlan& plan : plans.plans()) used.push_back(&plan);
  invoice.currency = kNoCurrency;
  invoice.decimal_places = used.empty() ? kMicroPlaces : 0;
  for (const RatePlan* plan : used) {
    invoice.currency = plan->currency;
    invoice.decimal_places = std::max(invoice.decimal_places, plan->places());
  }
}

void sort_sums(std::vector<PriceSum>& sums) {
  std::ranges::sort(sums, {}, [](const PriceSum& sum) {
    const Price& price = sum.price;
    return std::tuple{std::string_view{price.operation}, std::string_view{price.unit},
                      price.base_rate_micros, price.multipliers_e4, price.billing_rate_plan_id};
  });
}

std::vector<PriceSum> period_sums(store::Store& store, const Period& period) {
  const auto prices = load_prices(store);
  std::unordered_map<std::int64_t, PriceSum> by_price;
  for_each_rollup(
      store, period.start, period.end, [&](const RollupKey& key, const RollupSums& sums) {
        PriceSum& sum = by_price[key.billing_price_id];
        sum.events += sums.events;
        sum.units_micros = add_decimals(sum.units_micros, sums.units_micros, "usage");
        sum.total_micros = add_decimals(sum.total_micros, sums.amount_micros, "usage");
      });
  std::vector<PriceSum> result;
  for (auto& [id, sum] : by_price) {
    const auto price = prices.find(id);
    if (price == prices.end())
      throw Error{Fault::data, "the ledger is damaged: totals of an unknown price"};
    sum.price = price->second;
    result.push_back(std::move(sum));
  }
  sort_sums(result);
  return result;
}

void take_lines(TakenLines& taken, const Invoice& invoice) {
  for (const InvoiceLine& line : invoice.lines) {
    TakenLine& sum = taken[line_key(line)];
    sum.events += line.events;
    sum.units_micros = add_decimals(sum.units_micros, line.units_micros, "invoice");
    sum.exact_micros = add_decimals(sum.exact_micros, line.exact_micros, "invoice");
    sum.amount_micros = add_decimals(sum.amount_micros, line.amount_micros, "invoice");
  }
}

std::optional<CreatedInvoice> create_invoice(store::Store& store, const std::string& month,
                                             bool dry_run) {
  Invoice invoice;
  invoice.period = month_period(month);
  store::WriteTransaction transaction{store};
  std::vector<Invoice> before = find_invoices(store, month);
  TakenLines taken;
  Invoice* newest = nullptr;
  for (Invoice& one : before) {
    if (one.void_reason) continue;
    take_lines(taken, one);
    newest = &one;
  }
  const PlanBook plans{store};
  const std::vector<PriceSum> sums = period_sums(store, invoice.period);
  set_currency(plans, sums, invoice);
  invoice.lines = period_lines(plans, invoice.period, sums, taken, invoice.decimal_places);
  if (invoice.lines.empty()) {
    if (newest == nullptr) return std::nullopt;
    return CreatedInvoice{std::move(*newest), false};
  }
  invoice.number = next_number(month, before.size());
  invoice.created = store.now();
  invoice.through_sequence = ledger_size(store);
  for (const InvoiceLine& line : invoice.lines)
    invoice.total_micros = add_decimals(invoice.total_micros, line.amount_micros, "invoice");
  insert_invoice(store, invoice);
  store::record_act(store, "hart-bill invoice create",
                    invoice.number + ", " + format_decimal(invoice.total_micros, kMicroPlaces) +
                        " " + invoice.currency);
  if (!dry_run) transaction.commit();
  return CreatedInvoice{std::move(invoice), true};
}

std::vector<Invoice> find_invoices(store::Store& store, const std::string& month_or_number) {
  auto rows = store.db().prepare(
      "SELECT i.billing_invoice_id, i.number, i.period_start_us, i.period_end_us, i.currency,"
      " i.total_micros, i.created_us, i.decimal_places, i.through_sequence,"
      " v.reason, ifnull(v.voided_us, 0),"
      " (SELECT ifnull(sum(e.amount_micros), 0) FROM my_billing_credit_entry AS e"
      "  WHERE e.billing_invoice_id = i.billing_invoice_id AND e.kind = 1)"
      " FROM my_billing_invoice AS i LEFT JOIN my_billing_invoice_void AS v"
      " ON v.billing_invoice_id = i.billing_invoice_id WHERE ?1 IN ('', i.number, "
      "substr(i.number, 1, 7))"
      " ORDER BY i.period_start_us, length(i.number), i.number");
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
    invoice.decimal_places = static_cast<int>(rows.integer(7));
    invoice.through_sequence = rows.integer(8);
    if (!rows.is_null(9)) invoice.void_reason = std::string{rows.text(9)};
    invoice.voided = rows.integer(10);
    invoice.credit_micros = rows.integer(11);
    invoice.lines = stored_lines(store, invoice.billing_invoice_id);
    invoices.push_back(std::move(invoice));
  }
  return invoices;
}

bool void_invoice(store::Store& store, const std::string& number, const std::string& reason,
                  bool dry_run) {
  store::WriteTransaction transaction{store};
  const std::vector<Invoice> found = find_invoices(store, number);
  if (found.size() != 1 || found.front().number != number)
    throw Error{Fault::no_input, "no invoice '" + number + "'"};
  const Invoice& invoice = found.front();
  if (invoice.void_reason) return false;
  const TimeUs now = store.now();
  store.db()
      .prepare(
          "INSERT INTO billing_invoice_void (billing_invoice_id, tenant_id, reason, voided_us)"
          " VALUES (?, ?, ?, ?)",
          store::Scope::owner)
      .run(invoice.billing_invoice_id, store.tenant_id(), reason, now);
  give_back_credit(store, invoice.billing_invoice_id, number, now);
  store::record_act(store, "hart-bill invoice void", number + ": " + reason);
  if (!dry_run) transaction.commit();
  return true;
}

}  // namespace hart::bill
