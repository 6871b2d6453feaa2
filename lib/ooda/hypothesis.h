#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "learn/beta.h"
#include "ooda/action.h"
#include "ooda/observation.h"
#include "store/store.h"

namespace hart::ooda {

/// What a hypothesis is about.
enum class HypothesisType {
  statistics_update,   ///< the planner's statistics are missing or stale
  index_optimization,  ///< an index is missing, or of no use
};
/// "StatisticsUpdate", "IndexOptimization".
[[nodiscard]] std::string_view hypothesis_type_name(HypothesisType type) noexcept;
[[nodiscard]] std::optional<HypothesisType> find_hypothesis_type(
    std::string_view name) noexcept;

/// What outcomes have taught about a kind of action.
struct HypothesisWeight {
  std::string hypothesis_type;
  std::string action;  ///< its kind; of an index also which: "build_index flat"
  learn::BetaPosterior outcomes;
  double avg_impact = 0;  ///< mean of the measured relative gains
  TimeUs updated = 0;
};

/// A belief that an action would help, and what it is worth.
struct Hypothesis {
  HypothesisType type = HypothesisType::statistics_update;
  Action action;
  std::string reason;
  std::string risk;       ///< "low", "medium"
  bool must_gain = true;  ///< false: it is worth doing when it does no harm
  double affected_s = 0;  ///< latency of the logged queries that it concerns; for an index that
                          ///< is to be dropped, the time that a backup takes to read it
  double predicted_gain = 0;    ///< relative, of `affected_s`
  double predicted_gain_s = 0;  ///< seconds saved, on a load like the one logged
  double cost_s = 0;            ///< of trying, applying and measuring it
  HypothesisWeight weight;
  double drawn_probability = 0;  ///< a draw from what is known of its success
  double score = 0;              ///< predicted_gain_s × drawn_probability ÷ cost_s
  std::string held_back;         ///< why it must not be acted on; empty: it may be

  /// The key of its weight: "analyze", "build_index flat".
  [[nodiscard]] std::string action_name() const;
};

/// What might be better, from what was observed. Nothing is ranked yet.
[[nodiscard]] std::vector<Hypothesis> orient(const Observation& observation);

struct DecideOptions {
  std::uint64_t seed = 1;
  double min_success = 0.7;  ///< an action that is known to succeed less often is held back
  std::optional<HypothesisType> only;
};

/// Ranks hypotheses, best first: expected gain × success probability ÷ cost. The probability is
/// drawn from the Beta posterior of past outcomes (Thompson sampling), so that what has seldom
/// been tried gets its turn; the gain is the mean of what was measured before, once there is
/// something. Held back, and last, is an action whose success rate over at least three outcomes
/// is below `min_success`, and one that was settled on nearly the same evidence (fewer than
/// twenty newer queries). Those of another type than `only` are left out.
/// Source: W. R. Thompson, "On the likelihood that one unknown probability exceeds another",
/// Biometrika 25, 1933.
[[nodiscard]] std::vector<Hypothesis> decide(store::Store& store,
                                             const Observation& observation,
                                             std::vector<Hypothesis> hypotheses,
                                             const DecideOptions& options);

/// What the acting tenant's outcomes have taught.
[[nodiscard]] std::vector<HypothesisWeight> hypothesis_weights(store::Store& store);

/// Counts one measured outcome: never a prediction. The confidence is Laplace's
/// (s + 1) / (s + f + 2) of the counts that include it.
void learn_outcome(store::Store& store, const Hypothesis& hypothesis, bool success,
                   double measured_gain);

}  // namespace hart::ooda
