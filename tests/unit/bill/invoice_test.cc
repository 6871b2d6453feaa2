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
  CHECK(recompute_invoice_lines(store, created->invoice.billing_invoice_id) == lines);
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
  CHECK(recompute_invoice_lines(theirs, 1).empty());
  CHECK_FALSE(create_invoice(theirs, "2026-11", false));
  add(theirs, "1", "2026-11-01");
  const auto created = create_invoice(theirs, "2026-11", false);
  REQUIRE(created);
  CHECK(created->invoice.number == "2026-11-001");
  CHECK(created->invoice.lines[0].events == 1);
}

}  // namespace
}  // namespace hart::bill
