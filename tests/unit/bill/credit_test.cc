#include "bill/credit.h"

#include <doctest/doctest.h>

#include "bill/invoice.h"
#include "bill/verify.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

GrantedCredit grant(store::Store& store, const char* key, std::int64_t micros,
                    std::int64_t priority = 0, std::optional<TimeUs> expires = {}) {
  CreditGrant one;
  one.key = key;
  one.amount_micros = micros;
  one.priority = priority;
  one.expires = expires;
  return grant_credit(store, one, false);
}

std::int64_t remaining(store::Store& store, const std::string& key) {
  for (const CreditGrant& one : credit_grants(store))
    if (one.key == key) return one.remaining_micros;
  return -1;
}

TEST_CASE("credit: drawn by priority, then by what expires first, before money is due") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  const TimeUs soon = now_us() + 3'600'000'000;
  (void)grant(store, "later", 1'000, 1);
  (void)grant(store, "never expires", 1'000, 0);
  (void)grant(store, "expires", 1'000, 0, soon);
  (void)test::record(store, test::sample_usage("1", 750'000'000));  // 0.0015
  const auto created = create_invoice(store, "2026-11", false);
  REQUIRE(created);
  CHECK(created->invoice.total_micros == 1'500);
  CHECK(created->invoice.credit_micros == 1'500);
  CHECK(remaining(store, "expires") == 0);
  CHECK(remaining(store, "never expires") == 500);
  CHECK(remaining(store, "later") == 1'000);

  UsageRecord december = test::sample_usage("2", 2'000'000'000);  // 0.004
  december.time = parse_time("2026-12-01");
  (void)test::record(store, december);
  CHECK(create_invoice(store, "2026-12", false)->invoice.credit_micros == 1'500);
  CHECK(remaining(store, "later") == 0);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("credit: what has expired is not drawn") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  CHECK_THROWS_AS((void)grant(store, "past", 1'000, 0, parse_time("2020-01-01")), Error);
  (void)grant(store, "brief", 1'000, 0, now_us() + 200'000);
  (void)test::record(store, test::sample_usage("1", 1'000'000'000));
  while (now_us() < credit_grants(store)[0].expires) {
  }
  CHECK(create_invoice(store, "2026-11", false)->invoice.credit_micros == 0);
  CHECK(remaining(store, "brief") == 1'000);
}

TEST_CASE("credit: granting again adds nothing, with another amount it is refused") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  CHECK_THROWS_AS((void)grant(store, "a", 1'000), Error);  // no plan, no currency
  test::apply_test_plan(store);
  CHECK(grant(store, "a", 1'000).granted);
  CHECK_FALSE(grant(store, "a", 1'000).granted);
  CHECK_THROWS_AS((void)grant(store, "a", 2'000), Error);
  CHECK_THROWS_AS((void)grant(store, "b", 0), Error);
  CHECK(credit_grants(store).size() == 1);
  CHECK(credit_entries(store).size() == 1);
}

TEST_CASE("credit: grants that no sum could hold together are refused") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  (void)grant(store, "most", INT64_MAX - 5);
  CHECK_THROWS_AS((void)grant(store, "too much", 6), Error);
  (void)grant(store, "the rest", 5);
  CHECK_FALSE(grant(store, "most", INT64_MAX - 5).granted);
  CHECK(credit_grants(store).size() == 2);
}

TEST_CASE("credit: a void invoice gives back what it drew, once") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  (void)grant(store, "a", 1'000);
  (void)test::record(store, test::sample_usage("1", 1'000'000'000));
  REQUIRE(create_invoice(store, "2026-11", false));
  CHECK(remaining(store, "a") == 0);
  CHECK(void_invoice(store, "2026-11-001", "wrong", false));
  CHECK_FALSE(void_invoice(store, "2026-11-001", "wrong", false));
  CHECK(remaining(store, "a") == 1'000);
  CHECK(create_invoice(store, "2026-11", false)->invoice.credit_micros == 1'000);
  CHECK(remaining(store, "a") == 0);
  CHECK(credit_entries(store).size() == 4);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("credit: tenants have credits of their own") {
  const test::ScratchStore scratch{test::bill_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  test::apply_test_plan(mine);
  test::apply_test_plan(theirs);
  (void)grant(mine, "a", 1'000);
  CHECK(credit_grants(theirs).empty());
  CHECK(credit_entries(theirs).empty());
  (void)test::record(theirs, test::sample_usage("1", 1'000'000'000));
  CHECK(create_invoice(theirs, "2026-11", false)->invoice.credit_micros == 0);
  CHECK(grant(theirs, "a", 5).granted);
}

TEST_CASE("credit: an entry's hash is that of the encoding in hart-receipt(5)") {
  CreditGrant one;
  one.key = "welcome";
  one.currency = "USD";
  one.amount_micros = 5'000'000;
  one.priority = 1;
  one.granted = 1'700'000'000'000'000;
  one.expires = 1'800'000'000'000'000;
  one.note = "hello";
  CreditEntry entry;
  entry.sequence = 1;
  entry.kind = CreditKind::draw;
  entry.invoice = "2026-11-001";
  entry.debit_account = "prepaid";
  entry.credit_account = "receivable";
  entry.amount_micros = 1'250'000;
  entry.recorded = 1'700'000'000'500'000;
  // Computed from the specification by a program of its own.
  CHECK(to_hex(credit_entry_hash(entry, one, Hash256{})) ==
        "32254fe55b739f520f14b56110343e4ad852224d375aaa7474bdebc00cf6342f");
}

}  // namespace
}  // namespace hart::bill
