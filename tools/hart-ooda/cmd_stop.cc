#include "commands.h"
#include "ooda/loop_state.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct StopOptions {
  std::string reason;
};

void report(Context& context, const ooda::LoopState& state, bool changed) {
  context.out.write(
      {{"type", "loop"},
       {"stopped", state.stopped},
       {"stop_reason", state.stopped ? Json(state.reason) : Json()},
       {"changed", changed}},
      std::string{state.stopped ? "stopped" : "not stopped"} + (changed ? "" : ", as before"));
}

int stop(const StopOptions& options, Context& context) {
  store::Store store = context.open_store(true);
  const bool changed = ooda::stop_loop(store, options.reason);
  report(context, ooda::loop_state(store), changed);
  return 0;
}

int resume(Context& context) {
  store::Store store = context.open_store(true);
  const bool changed = ooda::resume_loop(store);
  report(context, ooda::loop_state(store), changed);
  return 0;
}

}  // namespace

void add_stop_commands(Command& tool) {
  Command& stop_command =
      tool.subcommand("stop", "Emergency stop: every phase obeys it, running cycles too");
  auto& options = stop_command.options<StopOptions>();
  stop_command.option("--reason", "TEXT", options.reason, "kept, and shown by status");
  stop_command.action([&options](Context& context) { return stop(options, context); });

  Command& resume_command = tool.subcommand("resume", "Lift the emergency stop");
  resume_command.action([](Context& context) { return resume(context); });
}

}  // namespace hart::cli
