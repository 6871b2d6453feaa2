#include "bill/ledger.h"

#include <doctest/doctest.h>

#include <thread>

#include "bill/meter_gate.h"
#include "bill/period.h"
#include "bill/quota.h"
#include "bill/usage_totals.h"
#include "bill/verify.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

std::vector<LedgerEntry> entries(store::Store& store) {
  std::vector<LedgerEntry> all;
  for_each_ledger_entry(store, 0, [&](const LedgerEntry& entry) {
    all.push_back(entry);
    return true;
  });
  return all;
}

TEST_CASE("ledger: an entry is read back as it was recorded, in a chain") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  UsageRecord usage = test::sample_usage("e1", 1'000'000'000);
  usage.attributes = {{"tokens_in", 501}, {"model", "m"}};
  CHECK(test::record(store, usage).sequence == 0);
  CHECK(test::record(store, test::sample_usage("e2", 1)).sequence == 1);

  const auto all = entries(store);
  REQUIRE(all.size() == 2);
  CHECK(all[0].usage.attributes == usage.attributes);
  CHECK(all[0].usage.source == "test");
  CHECK(all[0].usage.event_id == "e1");
  CHECK(all[0].usage.time == usage.time);
  CHECK(all[0].price.multipliers_e4[0] == 20'000);
  CHECK(all[0].total_micros == 4'000);
  UsageEvent event = usage_event(all[1].usage);
  CHECK(all[1].hash == ledger_entry_hash(1, event, event.time, all[1].price,
                                         all[1].total_micros, all[1].recorded, all[0].hash));
  CHECK(all[1].recorded > all[0].recorded);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: an entry's hash is that of the encoding in hart-receipt(5)") {
  UsageRecord usage = test::sample_usage("e1", 3'000'000);
  usage.source = "app";
  usage.time = 1'700'000'000'000'000;
  usage.attributes = {{"evidence", 2}};
  Price price;
  price.billing_rate_plan_id = 1;
  price.currency = "USD";
  price.base_rate_micros = 20;
  price.multipliers_e4 = {10'000, 10'000, 20'000};
  // Computed from the specification by a program of its own.
  CHECK(to_hex(ledger_entry_hash(0, usage_event(usage), usage.time, price, 120,
                                 1'700'000'000'500'000, Hash256{})) ==
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
  CHECK(again.sequence == first.sequence);
  CHECK(again.total_micros == first.total_micros);
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

TEST_CASE("ledger: a refused record leaves the batch usable") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  const UsageRecord first = test::sample_usage("e1", 1);
  const UsageRecord second = test::sample_usage("e2", 1);
  const UsageRecord other = test::sample_usage("e1", 2);
  {
    LedgerBatch batch{store};
    (void)batch.record(usage_event(first));
    CHECK_THROWS_AS((void)batch.record(usage_event(other)), Error);
    (void)batch.record(usage_event(second));
    CHECK(batch.record(usage_event(second)).duplicate);
    batch.commit();
  }
  CHECK(entries(store).size() == 2);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: usage costs what the plan of its time says, whenever it is recorded") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  UsageRecord early = test::sample_usage("before any plan", 1'000'000'000);
  early.time = parse_time("2025-12-31T23:59:59.999999Z");
  CHECK(test::record(store, early).total_micros == 0);
  CHECK_FALSE(entries(store)[0].price.rated);
  early.event_id = "with the plan's first instant";
  early.time = parse_time("2026-01-01");
  CHECK(test::record(store, early).total_micros == 2'000);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: what is not committed is not there, and its places are given again") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  const UsageRecord usage = test::sample_usage("e1", 1);
  {
    LedgerBatch batch{store};
    CHECK(batch.record(usage_event(usage)).sequence == 0);
  }
  CHECK(entries(store).empty());
  CHECK(usage_totals(store, {}).empty());
  CHECK(test::record(store, usage).sequence == 0);
  CHECK(verify_ledger(store).problems.empty());
}

TEST_CASE("ledger: an hour that could not hold the units refuses the event and nothing else") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  (void)test::record(store, test::sample_usage("e1", INT64_MAX));
  CHECK_THROWS_AS((void)test::record(store, test::sample_usage("e2", 1)), Error);
  UsageRecord later = test::sample_usage("e3", 1);
  later.time += kHourUs;
  CHECK_FALSE(test::record(store, later).duplicate);
  CHECK(entries(store).size() == 2);
}

TEST_CASE("ledger: a replay is answered where there is no room for the event again") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  (void)test::record(store, test::sample_usage("e1", INT64_MAX));
  CHECK(test::record(store, test::sample_usage("e1", INT64_MAX)).duplicate);
  // By this plan it would cost more than can be written.
  (void)apply_plan(store, parse_plan(R"({"name": "dear", "currency": "USD",
      "effective_from": "2026-01-01", "operations": [
        {"operation": "generate_text", "unit": "token", "base_rate": "1000"}]})"),
                   false);
  const auto again = test::record(store, test::sample_usage("e1", INT64_MAX));
  CHECK(again.duplicate);
  CHECK(again.total_micros == 0);
  CHECK_THROWS_AS((void)test::record(store, test::sample_usage("e2", INT64_MAX)), Error);
  CHECK(entries(store).size() == 1);
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
  CHECK(outcome.sequence == 0);
  CHECK(verify_ledger(theirs).problems.empty());
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

TEST_CASE("usage totals: an hour that the query cuts is added up entry by entry") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  // In no order, as late events come.
  int id = 0;
  for (const char* time :
       {"2026-11-01T11:30:00Z", "2026-11-01T09:59:59Z", "2026-11-01T10:00:00Z",
        "2026-11-01T10:30:00Z", "2026-11-01T12:00:00Z"}) {
    UsageRecord usage = test::sample_usage(std::to_string(++id), 1'000'000);
    usage.time = parse_time(time);
    (void)test::record(store, usage);
  }
  const auto events = [&](const char* since, const char* until) {
    UsageQuery query;
    query.since = parse_time(since);
    query.until = parse_time(until);
    const auto totals = usage_totals(store, query);
    return totals.empty() ? 0 : totals[0].events;
  };
  CHECK(events("2026-11-01T09:59:59Z", "2026-11-01T12:00:01Z") == 5);
  CHECK(events("2026-11-01T10:00:00Z", "2026-11-01T12:00:00Z") == 3);
  CHECK(events("2026-11-01T10:00:01Z", "2026-11-01T11:30:00Z") == 1);
  CHECK(events("2026-11-01T10:00:00Z", "2026-11-01T10:30:00Z") == 1);
  CHECK(events("2026-11-01T10:10:00Z", "2026-11-01T10:20:00Z") == 0);
  CHECK(events("2026-11-01T10:30:00Z", "2026-11-01T10:30:01Z") == 1);
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

TEST_CASE(
    "meter gate: what is settled goes into the caller's transaction, and comes to be with it") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  CHECK(set_quota(store, QuotaResource::tokens, QuotaPeriod::month, true, 10'000'000));
  MeterGate gate{store, SIZE_MAX};
  const auto settle = [&](const std::string& id) {
    UsageRecord usage = test::sample_usage(id, 4'000'000);
    usage.time = now_us();
    gate.settle(gate.reserve({"generate_text", 4'000'000, "token"}), usage);
  };
  {
    settle("1");
    store::WriteTransaction transaction{store};
    store.db().exec("INSERT INTO tenant (name, created_us) VALUES ('beside', 1)");
    gate.commit(transaction);
  }
  CHECK(entries(store).size() == 1);
  CHECK(store.db().query_integer("SELECT COUNT(*) FROM tenant WHERE name = 'beside'") == 1);
  CHECK(quotas(store)[0].used_micros == 4'000'000);
  CHECK(quotas(store)[0].reserved_micros == 0);
  {
    store::WriteTransaction transaction{store};
    gate.commit(transaction);
  }
  CHECK(entries(store).size() == 1);
  // What cannot be written gives back what was set aside for it.
  UsageRecord other = test::sample_usage("1", 1);
  gate.settle(gate.reserve({"generate_text", 4'000'000, "token"}), other);
  {
    store::WriteTransaction transaction{store};
    CHECK_THROWS_AS(gate.commit(transaction), Error);
  }
  CHECK(entries(store).size() == 1);
  CHECK(quotas(store)[0].reserved_micros == 0);
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
