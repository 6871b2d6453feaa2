#include <array>
#include <cstdio>

#include "commands.h"
#include "ooda/cycle.h"
#include "report.h"
#include "store/store.h"

namespace hart::cli {
namespace {

using ooda::Decision;
using ooda::HypothesisWeight;
using ooda::Improvement;
using ooda::LoopState;

std::size_t count(const std::vector<Improvement>& history, Decision decision) {
  std::size_t found = 0;
  for (const Improvement& improvement : history)
    if (improvement.decision == decision) ++found;
  return found;
}

Json weights_json(const std::vector<HypothesisWeight>& weights) {
  Json listed = Json::array();
  for (const HypothesisWeight& weight : weights)
    listed.push_back({{"hypothesis_type", weight.hypothesis_type},
                      {"action", weight.action},
                      {"successes", weight.outcomes.successes},
                      {"failures", weight.outcomes.failures},
                      {"confidence", significant(weight.outcomes.mean())},
                      {"avg_impact", significant(weight.avg_impact)}});
  return listed;
}

void print_status(Output& out, const Json& status,
                  const std::vector<HypothesisWeight>& weights) {
  out.text(status["stopped"].get<bool>()
               ? "stopped since " + status["changed"].get<std::string>() + ": " +
                     status["stop_reason"].get<std::string>()
               : "not stopped");
  out.text(status["last_cycle"].is_null()
               ? "no cycle has been allowed to act yet"
               : std::to_string(status["cycles"].get<std::int64_t>()) +
                     " cycles, the last at " + status["last_cycle_time"].get<std::string>());
  out.text(std::to_string(status["new_queries"].get<std::size_t>()) +
           " logged queries since then");
  std::string changes = "changes:";
  for (const char* decision : {"adopted", "rejected", "rolled_back", "acting"})
    changes += ' ' + std::to_string(status[decision].get<std::size_t>()) + ' ' + decision;
  out.text(changes);
  Table table{{"type", "action", "successes", "failures", "confidence", "mean gain"}};
  for (const HypothesisWeight& weight : weights) {
    char confidence[16];
    std::snprintf(confidence, sizeof confidence, "%.3f", weight.outcomes.mean());
    table.row({weight.hypothesis_type, weight.action, std::to_string(weight.outcomes.successes),
               std::to_string(weight.outcomes.failures), confidence,
               gain_text(weight.avg_impact)});
  }
  if (!table.empty()) out.table(table);
}

int status(Context& context) {
  store::Store store = context.open_store();
  const LoopState state = ooda::loop_state(store);
  const auto history = ooda::improvements(store);
  const auto weights = ooda::hypothesis_weights(store);
  const Json line = {
      {"type", "status"},
      {"stopped", state.stopped},
      {"stop_reason", state.stopped ? Json(state.reason) : Json()},
      {"changed", state.changed != 0 ? Json(format_time(state.changed)) : Json()},
      {"cycles", state.cycles},
      {"last_cycle", state.last_cycle ? Json(uuid_text(*state.last_cycle)) : Json()},
      {"last_cycle_time", state.last_cycle ? Json(format_time(state.last_cycle_time)) : Json()},
      {"new_queries", ooda::observe(store).new_queries},
      {"adopted", count(history, Decision::adopted)},
      {"rejected", count(history, Decision::rejected)},
      {"rolled_back", count(history, Decision::rolled_back)},
      {"acting", count(history, Decision::acting)},
      {"weights", weights_json(weights)}};
  if (context.out.human()) {
    print_status(context.out, line, weights);
  } else {
    context.out.write(line);
  }
  return 0;
}

}  // namespace

void add_status_command(Command& tool) {
  Command& command =
      tool.subcommand("status", "Where the loop stands, and what it has learned");
  command.action([](Context& context) { return status(context); });
}

}  // namespace hart::cli
