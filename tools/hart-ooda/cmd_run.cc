#include "commands.h"
#include "ooda/cycle.h"
#include "report.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct RunOptions {
  bool apply = false;
  unsigned max_changes = 1;
  double min_success = 0.7;
  double budget_s = 60;
  std::string only;
  std::uint64_t seed = 1;
};

class Reporter : public ooda::CycleListener {
 public:
  Reporter(Context& context, bool dry_run) : context_{context}, dry_run_{dry_run} {}

  void observed(const ooda::Observation& observation) override {
    report_observation(context_.out, observation);
  }
  void decided(const std::vector<ooda::Hypothesis>& ranked) override {
    report_hypotheses(context_.out, ranked);
  }
  void acting(const ooda::Hypothesis& hypothesis, const Json& inverse) override {
    report_action(context_.out, hypothesis, inverse, dry_run_);
  }
  void outcome(const ooda::Improvement& improvement) override {
    report_outcome(context_.out, improvement);
  }
  void checkpoint() override { context_.check_interrupt(); }

 private:
  Context& context_;
  bool dry_run_;
};

int run(const RunOptions& options, Context& context) {
  ooda::CycleOptions cycle;
  cycle.apply = options.apply && !context.common.dry_run;
  cycle.max_changes = options.max_changes;
  cycle.budget_s = options.budget_s;
  cycle.decide.seed = options.seed;
  cycle.decide.min_success = options.min_success;
  cycle.decide.only = ooda::find_hypothesis_type(options.only);
  store::Store store = context.open_store(cycle.apply);
  Reporter reporter{context, !cycle.apply};
  const ooda::CycleResult result = ooda::run_cycle(store, cycle, reporter);
  const std::string decision{ooda::cycle_decision_name(result.decision)};
  context.out.write({{"type", "cycle"},
                     {"cycle", uuid_text(result.cycle)},
                     {"decision", decision},
                     {"reason", result.reason},
                     {"dry_run", !cycle.apply},
                     {"seconds", significant(result.seconds)}},
                    "Cycle: " + decision + ": " + result.reason);
  return result.decision == ooda::CycleDecision::stopped ? 1 : 0;
}

}  // namespace

void add_run_command(Command& tool) {
  Command& command =
      tool.subcommand("run", "One cycle: observe, orient, decide, act, learn; dry by default");
  auto& options = command.options<RunOptions>();
  command.flag("--apply", options.apply, "try the best hypothesis, and keep what proves good");
  command
      .option("--max-changes", "N", options.max_changes, "changes kept in one cycle, at most")
      .range(1, 100);
  command
      .option("--min-success", "P", options.min_success,
              "hold back actions that are known to succeed less often")
      .range(0, 1);
  command
      .option("--budget", "SECONDS", options.budget_s, "time for trying and measuring, at most")
      .range(0, 86'400);
  command.option("--only", "TYPE", options.only, "only hypotheses of this type")
      .choices({"StatisticsUpdate", "IndexOptimization"});
  command.option("--seed", "N", options.seed, "of the draws that rank, and of the bounds");
  command.dry_run();
  command.action([&options](Context& context) { return run(options, context); });
}

}  // namespace hart::cli
