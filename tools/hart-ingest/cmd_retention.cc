#include <string>

#include "commands.h"
#include "common/duration.h"
#include "core/error.h"
#include "store/retention.h"
#include "upkeep.h"

namespace hart::ingest {
namespace {

struct SetOptions {
  std::string table;
  std::string keep;
};

int list_policies(cli::Context& context) {
  store::Store store = context.open_store_as_owner();
  cli::Table table{{"TABLE", "KEEP DAYS"}};
  for (const store::RetentionPolicy& policy : store::retention_policies(store)) {
    if (!context.out.human())
      context.out.write(
          {{"type", "retention"}, {"table", policy.table}, {"keep_days", policy.keep_days}});
    table.row({policy.table, std::to_string(policy.keep_days)});
  }
  if (context.out.human()) context.out.table(table);
  return 0;
}

/// A number of days, or a duration of whole days.
std::int64_t parse_days(const std::string& text) {
  constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
  const bool plain = text.find_first_not_of("0123456789") == std::string::npos;
  const TimeUs duration = cli::parse_duration(plain ? text + "d" : text);
  if (duration % kDay != 0)
    throw Error{Fault::usage, "'" + text + "' is not a number of whole days"};
  return duration / kDay;
}

int set(const SetOptions& options, cli::Context& context) {
  const store::RetentionPolicy policy{options.table, parse_days(options.keep)};
  store::Store store = context.open_store_as_owner(true);
  store::WriteTransaction transaction{store};
  store::set_retention(store, policy);
  record_store_act(store, context,
                   policy.table + " " + std::to_string(policy.keep_days) + " days");
  transaction.commit();
  context.out.write(
      {{"type", "retention"}, {"table", policy.table}, {"keep_days", policy.keep_days}},
      policy.table + " is kept for " + std::to_string(policy.keep_days) + " days");
  return 0;
}

int prune(cli::Context& context) {
  const bool dry_run = context.common.dry_run;
  store::Store store = context.open_store_as_owner(!dry_run);
  const auto pruned = store::prune_history(store, dry_run, [&] { context.check_interrupt(); });
  std::uint64_t rows = 0;
  for (const store::Pruned& table : pruned) {
    Json json{{"type", "pruned"},
              {"table", table.table},
              {"keep_days", table.keep_days},
              {"before", format_time(table.before)},
              {"rows", table.rows}};
    if (dry_run) json["dry_run"] = true;
    rows += table.rows;
    context.out.write(json, table.table + ": " + (dry_run ? "would forget " : "forgot ") +
                                std::to_string(table.rows) + " rows");
  }
  if (!dry_run) {
    store::WriteTransaction transaction{store};
    record_store_act(store, context, std::to_string(rows) + " rows of histories");
    transaction.commit();
  }
  return 0;
}

}  // namespace

void add_retention(cli::Command& tool) {
  cli::Command& group =
      tool.subcommand("retention", "How long the past is kept").topic("The past");
  cli::Command& listing = group.subcommand("list", "The policies, one a table");
  listing.action([](cli::Context& context) { return list_policies(context); });

  cli::Command& setting = group.subcommand("set", "Change a policy");
  auto& options = setting.options<SetOptions>();
  setting.positional("TABLE", options.table, "a table that `retention list` names").required();
  setting.positional("DAYS", options.keep, "a number of days, or a duration as 4w or 2y")
      .required();
  setting.action([&options](cli::Context& context) { return set(options, context); });

  cli::Command& pruning = group.subcommand("prune", "Forget what is older than its policy");
  pruning.dry_run();
  pruning.action([](cli::Context& context) { return prune(context); });

  group.action([](cli::Context& context) { return list_policies(context); });
}

}  // namespace hart::ingest
