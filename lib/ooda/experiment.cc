#include "ooda/experiment.h"

#include "core/clock.h"
#include "core/error.h"
#include "ooda/shadow_store.h"

namespace hart::ooda {

Trial Experiment::measure(store::Store& before, store::Store& after, double give_up_s) const {
  TrialOptions options;
  options.rounds = options_.rounds;
  options.give_up_s = give_up_s;
  options.seed = options_.seed;
  options.between_rounds = options_.checkpoint;
  return compare_stores(before, after, items_, options);
}

void Experiment::take_figures(const Trial& trial, Improvement& improvement) const {
  improvement.measured = trial.json(observation_);
  if (trial.rounds == 0) return;
  improvement.before_us = trial.before_us;
  improvement.after_us = trial.after_us;
  improvement.gain = trial.gain.estimate;
  improvement.gain_lower = trial.gain.lower;
}

Verdict Experiment::try_on_copy(const Hypothesis& hypothesis, const Json& inverse,
                                store::Store& copy, Improvement& improvement) {
  const std::string untouched = fingerprint(copy);
  perform(copy, hypothesis.action);
  const double now = steady_seconds();
  // Half of the time is for the store itself.
  const Trial trial = measure(store_, copy, now + (options_.give_up_s - now) / 2);
  take_figures(trial, improvement);
  undo(copy, inverse);
  if (fingerprint(copy) != untouched)
    return {false, true, "undoing it does not restore the store"};
  return options_.judge(trial, hypothesis.must_gain);
}

Verdict Experiment::confirm(const Hypothesis& hypothesis, store::Store& undone_copy,
                            Improvement& improvement) {
  const Trial trial = measure(undone_copy, store_, options_.give_up_s);
  take_figures(trial, improvement);
  return options_.judge(trial, hypothesis.must_gain);
}

void Experiment::apply(const Hypothesis& hypothesis, store::Store& undone_copy,
                       Improvement& improvement) {
  const std::string untouched = fingerprint(store_);
  record_improvement(store_, improvement);
  Verdict verdict;
  try {
    perform(store_, hypothesis.action);
    verdict = confirm(hypothesis, undone_copy, improvement);
  } catch (...) {
    // An interrupt or the emergency stop comes this way too.
    undo(store_, improvement.inverse);
    improvement.decision = Decision::rolled_back;
    improvement.reason = "it was not finished";
    update_improvement(store_, improvement);
    throw;
  }
  measured_ = verdict.decided;
  improvement.reason = verdict.reason;
  improvement.decision = verdict.good ? Decision::adopted : Decision::rolled_back;
  if (!verdict.good) {
    undo(store_, improvement.inverse);
    if (fingerprint(store_) != untouched) improvement.reason += "; it could not be undone";
  }
  update_improvement(store_, improvement);
}

void Experiment::run(const Hypothesis& hypothesis, Improvement& improvement) {
  const std::string untouched = fingerprint(store_);
  ShadowStore copy{store_};
  Verdict verdict = try_on_copy(hypothesis, improvement.inverse, copy.store(), improvement);
  if (verdict.good && fingerprint(store_) != untouched)
    verdict = {false, false, "the store's indexes or statistics were changed meanwhile"};
  if (verdict.good) {
    options_.checkpoint();
    apply(hypothesis, copy.store(), improvement);
    return;
  }
  measured_ = verdict.decided;
  improvement.decision = Decision::rejected;
  improvement.reason = verdict.reason;
  record_improvement(store_, improvement);
  update_improvement(store_, improvement);
}

}  // namespace hart::ooda
