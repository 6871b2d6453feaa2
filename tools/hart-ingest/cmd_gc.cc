#include <string>

#include "commands.h"
#include "common/duration.h"
#include "store/collect.h"
#include "upkeep.h"

namespace hart::ingest {
namespace {

constexpr double kMicroseconds = 1e6;

struct GcOptions {
  std::string grace = "0";
  std::string budget = "0";
  std::string wait = "0";
};

double seconds_of(const std::string& duration) {
  return static_cast<double>(cli::parse_duration(duration)) / kMicroseconds;
}

Json record_of(const store::Collected& collected, bool dry_run, double seconds) {
  Json record{{"type", "collection"},
              {"atoms", collected.atoms},
              {"extents", collected.extents},
              {"bytes", collected.bytes},
              {"bytes_freed", collected.bytes_freed},
              {"bytes_waiting", collected.bytes_waiting},
              {"bytes_kept", collected.bytes_kept},
              {"packs_removed", collected.packs_removed},
              {"complete", collected.complete},
              {"seconds", seconds}};
  if (dry_run) record["dry_run"] = true;
  return record;
}

std::string text_of(const store::Collected& collected, bool dry_run) {
  const std::string what = std::to_string(collected.atoms) + " atoms and " +
                           std::to_string(collected.extents) + " extents of " +
                           cli::format_bytes(collected.bytes);
  if (dry_run) return "would take " + what;
  std::string text =
      "took " + what + "; " + cli::format_bytes(collected.bytes_freed) + " freed";
  if (collected.bytes_waiting > 0)
    text += ", " + cli::format_bytes(collected.bytes_waiting) + " wait for readers";
  if (collected.bytes_kept > 0)
    text += ", " + cli::format_bytes(collected.bytes_kept) +
            " stay in packs: this file system knows no holes";
  if (!collected.complete) text += "; not finished";
  return text;
}

/// Into the audit log, however it ends: what is freed before an interrupt is freed.
store::Collected collect(store::Store& store, const store::CollectOptions& how,
                         const cli::Context& context) {
  try {
    store::Collected collected = store::collect(store, how);
    if (!how.dry_run)
      record_upkeep(store, context,
                    std::to_string(collected.atoms) + " atoms, " +
                        std::to_string(collected.extents) + " extents, " +
                        std::to_string(collected.bytes_freed) + " bytes freed");
    return collected;
  } catch (...) {
    if (!how.dry_run) record_upkeep(store, context, "did not come to its end");
    throw;
  }
}

int gc(const GcOptions& options, cli::Context& context) {
  const bool dry_run = context.common.dry_run;
  store::CollectOptions collection;
  collection.grace_us = cli::parse_duration(options.grace);
  collection.max_seconds = seconds_of(options.budget);
  collection.wait_seconds = seconds_of(options.wait);
  collection.dry_run = dry_run;
  collection.step = [&] { context.check_interrupt(); };
  store::Store store = context.open_store_as_owner(!dry_run);
  const double start = steady_seconds();
  const store::Collected collected = collect(store, collection, context);
  context.out.write(record_of(collected, dry_run, steady_seconds() - start),
                    text_of(collected, dry_run));
  return 0;
}

}  // namespace

void add_gc(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("gc", "Give back what nothing refers to any more").topic("Upkeep");
  auto& options = command.options<GcOptions>();
  command.option("--grace", "DURATION", options.grace, "keep what was dropped since, as 7d");
  command.option("--budget", "DURATION", options.budget, "stop after so long; 0: when done");
  command.option("--wait", "DURATION", options.wait, "wait so long for readers to let go");
  command.dry_run();
  command.action([&options](cli::Context& context) { return gc(options, context); });
}

}  // namespace hart::ingest
