#include "core/clock.h"
#include "ooda/hypothesis.h"

namespace hart::ooda {

std::vector<HypothesisWeight> hypothesis_weights(store::Store& store) {
  auto select = store.db().prepare(
      "SELECT hypothesis_type, action, success_count, failure_count, avg_impact, updated_us"
      " FROM my_hypothesis_weight ORDER BY hypothesis_type, action");
  std::vector<HypothesisWeight> weights;
  while (select.step()) {
    HypothesisWeight weight;
    weight.hypothesis_type = select.text(0);
    weight.action = select.text(1);
    weight.outcomes = {static_cast<std::uint64_t>(select.integer(2)),
                       static_cast<std::uint64_t>(select.integer(3))};
    weight.avg_impact = select.real(4);
    weight.updated = select.integer(5);
    weights.push_back(std::move(weight));
  }
  return weights;
}

void learn_outcome(store::Store& store, const Hypothesis& hypothesis, bool success,
                   double measured_gain) {
  store::WriteTransaction transaction{store};
  HypothesisWeight weight;
  const std::string type{hypothesis_type_name(hypothesis.type)};
  for (const HypothesisWeight& known : hypothesis_weights(store))
    if (known.hypothesis_type == type && known.action == hypothesis.action_name())
      weight = known;
  ++(success ? weight.outcomes.successes : weight.outcomes.failures);
  const auto outcomes =
      static_cast<double>(weight.outcomes.successes + weight.outcomes.failures);
  weight.avg_impact += (measured_gain - weight.avg_impact) / outcomes;
  store.db()
      .prepare(
          "INSERT INTO hypothesis_weight (tenant_id, hypothesis_type, action, success_count,"
          " failure_count, confidence, avg_impact, updated_us)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
          " ON CONFLICT (tenant_id, hypothesis_type, action) DO UPDATE SET"
          " success_count = excluded.success_count, failure_count = excluded.failure_count,"
          " confidence = excluded.confidence, avg_impact = excluded.avg_impact,"
          " updated_us = excluded.updated_us",
          store::Scope::owner)
      .run(store.tenant_id(), type, hypothesis.action_name(), weight.outcomes.successes,
           weight.outcomes.failures, weight.outcomes.mean(), weight.avg_impact, store.now());
  transaction.commit();
}

}  // namespace hart::ooda
