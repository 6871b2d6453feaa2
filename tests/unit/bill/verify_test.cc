#include "bill/verify.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bill/invoice.h"
#include "fixture.h"

namespace hart::bill {
namespace {

/// Three entries, two of them on an invoice of two lines.
void fill(const test::ScratchStore& scratch) {
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  (void)test::record(store, test::sample_usage("1", 1'000'000'000));
  UsageRecord grounded = test::sample_usage("2", 2'000'000'000);
  grounded.attributes = {{"evidence", 2}};
  (void)test::record(store, grounded);
  UsageRecord december = test::sample_usage("3", 3'000'000'000);
  december.time = parse_time("2026-12-01");
  (void)test::record(store, december);
  REQUIRE(create_invoice(store, "2026-11", false));
}

std::vector<std::string> problems(const test::ScratchStore& scratch) {
  store::Store store = scratch.open("default", false);
  return verify_ledger(store).problems;
}

std::string without_triggers() {
  std::string sql = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
  for (const char* table : {"billing_rate_plan", "billing_operation_rate", "billing_multiplier",
                            "billing_usage_ledger", "billing_entry", "billing_invoice",
                            "billing_invoice_line", "billing_invoice_item"})
    sql += "DROP TRIGGER " + std::string{table} + "_is_never_changed; DROP TRIGGER " +
           std::string{table} + "_is_never_deleted;";
  return sql;
}

TEST_CASE("verify: an untouched ledger has no problems") {
  const test::ScratchStore scratch{test::bill_modules()};
  CHECK(problems(scratch).empty());
  fill(scratch);
  store::Store store = scratch.open("default", false);
  const LedgerVerification verified = verify_ledger(store);
  CHECK(verified.problems.empty());
  CHECK(verified.entries == 3);
  CHECK(verified.invoices == 1);
  CHECK(verified.total_micros == 2'000 + 5'000 + 6'000);
  CHECK(verified.head != Hash256{});
}

TEST_CASE("verify: a change to what is billed is found, whatever table it is in") {
  const std::string second = " WHERE sequence = 1";
  std::vector<std::string> changes;
  for (const char* set : {"source = 'x'",
                          "event_id = 'x'",
                          "operation = 'search'",
                          "unit = 'query'",
                          "units_micros = units_micros + 1",
                          "billing_rate_plan_id = NULL",
                          "billing_rate_plan_id = 9",
                          "currency = 'EUR'",
                          "base_rate_micros = 3",
                          "complexity_e4 = 1",
                          "content_type_e4 = 1",
                          "grounding_e4 = 1",
                          "total_micros = 1",
                          "attributes = '{}'",
                          "attributes = '{'",
                          "occurred_us = occurred_us + 1",
                          "recorded_us = recorded_us + 1",
                          "previous_hash = zeroblob(32)",
                          "entry_hash = zeroblob(32)",
                          "entry_hash = zeroblob(31)",
                          "sequence = 8"})
    changes.push_back("UPDATE billing_usage_ledger SET " + std::string{set} + second);
  for (const char* change :
       {"DELETE FROM billing_usage_ledger WHERE sequence = 1",
        "DELETE FROM billing_usage_ledger WHERE sequence = 2",
        "UPDATE billing_entry SET amount_micros = 1 WHERE billing_usage_ledger_id = 2",
        "UPDATE billing_entry SET debit_account = 'x' WHERE billing_usage_ledger_id = 2",
        "UPDATE billing_entry SET credit_account = 'x' WHERE billing_usage_ledger_id = 2",
        "DELETE FROM billing_entry WHERE billing_usage_ledger_id = 2",
        "UPDATE billing_rate_plan SET name = 'x'",
        "UPDATE billing_rate_plan SET currency = 'EUR'",
        "UPDATE billing_rate_plan SET content_hash = zeroblob(32)",
        "DELETE FROM billing_rate_plan",
        "UPDATE billing_operation_rate SET base_rate_micros = 1 WHERE position = 1",
        "DELETE FROM billing_operation_rate WHERE position = 1",
        "UPDATE billing_multiplier SET value_e4 = 1 WHERE position = 1",
        "UPDATE billing_multiplier SET criteria = '{}' WHERE position = 1",
        "UPDATE billing_multiplier SET criteria = '!' WHERE position = 1",
        "UPDATE billing_multiplier SET multiplier_type = 'grounding' WHERE position = 1",
        "UPDATE billing_invoice SET total_micros = 1",
        "UPDATE billing_invoice SET period_start_us = 0",
        "UPDATE billing_invoice SET number = '2026-10-001'",
        "DELETE FROM billing_invoice",
        "UPDATE billing_invoice_line SET amount_micros = 1 WHERE position = 0",
        "UPDATE billing_invoice_line SET events = 9 WHERE position = 0",
        "UPDATE billing_invoice_line SET operation = 'x' WHERE position = 0",
        "DELETE FROM billing_invoice_line WHERE position = 0",
        "DELETE FROM billing_invoice_item WHERE billing_usage_ledger_id = 1",
        "INSERT INTO billing_invoice_item VALUES (3, 1, 1, 0)"})
    changes.emplace_back(change);

  for (const std::string& change : changes) {
    CAPTURE(change);
    const test::ScratchStore scratch{test::bill_modules()};
    fill(scratch);
    REQUIRE(scratch.tamper(without_triggers() + change) == "");
    CHECK_FALSE(problems(scratch).empty());
  }
}

TEST_CASE("verify: nothing can be changed while the triggers stand") {
  const test::ScratchStore scratch{test::bill_modules()};
  fill(scratch);
  for (const char* change :
       {"UPDATE billing_usage_ledger SET total_micros = 0", "DELETE FROM billing_usage_ledger",
        "UPDATE billing_entry SET amount_micros = 0", "DELETE FROM billing_entry",
        "UPDATE billing_invoice SET total_micros = 0", "DELETE FROM billing_invoice_item",
        "UPDATE billing_operation_rate SET base_rate_micros = 0",
        "DELETE FROM billing_multiplier"}) {
    CAPTURE(change);
    CHECK(scratch.tamper(change).find("never") != std::string::npos);
  }
  CHECK(problems(scratch).empty());
}

}  // namespace
}  // namespace hart::bill
