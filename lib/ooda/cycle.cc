#include "ooda/cycle.h"

#include <algorithm>
#include <array>
#include <memory>

#include "core/clock.h"
#include "core/error.h"
#include "ooda/experiment.h"
#include "ooda/phase_log.h"
#include "ooda/shadow_store.h"

namespace hart::ooda {
namespace {

struct DecisionName {
  CycleDecision decision;
  std::string_view name;
};
constexpr std::array<DecisionName, 6> kDecisions{
    {{CycleDecision::nothing_to_do, "nothing_to_do"},
     {CycleDecision::dry_run, "dry_run"},
     {CycleDecision::adopted, "adopted"},
     {CycleDecision::rejected, "rejected"},
     {CycleDecision::rolled_back, "rolled_back"},
     {CycleDecision::stopped, "stopped"}}};

/// Thrown where the emergency stop is seen.
struct Stopped {};

std::string stop_text(const LoopState& state) {
  return "the loop is stopped since " + format_time(state.changed) +
         (state.reason.empty() ? "" : ": " + state.reason);
}

class Cycle {
 public:
  Cycle(store::Store& store, const CycleOptions& options, CycleListener& listener)
      : store_{store},
        options_{options},
        listener_{listener},
        started_s_{steady_seconds()},
        started_{store.now()},
        log_{store, make_uuid7(started_), options.apply} {
    result_.cycle = log_.cycle();
  }

  CycleResult run() {
    try {
      phases();
    } catch (const Stopped&) {
      log_.fail("stopped");
      result_.decision = CycleDecision::stopped;
      result_.reason = stop_text(loop_state(store_));
    } catch (const std::exception& error) {
      log_.fail(error.what());
      throw;
    } catch (...) {
      log_.fail("interrupted");
      throw;
    }
    result_.seconds = steady_seconds() - started_s_;
    return result_;
  }

 private:
  void phases() {
    obey_stop();
    if (options_.apply) undo_unfinished();
    const Observation observation = observe_phase();
    if (observation.window.empty()) {
      conclude(observation, CycleDecision::nothing_to_do,
               "the query log is empty: there is nothing to learn from");
      return;
    }
    const auto hypotheses = decide_phase(observation);
    const auto open = std::count_if(hypotheses.begin(), hypotheses.end(),
                                    [](const Hypothesis& h) { return h.held_back.empty(); });
    if (open == 0) {
      conclude(observation, CycleDecision::nothing_to_do,
               hypotheses.empty() ? "nothing was found that could be better"
                                  : "every hypothesis is held back");
    } else if (!options_.apply) {
      propose(hypotheses);
    } else {
      act_phase(observation, hypotheses);
    }
  }

  void conclude(const Observation& observation, CycleDecision decision,
                const std::string& reason) {
    result_.decision = decision;
    result_.reason = reason;
    if (options_.apply)
      finish_cycle(store_, result_.cycle, started_, observation.newest_query_id);
  }

  void obey_stop() {
    if (loop_state(store_).stopped) throw Stopped{};
  }

  void undo_unfinished() {
    remove_shadow(store_);
    for (Improvement& improvement : improvements(store_)) {
      if (improvement.decision != Decision::acting) continue;
      undo(store_, improvement.inverse);
      improvement.decision = Decision::rolled_back;
      improvement.reason = "its process ended before it was measured";
      update_improvement(store_, improvement);
      listener_.outcome(improvement);
    }
  }

  Observation observe_phase() {
    log_.begin("observe");
    Observation observation = observe(store_);
    log_.end({{"queries", observation.window.size()},
              {"new_queries", observation.new_queries},
              {"classes", observation.classes.size()}});
    listener_.observed(observation);
    return observation;
  }

  std::vector<Hypothesis> decide_phase(const Observation& observation) {
    obey_stop();
    log_.begin("orient");
    auto found = orient(observation);
    log_.end({{"hypotheses", found.size()}});
    obey_stop();
    log_.begin("decide");
    const std::size_t before = found.size();
    auto ranked = decide(store_, observation, std::move(found), options_.decide);
    Json order = Json::array();
    for (const Hypothesis& hypothesis : ranked)
      order.push_back({{"action", hypothesis.action_name()},
                       {"score", hypothesis.score},
                       {"held_back", hypothesis.held_back}});
    log_.end({{"considered", before}, {"ranked", std::move(order)}});
    listener_.decided(ranked);
    return ranked;
  }

  void propose(const std::vector<Hypothesis>& hypotheses) {
    unsigned proposed = 0;
    for (const Hypothesis& hypothesis : hypotheses)
      if (hypothesis.held_back.empty() && proposed < options_.max_changes) {
        listener_.acting(hypothesis, inverse_of(store_, hypothesis.action));
        ++proposed;
      }
    result_.decision = CycleDecision::dry_run;
    result_.reason = "dry run: nothing was written (--apply tries it)";
  }

  void act_phase(const Observation& observation, const std::vector<Hypothesis>& hypotheses) {
    const auto items = choose_replay(store_, observation, options_.per_class);
    unsigned adopted = 0;
    CycleDecision worst = CycleDecision::rejected;
    result_.reason = "the budget was used up before anything was tried";
    for (const Hypothesis& hypothesis : hypotheses) {
      const bool in_time = steady_seconds() - started_s_ < options_.budget_s;
      if (!hypothesis.held_back.empty() || adopted == options_.max_changes || !in_time) break;
      const Improvement improvement = act(observation, items, hypothesis);
      if (improvement.decision == Decision::adopted) ++adopted;
      if (improvement.decision == Decision::rolled_back) worst = CycleDecision::rolled_back;
      result_.reason = improvement.reason;
    }
    conclude(observation, adopted > 0 ? CycleDecision::adopted : worst, result_.reason);
  }

  Improvement act(const Observation& observation, const std::vector<ReplayItem>& items,
                  const Hypothesis& hypothesis) {
    obey_stop();
    log_.begin("act");
    Improvement improvement;
    improvement.cycle = result_.cycle;
    improvement.hypothesis_type = hypothesis_type_name(hypothesis.type);
    improvement.action = hypothesis.action.json();
    improvement.inverse = inverse_of(store_, hypothesis.action);
    improvement.risk = hypothesis.risk;
    improvement.predicted_gain = hypothesis.predicted_gain;
    improvement.evidence_query_id = observation.newest_query_id;
    listener_.acting(hypothesis, improvement.inverse);
    Experiment::Options options;
    options.rounds = options_.rounds;
    options.give_up_s = started_s_ + options_.budget_s;
    options.seed = options_.decide.seed;
    options.judge = options_.judge;
    options.checkpoint = [this] {
      listener_.checkpoint();
      obey_stop();
    };
    Experiment experiment{store_, observation, items, options};
    experiment.run(hypothesis, improvement);
    const bool success = improvement.decision == Decision::adopted;
    log_.end(
        {{"number", improvement.number}, {"decision", decision_name(improvement.decision)}},
        success ? 1.0 : 0.0);
    listener_.outcome(improvement);
    learn_phase(hypothesis, improvement, experiment.measured());
    return improvement;
  }

  void learn_phase(const Hypothesis& hypothesis, const Improvement& improvement,
                   bool measured) {
    log_.begin("learn");
    if (measured)
      learn_outcome(store_, hypothesis, improvement.decision == Decision::adopted,
                    improvement.gain.value_or(0));
    log_.end({{"action", hypothesis.action_name()}, {"measured", measured}});
  }

  store::Store& store_;
  const CycleOptions& options_;
  CycleListener& listener_;
  double started_s_;
  TimeUs started_;
  PhaseLog log_;
  CycleResult result_;
};

bool same_target(const Json& a, const Json& b) {
  const auto target = [](const Json& action) {
    return std::pair{action.value("kind", ""), action.value("embedding_model", "")};
  };
  return target(a) == target(b);
}

}  // namespace

std::string_view cycle_decision_name(CycleDecision decision) noexcept {
  for (const DecisionName& known : kDecisions)
    if (known.decision == decision) return known.name;
  return {};
}

CycleResult run_cycle(store::Store& store, const CycleOptions& options,
                      CycleListener& listener) {
  std::unique_ptr<store::WriterLock> lock;
  if (options.apply) lock = lock_loop(store);
  return Cycle{store, options, listener}.run();
}

Improvement require_rollback(store::Store& store, std::int64_t number) {
  const auto improvement = find_improvement(store, number);
  const std::string name = "improvement " + std::to_string(number);
  if (!improvement) throw Error{Fault::no_input, "there is no " + name};
  if (improvement->decision != Decision::adopted)
    throw Error{Fault::usage, name + " cannot be rolled back: it is " +
                                  std::string{decision_name(improvement->decision)}};
  for (const Improvement& later : improvements(store))
    if (later.number > number && later.decision == Decision::adopted &&
        same_target(later.action, improvement->action))
      throw Error{Fault::usage, name + " cannot be rolled back before number " +
                                    std::to_string(later.number) +
                                    ", which changed the same thing after it"};
  return *improvement;
}

Improvement roll_back(store::Store& store, std::int64_t number) {
  const auto lock = lock_loop(store);
  Improvement improvement = require_rollback(store, number);
  undo(store, improvement.inverse);
  improvement.decision = Decision::rolled_back;
  improvement.reason = "rolled back by hand";
  update_improvement(store, improvement);
  return improvement;
}

}  // namespace hart::ooda
