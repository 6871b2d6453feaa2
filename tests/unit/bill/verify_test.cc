#include "bill/verify.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bill/credit.h"
#include "bill/invoice.h"
#include "fixture.h"

namespace hart::bill {
namespace {

/// Three entries, two of them on an invoice of two lines that a credit pays in part.
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
  CreditGrant credit;
  credit.key = "welcome";
  credit.amount_micros = 5'000;
  (void)grant_credit(store, credit, false);
  REQUIRE(create_invoice(store, "2026-11", false));
}

std::vector<std::string> problems(const test::ScratchStore& scratch) {
  store::Store store = scratch.open("default", false);
  return verify_ledger(store).problems;
}

std::string without_triggers() {
  std::string sql = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;";
  for (const char* table :
       {"billing_rate_plan", "billing_source", "billing_model", "billing_price",
        "billing_usage_ledger", "billing_invoice", "billing_invoice_line",
        "billing_invoice_void", "billing_credit_grant", "billing_credit_entry"})
    sql += "DROP TRIGGER " + std::string{table} + "_is_never_changed; DROP TRIGGER " +
           std::string{table} + "_is_never_deleted;";
  return sql + "DROP TRIGGER billing_usage_rollup_is_never_deleted;";
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
  CHECK(verified.credits == 2);
  CHECK(verified.total_micros == 2'000 + 5'000 + 6'000);
  CHECK(verified.head != Hash256{});
}

TEST_CASE("verify: a change to what is billed is found, whatever table it is in") {
  const std::string second = " WHERE billing_usage_ledger_id = (1 << 40) + 1";
  std::vector<std::string> changes;
  for (const char* set :
       {"billing_source_id = 9", "event_id = 'x'", "billing_price_id = 1",
        "billing_price_id = 9", "units_micros = units_micros + 1", "total_micros = 1",
        "attributes = '{}'", "attributes = '{'", "attributes = '{\"evidence\": 2}'",
        "occurred_us = occurred_us + 1", "recorded_us = recorded_us + 1",
        "entry_hash = zeroblob(32)", "entry_hash = zeroblob(31)",
        "billing_usage_ledger_id = (1 << 40) + 8"})
    changes.push_back("UPDATE billing_usage_ledger SET " + std::string{set} + second);
  changes.push_back("DELETE FROM billing_usage_ledger" + second);
  for (const char* change :
       {"DELETE FROM billing_usage_ledger WHERE billing_usage_ledger_id = (1 << 40) + 2",
        "UPDATE billing_source SET name = 'x'",
        "DELETE FROM billing_source",
        "UPDATE billing_model SET name = 'x'",
        "UPDATE billing_price SET operation = 'search' WHERE billing_price_id = 2",
        "UPDATE billing_price SET unit = 'query' WHERE billing_price_id = 2",
        "UPDATE billing_price SET billing_rate_plan_id = NULL WHERE billing_price_id = 2",
        "UPDATE billing_price SET billing_rate_plan_id = 9 WHERE billing_price_id = 2",
        "UPDATE billing_price SET currency = 'EUR' WHERE billing_price_id = 2",
        "UPDATE billing_price SET rated = 0 WHERE billing_price_id = 2",
        "UPDATE billing_price SET by_period = 1 WHERE billing_price_id = 2",
        "UPDATE billing_price SET base_rate_micros = 3 WHERE billing_price_id = 2",
        "UPDATE billing_price SET complexity_e4 = 1 WHERE billing_price_id = 2",
        "UPDATE billing_price SET content_type_e4 = 1 WHERE billing_price_id = 2",
        "UPDATE billing_price SET grounding_e4 = 1 WHERE billing_price_id = 2",
        "UPDATE billing_price SET debit_account = 'x' WHERE billing_price_id = 2",
        "UPDATE billing_price SET credit_account = 'x' WHERE billing_price_id = 2",
        "DELETE FROM billing_price WHERE billing_price_id = 2",
        "UPDATE billing_usage_rollup SET units_micros = 1 WHERE billing_price_id = 2",
        "UPDATE billing_usage_rollup SET events = 7 WHERE billing_price_id = 2",
        "UPDATE billing_usage_rollup SET last_sequence = 0 WHERE billing_price_id = 2",
        "DELETE FROM billing_usage_rollup WHERE billing_price_id = 2",
        "INSERT INTO billing_usage_rollup VALUES (1, 0, 1, 1, 1, 1, 1, 0, 0)",
        "UPDATE billing_rate_plan SET name = 'x'",
        "UPDATE billing_rate_plan SET currency = 'EUR'",
        "UPDATE billing_rate_plan SET content_hash = zeroblob(32)",
        "UPDATE billing_rate_plan SET document = '!'",
        "UPDATE billing_rate_plan SET document = replace(document, '0.000500', '0.000400')",
        "DELETE FROM billing_rate_plan",
        "UPDATE billing_invoice SET total_micros = 1",
        "UPDATE billing_invoice SET period_start_us = 0",
        "UPDATE billing_invoice SET number = '2026-10-001'",
        "UPDATE billing_invoice SET through_sequence = 1",
        "DELETE FROM billing_invoice",
        "UPDATE billing_invoice_line SET amount_micros = 1 WHERE position = 0",
        "UPDATE billing_invoice_line SET events = 9 WHERE position = 0",
        "UPDATE billing_invoice_line SET operation = 'x' WHERE position = 0",
        "DELETE FROM billing_invoice_line WHERE position = 0",
        "UPDATE billing_credit_grant SET priority = 7",
        "UPDATE billing_credit_grant SET expires_us = 9",
        "DELETE FROM billing_credit_grant",
        "UPDATE billing_credit_entry SET amount_micros = 6000 WHERE sequence = 1",
        "UPDATE billing_credit_entry SET kind = 2 WHERE sequence = 1",
        "UPDATE billing_credit_entry SET credit_account = 'x' WHERE sequence = 1",
        "DELETE FROM billing_credit_entry WHERE sequence = 0"})
    changes.emplace_back(change);

  for (const std::string& change : changes) {
    CAPTURE(change);
    const test::ScratchStore scratch{test::bill_modules()};
    fill(scratch);
    REQUIRE(scratch.tamper(without_triggers() + change) == "");
    CHECK_FALSE(problems(scratch).empty());
  }
}

TEST_CASE("verify: an invoice from before lines had a percentage is as good as one of now") {
  const test::ScratchStore scratch{test::bill_modules()};
  {
    store::Store store = scratch.open();
    (void)apply_plan(store, parse_plan(R"({"name": "taxed", "currency": "USD",
      "effective_from": "2026-01-01", "taxes": [{"name": "VAT", "percent": "19"}],
      "discounts": [{"name": "partner", "percent": "10"}],
      "operations": [{"operation": "generate_text", "unit": "token", "base_rate": "2"}]})"),
                     false);
    (void)test::record(store, test::sample_usage("1", 10'000'000));
    REQUIRE(create_invoice(store, "2026-11", false));
  }
  CHECK(problems(scratch).empty());
  const auto set_percentage = [&](const std::string& micros) {
    REQUIRE(scratch.tamper(without_triggers() +
                           "UPDATE billing_invoice_line SET base_rate_micros = " + micros +
                           " WHERE kind >= 4") == "");
  };
  SUBCASE("not said") {
    set_percentage("0");
    CHECK(problems(scratch).empty());
  }
  SUBCASE("said wrongly") {
    set_percentage("18000000");
    CHECK_FALSE(problems(scratch).empty());
  }
}

TEST_CASE("verify: nothing can be changed while the triggers stand") {
  const test::ScratchStore scratch{test::bill_modules()};
  fill(scratch);
  for (const char* change :
       {"UPDATE billing_usage_ledger SET total_micros = 0", "DELETE FROM billing_usage_ledger",
        "UPDATE billing_price SET base_rate_micros = 0", "DELETE FROM billing_source",
        "UPDATE billing_invoice SET total_micros = 0", "DELETE FROM billing_invoice_line",
        "UPDATE billing_rate_plan SET document = '{}'", "DELETE FROM billing_usage_rollup",
        "UPDATE billing_credit_entry SET amount_micros = 1",
        "DELETE FROM billing_credit_grant"}) {
    CAPTURE(change);
    CHECK(scratch.tamper(change).find("never") != std::string::npos);
  }
  CHECK(problems(scratch).empty());
}

}  // namespace
}  // namespace hart::bill
