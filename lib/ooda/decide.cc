#include <algorithm>
#include <array>

#include "ooda/history.h"
#include "ooda/hypothesis.h"
#include "ooda/loop_state.h"

namespace hart::ooda {
namespace {

struct TypeName {
  HypothesisType type;
  std::string_view name;
};
constexpr std::array<TypeName, 2> kTypes{
    {{HypothesisType::statistics_update, "StatisticsUpdate"},
     {HypothesisType::index_optimization, "IndexOptimization"}}};

/// Below so many outcomes a success rate is no ground to hold an action back.
constexpr std::uint64_t kOutcomesToJudge = 3;
/// What was settled is not tried again before the log has so many newer queries.
constexpr std::size_t kNewEvidence = 20;

HypothesisWeight weight_of(const std::vector<HypothesisWeight>& weights,
                           const Hypothesis& hypothesis) {
  const std::string type{hypothesis_type_name(hypothesis.type)};
  const std::string action = hypothesis.action_name();
  for (const HypothesisWeight& weight : weights)
    if (weight.hypothesis_type == type && weight.action == action) return weight;
  return {type, action, {}, 0, 0};
}

std::string percent(double share) {
  return std::to_string(static_cast<long long>(share * 100 + 0.5)) + " %";
}

std::string settled(const std::vector<Improvement>& history, const Hypothesis& hypothesis,
                    const Observation& observation) {
  const Json action = hypothesis.action.json();
  for (auto past = history.rbegin(); past != history.rend(); ++past) {
    if (past->action != action) continue;
    // Ids beyond the newest belong to a log that was lost.
    if (past->evidence_query_id > observation.newest_query_id) return {};
    std::size_t newer = 0;
    for (const store::LoggedQuery& query : observation.window)
      if (query.query_id > past->evidence_query_id) ++newer;
    if (newer >= kNewEvidence) return {};
    return "number " + std::to_string(past->number) + " was " +
           std::string{decision_name(past->decision)} + " on nearly the same evidence";
  }
  return {};
}

std::string reason_to_hold_back(const Hypothesis& hypothesis, const Observation& observation,
                                const std::vector<Improvement>& history, double min_success) {
  const learn::BetaPosterior& outcomes = hypothesis.weight.outcomes;
  if (outcomes.successes + outcomes.failures >= kOutcomesToJudge &&
      outcomes.mean() < min_success)
    return "its success rate, " + percent(outcomes.mean()) + ", is below " +
           percent(min_success);
  return settled(history, hypothesis, observation);
}

}  // namespace

std::string_view hypothesis_type_name(HypothesisType type) noexcept {
  for (const TypeName& known : kTypes)
    if (known.type == type) return known.name;
  return {};
}

std::optional<HypothesisType> find_hypothesis_type(std::string_view name) noexcept {
  for (const TypeName& known : kTypes)
    if (known.name == name) return known.type;
  return std::nullopt;
}

std::string Hypothesis::action_name() const {
  std::string name{action_kind_name(action.kind)};
  if (action.kind != ActionKind::analyze)
    name += ' ' + std::string{index::index_kind_name(action.index)};
  return name;
}

std::vector<Hypothesis> decide(store::Store& store, const Observation& observation,
                               std::vector<Hypothesis> hypotheses,
                               const DecideOptions& options) {
  if (options.only)
    std::erase_if(hypotheses, [&](const Hypothesis& h) { return h.type != *options.only; });
  const auto weights = hypothesis_weights(store);
  const auto history = improvements(store);
  // Every cycle draws anew, and the same cycle with the same seed the same.
  const auto cycles = static_cast<std::uint64_t>(loop_state(store).cycles);
  std::seed_seq seeds{options.seed & 0xffffffff, options.seed >> 32, cycles};
  std::mt19937_64 random{seeds};
  for (Hypothesis& hypothesis : hypotheses) {
    hypothesis.weight = weight_of(weights, hypothesis);
    const learn::BetaPosterior& outcomes = hypothesis.weight.outcomes;
    // Dropping an index saves room, which no latency shows: its prediction stays.
    if (outcomes.successes + outcomes.failures > 0 &&
        hypothesis.action.kind != ActionKind::drop_index)
      hypothesis.predicted_gain = hypothesis.weight.avg_impact;
    hypothesis.predicted_gain_s = hypothesis.predicted_gain * hypothesis.affected_s;
    hypothesis.drawn_probability = outcomes.sample(random);
    hypothesis.score = hypothesis.predicted_gain_s * hypothesis.drawn_probability /
                       std::max(hypothesis.cost_s, 1e-3);
    hypothesis.held_back =
        reason_to_hold_back(hypothesis, observation, history, options.min_success);
  }
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) {
                     if (a.held_back.empty() != b.held_back.empty()) return a.held_back.empty();
                     return a.score > b.score;
                   });
  return hypotheses;
}

}  // namespace hart::ooda
