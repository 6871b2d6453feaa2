#include "bill/ledger.h"

#include <doctest/doctest.h>

#include <thread>

#include "bill/meter_gate.h"
#include "bill/usage_totals.h"
#include "bill/verify.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

std::vector<LedgerEntry> entries(store::Store& store) {
  std::vector<LedgerEntry> all;
  for_each_ledger_entry(store, [&](const LedgerEntry& entry) { all.push_back(entry); });
  return all;
}

TEST_CASE("ledger: an entry is read back as it was recorded, in a chain") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  UsageRecord usage = test::sample_usage("e1", 1'000'000'000);
  usage.attributes = {{"tokens_in", 501}, {"model", "m"}};
  const LedgerEntry first = test::record(store, usage).entry;
  const LedgerEntry second = test::record(store, test::sample_usage("e2", 1)).entry;

  const auto all = entries(store);
  REQUIRE(all.size() == 2);
  CHECK(all[0].usage.attributes == usage.attributes);
  CHECK(all[0].rating == first.rating);
  CHECK(all[0].rating.total_micros == 4'000);
  CHECK(all[0].hash == first.hash);
  CHECK(all[0].previous_hash == Hash256{});
  CHECK(all[1].previous_hash == first.hash);
  CHECK(all[1].sequence == 1);
  CHECK(second.recorded >= first.recorded);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: an entry's hash is that of the encoding in hart-receipt(5)") {
  LedgerEntry entry;
  entry.usage = test::sample_usage("e1", 3'000'000);
  entry.usage.source = "app";
  entry.usage.time = 1'700'000'000'000'000;
  entry.usage.attributes = {{"evidence", 2}};
  entry.rating.billing_rate_plan_id = 1;
  entry.rating.currency = "USD";
  entry.rating.base_rate_micros = 20;
  entry.rating.multipliers_e4 = {10'000, 10'000, 20'000};
  entry.rating.total_micros = 120;
  entry.recorded = 1'700'000'000'500'000;
  // Computed from the specification by a program of its own.
  CHECK(to_hex(ledger_entry_hash(entry)) ==
        "ead5283f583ab0c761dbe6c0fcff0851a5322274b1c5a9db4905cdc1ad794c26");
}

TEST_CASE("ledger: replaying doubles nothing and answers what stands there") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  const auto first = test::record(store, test::sample_usage("e1", 1'000'000'000));
  const auto again = test::record(store, test::sample_usage("e1", 1'000'000'000));
  CHECK_FALSE(first.duplicate);
  CHECK(again.duplicate);
  CHECK(again.entry.hash == first.entry.hash);
  CHECK(entries(store).size() == 1);
  // The same event id of another source is another event.
  UsageRecord other = test::sample_usage("e1", 5);
  other.source = "elsewhere";
  CHECK_FALSE(test::record(store, other).duplicate);
}

TEST_CASE("ledger: the same event with other contents is refused and changes nothing") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  (void)test::record(store, test::sample_usage("e1", 5));
  CHECK_THROWS_AS((void)test::record(store, test::sample_usage("e1", 6)), Error);
  UsageRecord renamed = test::sample_usage("e1", 5);
  renamed.operation = "search";
  CHECK_THROWS_AS((void)test::record(store, renamed), Error);
  CHECK(entries(store).size() == 1);
}

TEST_CASE("ledger: a refused record leaves the transaction usable") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  store::WriteTransaction transaction{store};
  LedgerWriter ledger{store};
  (void)ledger.record(test::sample_usage("e1", 1));
  UsageRecord nameless = test::sample_usage("", 1);
  CHECK_THROWS_AS((void)ledger.record(nameless), Error);
  (void)ledger.record(test::sample_usage("e2", 1));
  CHECK(ledger.record(test::sample_usage("e2", 1)).duplicate);
  transaction.commit();
  CHECK(entries(store).size() == 2);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: usage costs what the plan of its time says, whenever it is recorded") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  UsageRecord early = test::sample_usage("before any plan", 1'000'000'000);
  early.time = parse_time("2025-12-31T23:59:59.999999Z");
  const LedgerEntry unrated = test::record(store, early).entry;
  CHECK_FALSE(unrated.rating.rated);
  CHECK(unrated.rating.total_micros == 0);
  early.event_id = "with the plan's first instant";
  early.time = parse_time("2026-01-01");
  CHECK(test::record(store, early).entry.rating.total_micros == 2'000);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: two writers at once double nothing and lose nothing") {
  const test::ScratchStore scratch{test::bill_modules()};
  constexpr int kEvents = 20;
  const auto write = [&] {
    store::Store store = scratch.open();
    for (int i = 0; i < kEvents; ++i)
      (void)test::record(store, test::sample_usage(std::to_string(i), 1'000'000));
  };
  std::thread other{write};
  write();
  other.join();
  store::Store store = scratch.open("default", false);
  CHECK(entries(store).size() == kEvents);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: tenants have ledgers of their own") {
  const test::ScratchStore scratch{test::bill_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  (void)test::record(mine, test::sample_usage("e1", 1'000'000));
  CHECK(entries(theirs).empty());
  CHECK(usage_totals(theirs, {}).empty());
  const auto outcome = test::record(theirs, test::sample_usage("e1", 7));
  CHECK_FALSE(outcome.duplicate);
  CHECK(outcome.entry.sequence == 0);
  CHECK(outcome.entry.previous_hash == Hash256{});
  CHECK(entries(mine).size() == 1);
}

TEST_CASE("usage totals: events are added up by what is asked for, within the period") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  const auto add = [&](const char* id, const char* time, const char* model) {
    UsageRecord usage = test::sample_usage(id, 1'000'000'000);
    usage.time = parse_time(time);
    usage.attributes = {{"model", model}};
    (void)test::record(store, usage);
  };
  add("1", "2026-11-01", "a");
  add("2", "2026-11-01T23:59:59Z", "b");
  add("3", "2026-11-02", "a");
  UsageRecord unknown = test::sample_usage("4", 1'000'000);
  unknown.unit = "page";
  (void)test::record(store, unknown);

  const auto all = usage_totals(store, {});
  REQUIRE(all.size() == 2);
  CHECK(all[0].unit == "page");
  CHECK(all[0].unrated_events == 1);
  CHECK(all[1].events == 3);
  CHECK(all[1].units_micros == 3'000'000'000);
  CHECK(all[1].amount_micros == 6'000);
  CHECK(all[1].unrated_events == 0);
  CHECK(all[1].currency == "USD");

  UsageQuery query;
  query.since = parse_time("2026-11-01");
  query.until = parse_time("2026-11-02");
  query.by_model = true;
  query.by_day = true;
  const auto first_day = usage_totals(store, query);
  REQUIRE(first_day.size() == 2);
  CHECK(first_day[0].model == "a");
  CHECK(first_day[1].model == "b");
  CHECK(first_day[1].day == "2026-11-01");
}

TEST_CASE("month period: from its first instant to the next month's") {
  CHECK(month_period("2026-11") == Period{parse_time("2026-11-01"), parse_time("2026-12-01")});
  CHECK(month_period("2026-12") == Period{parse_time("2026-12-01"), parse_time("2027-01-01")});
  CHECK(month_period("2026-09").end == parse_time("2026-10-01"));
  for (const char* bad : {"2026-13", "2026-00", "2026", "2026-1", "2026-11-01", "", "abcd-ef"})
    CHECK_THROWS_AS((void)month_period(bad), Error);
}

TEST_CASE("meter gate: what is settled stands in the ledger, what is released does not") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  MeterGate gate{store};
  const auto used = gate.reserve({"generate_text", 5'000'000});
  const auto unused = gate.reserve({"generate_text", 5'000'000});
  gate.settle(used, test::sample_usage("e1", 3'000'000));
  gate.release(unused);
  CHECK(entries(store).size() == 1);
  CHECK_THROWS_AS(gate.settle(used, test::sample_usage("e2", 1)), Error);
  CHECK_THROWS_AS(gate.settle(unused, test::sample_usage("e3", 1)), Error);
  CHECK(entries(store).size() == 1);
}

TEST_CASE("meter gate: a group is written when it is full, flushed or the gate goes away") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  const auto settle = [](MeterGate& gate, const std::string& id) {
    gate.settle(gate.reserve({"generate_text", 1}), test::sample_usage(id, 1));
  };
  {
    MeterGate gate{store, 3};
    settle(gate, "1");
    settle(gate, "2");
    CHECK(entries(store).empty());
    settle(gate, "3");
    CHECK(entries(store).size() == 3);
    settle(gate, "4");
    gate.flush();
    CHECK(entries(store).size() == 4);
    settle(gate, "5");
  }
  CHECK(entries(store).size() == 5);
}

TEST_CASE("meter gate: an inactive tenant is denied, a store for reading refused") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  store::Store reading = scratch.open("default", false);
  CHECK_THROWS_AS(MeterGate{reading}, Error);
  MeterGate gate{store};
  gate.release(gate.reserve({"search", 1}));
  REQUIRE(scratch.tamper("UPDATE tenant SET active = 0") == "");
  CHECK_THROWS_AS((void)gate.reserve({"search", 1}), Error);
}

}  // namespace
}  // namespace hart::bill
