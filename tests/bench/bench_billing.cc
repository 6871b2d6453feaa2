// Usage events a second: read, rated and durable in the ledger, in process and in groups; and
// how long the invoice of a month takes. JSON lines.
//
// The plan has 20 multipliers and an operation with 5 tiers; an event has 4 attributes and an
// id that ascends with time. The disk is that of the temporary directory (TMPDIR).

#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "bill/invoice.h"
#include "bill/ledger.h"
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
  std::snprintf(id, sizeof id, "0192f0c0-%04zx-7abc-8def-%012zx", i >> 16, i);
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

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  try {
    const bench::ScratchDirectory scratch;
    const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                     bill::bill_schema()};
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
