#include "commands.h"
#include "ooda/cycle.h"
#include "report.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct HistoryOptions {
  std::int64_t limit = 0;
};

int history(const HistoryOptions& options, Context& context) {
  store::Store store = context.open_store();
  const auto found = ooda::improvements(store, options.limit);
  if (!context.out.human()) {
    for (const ooda::Improvement& improvement : found)
      context.out.write(improvement_json("improvement", improvement));
    return 0;
  }
  Table table{{"number", "time", "action", "gain", "lower", "decision", "reason"}};
  for (const ooda::Improvement& improvement : found)
    table.row({std::to_string(improvement.number), format_time(improvement.created),
               action_text(improvement.action), gain_text(improvement.gain),
               gain_text(improvement.gain_lower),
               std::string{ooda::decision_name(improvement.decision)}, improvement.reason});
  if (table.empty()) {
    context.out.text("nothing has been tried yet");
  } else {
    context.out.table(table);
  }
  return 0;
}

struct RollbackOptions {
  std::int64_t number = 0;
};

int rollback(const RollbackOptions& options, Context& context) {
  const bool dry = context.common.dry_run;
  store::Store store = context.open_store(!dry);
  const ooda::Improvement improvement = dry ? ooda::require_rollback(store, options.number)
                                            : ooda::roll_back(store, options.number);
  Json line = improvement_json("outcome", improvement);
  line["dry_run"] = dry;
  context.out.write(line, (dry ? "would undo number " : "undone: number ") +
                              std::to_string(improvement.number) + " by " +
                              action_text(improvement.inverse));
  return 0;
}

}  // namespace

void add_history_command(Command& tool) {
  Command& command = tool.subcommand("history", "What the loop did, and what came of it");
  auto& options = command.options<HistoryOptions>();
  command.option("--limit", "N", options.limit, "only the newest N; 0: all")
      .range(0, 1'000'000'000);
  command.action([&options](Context& context) { return history(options, context); });
}

void add_rollback_command(Command& tool) {
  Command& command = tool.subcommand("rollback", "Undo a change that the loop has made");
  auto& options = command.options<RollbackOptions>();
  command.positional("N", options.number, "its number in the history").range(1, 1e15);
  command.dry_run();
  command.action([&options](Context& context) { return rollback(options, context); });
}

}  // namespace hart::cli
