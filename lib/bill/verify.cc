#include "bill/verify.h"

#include <algorithm>

#include "bill/invoice.h"
#include "bill/ledger.h"
#include "bill/ledger_row.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

class LedgerExamination {
 public:
  explicit LedgerExamination(store::Store& store) : store_{store} {}

  LedgerVerification run() {
    guarded([&] { check_plans(); });
    guarded([&] { check_entries(); });
    guarded([&] { check_accounts(); });
    guarded([&] { check_invoices(); });
    return std::move(result_);
  }

 private:
  void check(bool holds, const std::string& problem) {
    if (!holds) result_.problems.push_back(problem);
  }

  /// Damaged data is a finding; whatever else goes wrong is not.
  template <typename Examine> void guarded(const Examine& examine) {
    try {
      examine();
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      result_.problems.emplace_back(error.what());
    }
  }

  void check_plans() {
    const PlanBook book{store_};
    auto row = store_.db().prepare(
        "SELECT content_hash FROM my_billing_rate_plan WHERE billing_rate_plan_id = ?");
    for (const RatePlan& plan : book.plans()) {
      const bool equal =
          row.with(plan.billing_rate_plan_id).step() && row.hash(0) == plan_content_hash(plan);
      check(equal, "plan " + std::to_string(plan.version) + " does not have its content hash");
      row.reset();
    }
  }

  void check_entries() {
    const PlanBook plans{store_};
    auto rows = store_.db().prepare(std::string{kSelectLedger} + "ORDER BY sequence");
    while (rows.step()) {
      const LedgerEntry entry = read_ledger_row(rows, plans);
      const std::string name = "entry " + std::to_string(entry.sequence);
      check(entry.sequence == result_.entries,
            name + ": entry " + std::to_string(result_.entries) + " is missing before it");
      check(entry.previous_hash == result_.head, name + ": the chain is broken before it");
      check(entry.hash == ledger_entry_hash(entry), name + ": does not have its hash");
      check_price(entry, plans, name);
      result_.entries = entry.sequence + 1;
      result_.head = entry.hash;
      result_.total_micros =
          add_decimals(result_.total_micros, entry.rating.total_micros, "ledger");
    }
  }

  void check_price(const LedgerEntry& entry, const PlanBook& plans, const std::string& name) {
    const std::int64_t id = entry.rating.billing_rate_plan_id;
    const auto plan = std::ranges::find(plans.plans(), id, &RatePlan::billing_rate_plan_id);
    const bool known = plan != plans.plans().end();
    check(id == 0 || known, name + ": its rate plan does not exist");
    check(rate(known ? &*plan : nullptr, entry.usage) == entry.rating,
          name + ": its price is not what its plan says");
  }

  /// Every entry of the ledger has one pair of debit and credit of its total, and no pair
  /// stands alone.
  void check_accounts() {
    auto rows = store_.db().prepare(
        "SELECT l.sequence, l.operation, l.total_micros, e.debit_account, e.credit_account,"
        " e.amount_micros FROM my_billing_usage_ledger AS l LEFT JOIN my_billing_entry AS e"
        " USING (billing_usage_ledger_id) ORDER BY l.sequence");
    while (rows.step()) {
      const std::string name = "entry " + std::to_string(rows.integer(0));
      const std::string revenue = "revenue:" + std::string{rows.text(1)};
      if (rows.is_null(5)) {
        check(false, name + ": has no debit and credit");
        continue;
      }
      check(rows.text(3) == "receivable" && rows.text(4) == revenue,
            name + ": is booked on other accounts");
      check(rows.integer(2) == rows.integer(5), name + ": debit and credit are not its total");
    }
    auto alone = store_.db().prepare(
        "SELECT count(*) FROM my_billing_entry WHERE billing_usage_ledger_id NOT IN"
        " (SELECT billing_usage_ledger_id FROM my_billing_usage_ledger)");
    check(alone.step() && alone.integer(0) == 0, "there are debits without an entry");
  }

  void check_invoices() {
    for (const Invoice& invoice : find_invoices(store_)) {
      ++result_.invoices;
      const std::string name = "invoice " + invoice.number;
      std::int64_t sum = 0;
      for (const InvoiceLine& line : invoice.lines)
        sum = add_decimals(sum, line.amount_micros, "invoice");
      check(sum == invoice.total_micros, name + ": its total is not the sum of its lines");
      check(invoice.lines == recompute_invoice_lines(store_, invoice.billing_invoice_id),
            name + ": its lines are not the sums of its entries");
      check_period(invoice, name);
    }
    auto alone = store_.db().prepare(
        "SELECT count(*) FROM my_billing_invoice_item WHERE billing_invoice_id NOT IN"
        " (SELECT billing_invoice_id FROM my_billing_invoice)");
    check(alone.step() && alone.integer(0) == 0,
          "there are entries on an invoice that is missing");
  }

  void check_period(const Invoice& invoice, const std::string& name) {
    auto outside = store_.db().prepare(
        "SELECT count(*) FROM my_billing_usage_ledger JOIN my_billing_invoice_item"
        " USING (billing_usage_ledger_id) WHERE billing_invoice_id = ?"
        " AND (occurred_us < ? OR occurred_us >= ?)");
    outside.with(invoice.billing_invoice_id, invoice.period.start, invoice.period.end);
    check(outside.step() && outside.integer(0) == 0, name + ": has entries outside its period");
    check(month_period(invoice.number.substr(0, 7)) == invoice.period,
          name + ": its period is not its month");
  }

  store::Store& store_;
  LedgerVerification result_;
};

}  // namespace

LedgerVerification verify_ledger(store::Store& store) {
  return LedgerExamination{store}.run();
}

}  // namespace hart::bill
