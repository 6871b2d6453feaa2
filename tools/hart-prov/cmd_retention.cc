#include <algorithm>
#include <cstdint>
#include <optional>

#include "commands.h"
#include "common/output.h"
#include "core/error.h"
#include "prov/retention.h"
#include "store/audit.h"
#include "store/retention.h"

namespace hart::cli {
namespace {

constexpr TimeUs kDayUs = TimeUs{86'400} * 1'000'000;

struct RetentionOptions {
  std::optional<unsigned> keep_days;
};

/// What the store's policy says, which `hart-ingest retention set` changes.
std::int64_t policy_days(store::Store& store) {
  for (const store::RetentionPolicy& policy : store::retention_policies(store))
    if (policy.table == prov::kOpeningTable) return policy.keep_days;
  throw Error{Fault::data, "the store has no policy for how long openings are kept"};
}

int retention(const RetentionOptions& options, Context& context) {
  const bool dry_run = context.common.dry_run;
  store::Store store = context.open_store(!dry_run);
  const std::int64_t keep_days =
      options.keep_days ? std::int64_t{*options.keep_days} : policy_days(store);
  const TimeUs before = std::max<TimeUs>(0, store.now() - keep_days * kDayUs);
  const prov::ErasedOpenings erased = prov::erase_openings_before(
      store, before, dry_run, [&context] { context.check_interrupt(); });
  if (erased.openings > 0 && !dry_run)
    store::record_lone_act(store, "hart-prov retention",
                           std::to_string(erased.openings) + " openings of receipts");
  Json json{{"type", "pruned"},
            {"table", prov::kOpeningTable},
            {"keep_days", keep_days},
            {"before", format_time(before)},
            {"receipts", erased.receipts},
            {"rows", erased.openings},
            {"bytes", erased.bytes}};
  if (dry_run) json["dry_run"] = true;
  context.out.write(json, (dry_run ? "would erase " : "erased ") +
                              std::to_string(erased.openings) + " openings of " +
                              std::to_string(erased.receipts) + " receipts, " +
                              format_bytes(erased.bytes));
  if (!erased.remains.empty())
    throw Error{Fault::busy, "out of the catalog, but not yet off the disk: " + erased.remains};
  return 0;
}

}  // namespace

void add_retention_command(Command& tool) {
  Command& command =
      tool.subcommand("retention", "Erase what opens receipts that are old enough");
  auto& options = command.options<RetentionOptions>();
  command
      .option("--keep-days", "N", options.keep_days,
              "older ones go (default: the store's policy, 730 unless it was set)")
      .range(0, 3'650'000);
  command.dry_run();
  command.action([&options](Context& context) { return retention(options, context); });
}

}  // namespace hart::cli
