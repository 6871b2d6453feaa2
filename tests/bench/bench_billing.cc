// Usage events a second: read, rated and durable in the ledger, in process and in groups; how
// long the invoice of a month takes; and what asking a hard quota costs, beside a transaction
// of SQLite that counts in a row. JSON lines.
//
// The plan has 20 multipliers and an operation with 5 tiers; an event has 4 attributes and an
// id that ascends with time. The disk is that of the temporary directory (TMPDIR).

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "bill/invoice.h"
#include "bill/ledger.h"
#include "bill/meter_gate.h"
#include "bill/quota.h"
#include "bill/schema.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "scratch_directory.h"

namespace {

using namespace hart;

double cpu_seconds() {
  std::timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string bench_plan() {
  Json plan{{"name", "bench"}, {"currency", "USD"}, {"effective_from", "2026-01-01"}};
  plan["operations"] = {
      {{"operation", "generate_text"}, {"unit", "token"}, {"base_rate", "0.00002"}},
      {{"operation", "search"}, {"unit", "query"}, {"base_rate", "0.0005"}}};
  Json steps = Json::array();
  for (const char* bound : {"1000", "10000", "100000", "1000000"})
    steps.push_back({{"up_to", bound}, {"rate", "0.01"}});
  steps.push_back({{"rate", "0.006"}});
  plan["operations"].push_back({{"operation", "ingest"},
                                {"unit", "byte"},
                                {"tiers", {{"mode", "graduated"}, {"steps", steps}}}});
  plan["multipliers"] = Json::array();
  for (int i = 0; i < 7; ++i)
    plan["multipliers"].push_back({{"type", "complexity"},
                                   {"criteria", {{"tokens_in", {{">", 7000 - i * 1000}}}}},
                                   {"value", "1." + std::to_string(9 - i)}});
  for (const char* kind : {"image", "audio", "video", "code", "math", "table", "prose"})
    plan["multipliers"].push_back(
        {{"type", "content_type"}, {"criteria", {{"content_type", kind}}}, {"value", "1.1"}});
  for (int i = 0; i < 6; ++i)
    plan["multipliers"].push_back(
        {{"type", "grounding"},
         {"criteria", {{"evidence_count", {{">=", 12 - 2 * i}}}, {"model", {{"!=", "x"}}}}},
         {"value", "1." + std::to_string(6 - i)}});
  return dump_json(plan);
}

/// Event number `i`: one in ten is ingested, three searched, the rest generated.
std::string bench_event(std::size_t i, std::mt19937_64& random) {
  const auto kind = random() % 10;
  const TimeUs time = parse_time("2026-11-05") + static_cast<TimeUs>(i) * 1'000;
  char id[40];
  std::snprintf(id, sizeof id, "0192f0c0-%04zx-7abc-8def-%012zx", i >> 16 & 0xFFFF,
                i & 0xFFFFFFFFFFFF);
  return dump_json({{"source", "gateway"},
                    {"id", id},
                    {"operation", kind == 0  ? "ingest"
                                  : kind < 4 ? "search"
                                             : "generate_text"},
                    {"units", random() % 2000 + 1},
                    {"unit", kind == 0  ? "byte"
                             : kind < 4 ? "query"
                                        : "token"},
                    {"time", format_time(time)},
                    {"attributes",
                     {{"model", random() % 2 == 0 ? "small" : "large"},
                      {"tokens_in", random() % 3000},
                      {"content_type", random() % 2 == 0 ? "code" : "prose"},
                      {"evidence_count", random() % 4}}}});
}

void bench_record(store::Store& store, std::size_t events, std::size_t group) {
  std::mt19937_64 random{1};
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < events; ++i) lines.push_back(bench_event(i, random));
  const double begun = steady_seconds();
  const double cpu = cpu_seconds();
  bill::UsageEventReader reader;
  for (std::size_t i = 0; i < events;) {
    bill::LedgerBatch batch{store};
    for (const std::size_t end = std::min(events, i + group); i < end; ++i)
      (void)batch.record(reader.read(lines[i]));
    batch.commit();
  }
  const double seconds = steady_seconds() - begun;
  const auto count = static_cast<double>(events);
  std::puts(dump_json({{"type", "benchmark"},
                       {"name", "record"},
                       {"events", events},
                       {"group", group},
                       {"events_per_second", count / seconds},
                       {"cpu_us_per_event", (cpu_seconds() - cpu) / count * 1e6}})
                .c_str());
}

void bench_invoice(store::Store& store, std::size_t events) {
  const double begun = steady_seconds();
  const auto created = bill::create_invoice(store, "2026-11", true);
  std::puts(dump_json({{"type", "benchmark"},
                       {"name", "invoice"},
                       {"events", events},
                       {"lines", created ? created->invoice.lines.size() : 0},
                       {"seconds", steady_seconds() - begun}})
                .c_str());
}

/// Microseconds of processor time that one of `calls` calls of `work` takes: the median of
/// some rounds. `after` runs behind each round and is not counted.
template <typename Work, typename After>
double median_cpu_us(int rounds, int calls, const Work& work, const After& after) {
  std::vector<double> each;
  each.reserve(static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round) {
    const double cpu = cpu_seconds();
    for (int i = 0; i < calls; ++i) work();
    each.push_back((cpu_seconds() - cpu) / calls * 1e6);
    after();
  }
  std::ranges::nth_element(each, each.begin() + rounds / 2);
  return each[static_cast<std::size_t>(rounds / 2)];
}

/// The peer: a counter in a row, in a write-ahead log that is not synced.
double bench_upsert(const std::string& path, int rounds, int calls) {
  store::Connection db{path, store::Connection::Mode::create, 0};
  db.exec(
      "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
      "CREATE TABLE counter (id INTEGER PRIMARY KEY, used INTEGER NOT NULL)");
  using store::Scope;
  auto begin = db.prepare("BEGIN IMMEDIATE", Scope::owner);
  auto upsert = db.prepare(
      "INSERT INTO counter VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET used = used + 1",
      Scope::owner);
  auto commit = db.prepare("COMMIT", Scope::owner);
  return median_cpu_us(
      rounds, calls,
      [&] {
        begin.run();
        upsert.run(1);
        commit.run();
      },
      [] {});
}

/// A tenant with a hard quota of tokens and one of money asks, while uses of its own are under
/// way; then gives back.
void bench_quota(const std::string& directory, std::span<const store::SchemaModule> modules,
                 int rounds) {
  constexpr int kCalls = 100;
  store::Store::create(directory + "/quota.hart", modules);
  store::Store store{{directory + "/quota.hart", "default", 60'000, true}};
  (void)bill::apply_plan(store, bill::parse_plan(bench_plan()), false);
  using bill::QuotaPeriod, bill::QuotaResource;
  constexpr std::int64_t kPlenty = std::int64_t{1} << 60;
  bill::set_quota(store, QuotaResource::tokens, QuotaPeriod::day, true, kPlenty);
  bill::set_quota(store, QuotaResource::money, QuotaPeriod::month, true, kPlenty);
  bill::MeterGate gate{store};
  std::vector<UsageGate::Reservation> held;
  std::vector<double> release_us;
  const double reserve_us = median_cpu_us(
      rounds, kCalls,
      [&] {
        held.push_back(gate.reserve({"generate_text", 1'000'000'000, "token"}));
      },
      [&] {
        const double cpu = cpu_seconds();
        for (const auto reservation : held) gate.release(reservation);
        release_us.push_back((cpu_seconds() - cpu) / kCalls * 1e6);
        held.clear();
      });
  std::ranges::nth_element(release_us, release_us.begin() + rounds / 2);
  const double upsert_us = bench_upsert(directory + "/peer.db", rounds, kCalls);
  std::puts(dump_json({{"type", "benchmark"},
                       {"name", "quota"},
                       {"calls", rounds * kCalls},
                       {"reserve_cpu_us", reserve_us},
                       {"release_cpu_us", release_us[static_cast<std::size_t>(rounds / 2)]},
                       {"sqlite_upsert_cpu_us", upsert_us},
                       {"ratio_to_upsert", reserve_us / upsert_us}})
                .c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  try {
    const bench::ScratchDirectory scratch;
    const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                     bill::bill_schema()};
    bench_quota(scratch.path(), modules, smoke ? 3 : 101);
    store::Store::create(scratch.store(), modules);
    store::Store store{{scratch.store(), "default", 60'000, true}};
    (void)bill::apply_plan(store, bill::parse_plan(bench_plan()), false);
    const std::size_t events = smoke ? 2'000 : 1'000'000;
    bench_record(store, events, smoke ? 500 : 65'536);
    bench_invoice(store, events);
  } catch (const hart::Error& error) {
    std::fprintf(stderr, "bench_billing: %s\n", error.what());
    return static_cast<int>(error.fault());
  }
  return 0;
}
