#include "bill/quota.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "bill/ledger.h"
#include "bill/meter_gate.h"
#include "bill/quota_reserver.h"
#include "bill/quota_violation.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

constexpr std::int64_t kOne = 1'000'000;

void limit(store::Store& store, QuotaResource resource, std::int64_t most,
           QuotaPeriod period = QuotaPeriod::month, bool hard = true) {
  CHECK(set_quota(store, resource, period, hard, most * kOne));
}

UsageRecord use_now(const std::string& event_id, std::int64_t tokens) {
  UsageRecord usage = test::sample_usage(event_id, tokens * kOne);
  usage.time = now_us();
  return usage;
}

UsageRequest tokens(std::int64_t count) {
  return {"generate_text", count * kOne, "token"};
}

bool refused(UsageGate& gate, const UsageRequest& request) {
  try {
    gate.release(gate.reserve(request));
    return false;
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::denied);
    return true;
  }
}

Quota only_quota(store::Store& store) {
  const std::vector<Quota> all = quotas(store);
  REQUIRE(all.size() == 1);
  return all.front();
}

TEST_CASE("quota: a window begins at a full minute, day or month") {
  const TimeUs time = parse_time("2028-02-29T13:45:59.5Z");
  CHECK(format_time(window_start(QuotaPeriod::minute, time)) == "2028-02-29T13:45:00.000000Z");
  CHECK(format_time(window_end(QuotaPeriod::minute, time)) == "2028-02-29T13:46:00.000000Z");
  CHECK(format_time(window_start(QuotaPeriod::day, time)) == "2028-02-29T00:00:00.000000Z");
  CHECK(format_time(window_end(QuotaPeriod::day, time)) == "2028-03-01T00:00:00.000000Z");
  CHECK(format_time(window_start(QuotaPeriod::month, time)) == "2028-02-01T00:00:00.000000Z");
  CHECK(format_time(window_end(QuotaPeriod::month, parse_time("2028-12-31"))) ==
        "2029-01-01T00:00:00.000000Z");
}

TEST_CASE("quota: a use counts by its unit, and as one request unless it is several queries") {
  CHECK(quota_amounts("token", 7 * kOne, 3).micros ==
        std::array<std::int64_t, 4>{7 * kOne, kOne, 3, 0});
  CHECK(quota_amounts("byte", 7 * kOne, 0).micros ==
        std::array<std::int64_t, 4>{0, kOne, 0, 7 * kOne});
  CHECK(quota_amounts("query", 7 * kOne, 0).micros ==
        std::array<std::int64_t, 4>{0, 7 * kOne, 0, 0});
  CHECK(quota_amounts("token", -kOne, -2).micros ==
        std::array<std::int64_t, 4>{-kOne, 0, -2, 0});
}

TEST_CASE("quota: counters begin anew with a window and never go back to an earlier one") {
  Quota quota;
  quota.period = QuotaPeriod::day;
  quota.limit_micros = 10;
  quota.start = parse_time("2026-11-05");
  quota.used_micros = 8;
  quota.reserved_micros = 2;
  CHECK_FALSE(quota.has_room(1));
  CHECK(quota.has_room(0));
  quota.roll(parse_time("2026-11-04"));
  CHECK(quota.used_micros == 8);
  quota.roll(parse_time("2026-11-06T01:00:00Z"));
  CHECK(quota.start == parse_time("2026-11-06"));
  CHECK(quota.has_room(10));
  CHECK_FALSE(quota.has_room(11));
}

TEST_CASE("quota: a reservation is replaced by what was used, or given back") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 100);
  MeterGate gate{store};
  const auto first = gate.reserve(tokens(60));
  CHECK(only_quota(store).reserved_micros == 60 * kOne);
  CHECK(refused(gate, tokens(41)));
  const auto second = gate.reserve(tokens(40));
  CHECK(refused(gate, tokens(1)));
  gate.settle(first, use_now("1", 25));
  CHECK(only_quota(store).used_micros == 25 * kOne);
  CHECK(only_quota(store).reserved_micros == 40 * kOne);
  gate.release(second);
  CHECK(only_quota(store).reserved_micros == 0);
  CHECK_FALSE(refused(gate, tokens(75)));
  CHECK(refused(gate, tokens(76)));
}

TEST_CASE("quota: what hart-bill recorded counts once, and what is of an earlier window not") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 100);
  (void)test::record(store, use_now("1", 30));
  const UsageRecord again = use_now("2", 30);
  (void)test::record(store, again);
  (void)test::record(store, again);
  UsageRecord old = use_now("3", 9);
  old.time = parse_time("2020-01-01");
  (void)test::record(store, old);
  CHECK(only_quota(store).used_micros == 60 * kOne);
}

TEST_CASE("quota: a new limit counts what the ledger has of its window") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  (void)test::record(store, use_now("1", 30));
  (void)test::record(store, use_now("2", 40));
  limit(store, QuotaResource::tokens, 100, QuotaPeriod::day);
  limit(store, QuotaResource::requests, 100, QuotaPeriod::day);
  limit(store, QuotaResource::money, 100, QuotaPeriod::day);
  const std::vector<Quota> all = quotas(store);
  REQUIRE(all.size() == 3);
  CHECK(all[0].used_micros == 70 * kOne);
  CHECK(all[1].used_micros == 2 * kOne);
  CHECK(all[2].used_micros == 140);
  CHECK_FALSE(set_quota(store, QuotaResource::tokens, QuotaPeriod::day, true, 100 * kOne));
  CHECK(set_quota(store, QuotaResource::tokens, QuotaPeriod::day, true, 50 * kOne));
  CHECK(quotas(store)[0].used_micros == 70 * kOne);
  CHECK(set_quota(store, QuotaResource::tokens, QuotaPeriod::day, true, std::nullopt));
  CHECK(quotas(store).size() == 2);
}

TEST_CASE("quota: a new limit counts each use as a request, however little it was") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  for (const char* id : {"1", "2", "3", "4"}) {
    UsageRecord quarter = use_now(id, 0);
    quarter.units_micros = kOne / 4;
    (void)test::record(store, quarter);
  }
  limit(store, QuotaResource::requests, 100);
  CHECK(only_quota(store).used_micros == 4 * kOne);
}

TEST_CASE("quota: money is set aside at the most that the plan can ask") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  // 0.000002 a token × 2 × 1.25 at most
  CHECK(set_quota(store, QuotaResource::money, QuotaPeriod::month, true, 5'000));
  MeterGate gate{store};
  CHECK(refused(gate, tokens(1'001)));
  const auto held = gate.reserve(tokens(1'000));
  CHECK(refused(gate, tokens(1)));
  gate.settle(held, use_now("1", 1'000));
  CHECK(only_quota(store).used_micros == 2'000);
  CHECK_FALSE(refused(gate, tokens(600)));
}

TEST_CASE("quota: a soft limit refuses nothing and records one violation a window") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 100, QuotaPeriod::month, false);
  MeterGate gate{store};
  gate.settle(gate.reserve(tokens(500)), use_now("1", 100));
  CHECK(quota_violations(store, 0).empty());
  for (const char* id : {"2", "3", "4"}) gate.settle(gate.reserve(tokens(500)), use_now(id, 1));
  const auto violations = quota_violations(store, 0);
  REQUIRE(violations.size() == 1);
  CHECK_FALSE(violations[0].quota.hard);
  CHECK(violations[0].times == 3);
  CHECK(violations[0].quota.used_micros == 100 * kOne);
  CHECK(violations[0].asked_micros == kOne);
  CHECK(only_quota(store).used_micros == 103 * kOne);
}

TEST_CASE("quota: a refusal is a violation, unless the caller would ask for less") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 10);
  MeterGate gate{store};
  UsageRequest tentative = tokens(11);
  tentative.tentative = true;
  CHECK(refused(gate, tentative));
  CHECK(quota_violations(store, 0).empty());
  CHECK(refused(gate, tokens(11)));
  CHECK(refused(gate, tokens(12)));
  const auto violations = quota_violations(store, 0);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].times == 2);
  CHECK(violations[0].asked_micros == 11 * kOne);
}

TEST_CASE("quota: tenants have quotas and violations of their own") {
  const test::ScratchStore scratch{test::bill_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  limit(mine, QuotaResource::requests, 0);
  MeterGate my_gate{mine};
  MeterGate their_gate{theirs};
  CHECK(refused(my_gate, tokens(1)));
  CHECK_FALSE(refused(their_gate, tokens(1)));
  CHECK(quotas(theirs).empty());
  CHECK(quota_violations(theirs, 0).empty());
}

TEST_CASE("quota: a reservation may be made while the store shows a snapshot") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 10);
  MeterGate gate{store};
  const store::Snapshot snapshot{store.db()};
  CHECK_FALSE(refused(gate, tokens(10)));
  CHECK(refused(gate, tokens(11)));
}

TEST_CASE("quota: what a killed process had set aside is taken away before a use is refused") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 100);
  const pid_t child = ::fork();
  if (child == 0) {
    store::Store own = scratch.open();
    MeterGate gate{own};
    (void)gate.reserve(tokens(90));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  // Nobody has it set aside any more, though it stands in the file still.
  CHECK(only_quota(store).reserved_micros == 0);
  MeterGate gate{store};
  MeterGate living{store};
  const auto held = living.reserve(tokens(10));
  CHECK(refused(gate, tokens(91)));
  CHECK(only_quota(store).reserved_micros == 10 * kOne);
  CHECK_FALSE(refused(gate, tokens(90)));
  living.release(held);
}

TEST_CASE("quota: 16 writers together use exactly what a hard limit has room for") {
  constexpr int kWriters = 16;
  constexpr std::int64_t kLimit = 100;
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, kLimit);
  std::atomic<std::int64_t> settled{0};
  std::atomic<int> failures{0};
  const auto write = [&](int writer) {
    try {
      store::Store own{{scratch.directory(), "default", 60'000, true}};
      MeterGate gate{own};
      for (int i = 0; i < 12; ++i) {
        UsageGate::Reservation held = 0;
        try {
          held = gate.reserve(tokens(3));
        } catch (const Error& error) {
          if (error.fault() != Fault::denied) ++failures;
          continue;
        }
        // Some are given back, some use less than they set aside.
        if (i % 4 == 3) {
          gate.release(held);
          continue;
        }
        const std::int64_t used = i % 2 == 0 ? 3 : 2;
        gate.settle(held, use_now(std::to_string(writer * 100 + i), used));
        settled += used;
      }
    } catch (const Error&) {
      ++failures;
    }
  };
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) writers.emplace_back(write, i);
  for (std::thread& writer : writers) writer.join();
  CHECK(failures == 0);
  const Quota quota = only_quota(store);
  CHECK(quota.used_micros == settled * kOne);
  CHECK(quota.reserved_micros == 0);
  CHECK(settled <= kLimit);
  // All of them asked for 384: only the last two tokens can have been too few.
  CHECK(settled >= kLimit - 2);
}

/// Uses 2 or 3 tokens at a time as long as there is room, unless it is to be killed before.
[[noreturn]] void use_until_refused(const test::ScratchStore& scratch, int writer) {
  try {
    store::Store own{{scratch.directory(), "default", 60'000, true}};
    MeterGate gate{own};
    for (int i = 0;; ++i) {
      const auto held = gate.reserve(tokens(3));
      if (writer % 4 == 0 && i == 1) ::kill(::getpid(), SIGKILL);
      gate.settle(held, use_now(std::to_string(writer) + "/" + std::to_string(i), 2 + i % 2));
    }
  } catch (const Error& error) {
    ::_exit(error.fault() == Fault::denied ? 0 : 1);
  }
}

TEST_CASE("quota: 16 processes, some of them killed, use no more than a hard limit") {
  constexpr std::int64_t kLimit = 150;
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, kLimit);
  std::vector<pid_t> children;
  children.reserve(16);
  for (int writer = 0; writer < 16; ++writer) {
    children.push_back(::fork());
    if (children.back() == 0) use_until_refused(scratch, writer);
    // At any moment, also between what is settled and what is given back.
    if (writer % 5 == 4) ::kill(children[static_cast<std::size_t>(writer) - 2], SIGKILL);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  }
  const Quota quota = only_quota(store);
  std::int64_t recorded = 0;
  for_each_ledger_entry(store, 0, [&](const LedgerEntry& entry) {
    recorded += entry.usage.units_micros;
    return true;
  });
  CHECK(quota.used_micros == recorded);
  CHECK(quota.used_micros <= kLimit * kOne);
  CHECK(quota.reserved_micros == 0);
  // What was refused last would not have fitted, and the rest of the room is there.
  MeterGate gate{store};
  const std::int64_t left = kLimit - quota.used_micros / kOne;
  CHECK(left < 3);
  CHECK_FALSE(refused(gate, tokens(left)));
  CHECK(refused(gate, tokens(left + 1)));
}

TEST_CASE("quota: a clock that was set back finds no room in a window that was left") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 10);
  // As if the counters had been written a month later than now.
  const TimeUs later = window_end(QuotaPeriod::month, now_us());
  REQUIRE(scratch.tamper("UPDATE billing_quota SET window_start_us = " +
                         std::to_string(later)) == "");
  MeterGate gate{store};
  const auto held = gate.reserve(tokens(8));
  CHECK(refused(gate, tokens(3)));
  gate.settle(held, use_now("1", 8));
  CHECK(refused(gate, tokens(3)));
  CHECK_FALSE(refused(gate, tokens(2)));
}

TEST_CASE("quota: the store's command hears of a violation once, by its standard input") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  limit(store, QuotaResource::tokens, 10);
  const std::string heard = scratch.directory() + "/heard $(touch broken)";
  for (const char* none : {"cat", "/no/such/program", "/etc/passwd", "/etc"})
    CHECK_THROWS_AS(set_quota_hook(store.directory(), {none}), Error);
  CHECK(quota_hook(store.directory()).empty());
  set_quota_hook(store.directory(), {"/usr/bin/tee", "-a", heard});
  CHECK(quota_hook(store.directory()).size() == 3);
  MeterGate gate{store};
  CHECK(refused(gate, tokens(11)));
  CHECK(refused(gate, tokens(11)));
  std::string line;
  for (int i = 0; i < 6000 && line.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    std::ifstream stream{heard};
    std::getline(stream, line);
    if (stream.eof()) line.clear();  // not all of it yet
  }
  const Json json = parse_json(line, "heard");
  CHECK(json["resource"] == "tokens");
  CHECK(json["asked"] == "11");
  CHECK(json["hard"] == true);
  std::ifstream stream{heard};
  std::ostringstream all;
  all << stream.rdbuf();
  CHECK(all.str() == line + "\n");
  set_quota_hook(store.directory(), {});
  CHECK(quota_hook(store.directory()).empty());
}

TEST_CASE("quota: a command that others may have written is not called") {
  const test::ScratchStore scratch{test::bill_modules()};
  const std::string path = scratch.directory() + "/quota-hook";
  set_quota_hook(scratch.directory(), {"/bin/true"});
  std::filesystem::permissions(path, std::filesystem::perms{0622});
  CHECK_THROWS_AS((void)quota_hook(scratch.directory()), Error);
  set_quota_hook(scratch.directory(), {"/bin/true"});
  CHECK(quota_hook(scratch.directory()) == std::vector<std::string>{"/bin/true"});
}

}  // namespace
}  // namespace hart::bill
