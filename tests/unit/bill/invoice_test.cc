#include "bill/invoice.h"

#include <doctest/doctest.h>

#include "bill/verify.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

void add(store::Store& store, const std::string& id, const char* time,
         std::int64_t units_micros = 1'000'000'000) {
  UsageRecord usage = test::sample_usage(id, units_micros);
  usage.time = parse_time(time);
  (void)test::record(store, usage);
}

TEST_CASE("invoice: holds the month's entries, both sides of its limits") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  add(store, "last of october", "2026-10-31T23:59:59.999999Z");
  add(store, "first of november", "2026-11-01");
  add(store, "last of november", "2026-11-30T23:59:59.999999Z", 500'000'000);
  add(store, "first of december", "2026-12-01");

  const auto november = create_invoice(store, "2026-11", false);
  REQUIRE(november);
  CHECK(november->created);
  CHECK(november->invoice.number == "2026-11-001");
  CHECK(november->invoice.currency == "USD");
  REQUIRE(november->invoice.lines.size() == 1);
  CHECK(november->invoice.lines[0].events == 2);
  CHECK(november->invoice.lines[0].units_micros == 1'500'000'000);
  CHECK(november->invoice.total_micros == 3'000);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("invoice: making it again makes no second one, late usage gets one of its own") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  add(store, "1", "2026-11-01");
  const auto first = create_invoice(store, "2026-11", false);
  const auto again = create_invoice(store, "2026-11", false);
  REQUIRE((first && again));
  CHECK_FALSE(again->created);
  CHECK(again->invoice.number == first->invoice.number);
  CHECK(again->invoice.lines == first->invoice.lines);
  CHECK(find_invoices(store).size() == 1);

  add(store, "late", "2026-11-02", 7'000'000'000);
  const auto late = create_invoice(store, "2026-11", false);
  REQUIRE(late);
  CHECK(late->created);
  CHECK(late->invoice.number == "2026-11-002");
  CHECK(late->invoice.total_micros == 14'000);
  CHECK(find_invoices(store, "2026-11").size() == 2);
  CHECK(find_invoices(store, "2026-11-002").size() == 1);
  CHECK(find_invoices(store, "2026-12").empty());
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE(
    "invoice: usage at different prices stands on different lines that sum to the total") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  // Each entry is 0.0000015, rounded to 0.000002 by itself.
  for (int i = 0; i < 3; ++i) add(store, std::to_string(i), "2026-11-03", 750'000);
  UsageRecord grounded = test::sample_usage("grounded", 1'000'000'000);
  grounded.attributes = {{"evidence", 2}};
  (void)test::record(store, grounded);
  UsageRecord unrated = test::sample_usage("unrated", 1'000'000);
  unrated.operation = "dance";
  (void)test::record(store, unrated);

  const auto created = create_invoice(store, "2026-11", false);
  REQUIRE(created);
  const auto& lines = created->invoice.lines;
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].operation == "dance");
  CHECK(lines[0].amount_micros == 0);
  CHECK(lines[1].amount_micros == 6);
  CHECK(lines[2].multipliers_e4[2] == 12'500);
  CHECK(lines[2].amount_micros == 2'500);
  CHECK(created->invoice.total_micros == 2'506);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("invoice: a dry run shows it and keeps nothing; without usage there is none") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  CHECK_FALSE(create_invoice(store, "2026-11", false));
  add(store, "1", "2026-11-01");
  const auto shown = create_invoice(store, "2026-11", true);
  REQUIRE(shown);
  CHECK(shown->invoice.lines.size() == 1);
  CHECK(find_invoices(store).empty());
  CHECK_THROWS_AS((void)create_invoice(store, "november", false), Error);
}

TEST_CASE("invoice: a tenant sees only its own, and numbers them by itself") {
  const test::ScratchStore scratch{test::bill_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  add(mine, "1", "2026-11-01");
  REQUIRE(create_invoice(mine, "2026-11", false));
  CHECK(find_invoices(theirs).empty());
  CHECK_FALSE(create_invoice(theirs, "2026-11", false));
  add(theirs, "1", "2026-11-01");
  const auto created = create_invoice(theirs, "2026-11", false);
  REQUIRE(created);
  CHECK(created->invoice.number == "2026-11-001");
  CHECK(created->invoice.lines[0].events == 1);
}

constexpr const char* kTiered = R"({
  "name": "tiered", "currency": "USD", "effective_from": "2026-01-01",
  "operations": [{"operation": "generate_text", "unit": "token", "tiers": {"mode": "graduated",
    "steps": [{"up_to": "5", "rate": "7"}, {"up_to": "10", "rate": "6.50"}, {"rate": "6"}]}}],
  "discounts": [{"name": "partner", "percent": "10"}],
  "taxes": [{"name": "VAT", "percent": "19"}]})";

TEST_CASE("invoice: late usage corrects what depends on the month's quantity") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  (void)apply_plan(store, parse_plan(kTiered), false);
  add(store, "1", "2026-11-01", 6'000'000);
  const auto first = create_invoice(store, "2026-11", false);
  REQUIRE(first);
  // 41.50, less 4.15, and 19 % of 37.35 is 7.0965.
  REQUIRE(first->invoice.lines.size() == 3);
  CHECK(first->invoice.lines[0].amount_micros == 41'500'000);
  CHECK(first->invoice.lines[1].amount_micros == -4'150'000);
  CHECK(first->invoice.lines[2].amount_micros == 7'100'000);
  CHECK(first->invoice.total_micros == 44'450'000);

  add(store, "late", "2026-11-02", 14'000'000);
  const auto late = create_invoice(store, "2026-11", false);
  REQUIRE(late);
  CHECK(late->invoice.lines[0].amount_micros == 86'000'000);  // 127.50 less 41.50
  CHECK(late->invoice.lines[0].events == 1);
  // 127.50 less 12.75 is 114.75, its tax 21.8025; all of it 136.55.
  CHECK(late->invoice.total_micros + first->invoice.total_micros == 136'550'000);
  CHECK(verify_ledger(store).problems.empty());

  // A correction takes it back to the cent.
  add(store, "correction", "2026-11-03", -14'000'000);
  const auto credit = create_invoice(store, "2026-11", false);
  REQUIRE(credit);
  CHECK(credit->invoice.total_micros == -late->invoice.total_micros);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("invoice: a plan of later months changes none that was invoiced") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  std::string plan = kTiered;
  plan.replace(plan.find("6.50"), 4, "6.505");
  (void)apply_plan(store, parse_plan(plan), false);
  add(store, "1", "2026-11-01", 6'000'000);
  const auto first = create_invoice(store, "2026-11", false);
  REQUIRE(first);
  CHECK(first->invoice.decimal_places == 2);
  plan.replace(plan.find("2026-01-01"), 10, "2026-12-01");
  plan.insert(plan.find("\"operations\""), "\"decimal_places\": 6, ");
  (void)apply_plan(store, parse_plan(plan), false);
  CHECK_FALSE(create_invoice(store, "2026-11", false)->created);
  CHECK(find_invoices(store).size() == 1);
  add(store, "2", "2026-12-01", 6'000'000);
  CHECK(create_invoice(store, "2026-12", false)->invoice.decimal_places == 6);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("invoice: what a void one took is invoiced again, line by line the same") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  add(store, "1", "2026-11-01");
  const auto first = create_invoice(store, "2026-11", false);
  REQUIRE(first);
  CHECK(void_invoice(store, "2026-11-001", "wrong address", true));
  CHECK_FALSE(find_invoices(store)[0].void_reason);
  CHECK(void_invoice(store, "2026-11-001", "wrong address", false));
  CHECK_FALSE(void_invoice(store, "2026-11-001", "again", false));
  CHECK(find_invoices(store)[0].void_reason == "wrong address");
  const auto again = create_invoice(store, "2026-11", false);
  REQUIRE(again);
  CHECK(again->created);
  CHECK(again->invoice.number == "2026-11-002");
  CHECK(again->invoice.lines == first->invoice.lines);
  CHECK(verify_ledger(store).problems.empty());
  CHECK_THROWS_AS((void)void_invoice(store, "2026-11", "a month is no number", false), Error);
  CHECK_THROWS_AS((void)void_invoice(store, "2026-11-009", "none", false), Error);
}

TEST_CASE("invoice: a month of a plan that charges unused fees has an invoice without usage") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  (void)apply_plan(
      store, parse_plan(R"({"name": "fee", "currency": "EUR", "effective_from": "2026-01-01",
      "zero_usage": "charge", "operations": [{"operation": "o", "unit": "u", "tiers":
      {"mode": "graduated", "steps": [{"rate": "1", "flat_fee": "9.90"}]}}]})"),
      false);
  const auto created = create_invoice(store, "2026-11", false);
  REQUIRE(created);
  CHECK(created->invoice.total_micros == 9'900'000);
  CHECK_FALSE(create_invoice(store, "2026-11", false)->created);
  CHECK_FALSE(create_invoice(store, "2025-11", false));
  CHECK(verify_ledger(store).problems.empty());
}

}  // namespace
}  // namespace hart::bill
