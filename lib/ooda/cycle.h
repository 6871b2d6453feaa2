#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/uuid.h"
#include "ooda/history.h"
#include "ooda/hypothesis.h"
#include "ooda/loop_state.h"
#include "ooda/observation.h"
#include "ooda/trial.h"
#include "store/store.h"

namespace hart::ooda {

/// Told of a cycle while it runs. What a member throws ends the cycle; a change that was not
/// finished is undone.
class CycleListener {
 public:
  virtual ~CycleListener() = default;
  virtual void observed(const Observation&) {}
  /// Ranked, best first.
  virtual void decided(const std::vector<Hypothesis>&) {}
  /// About to be tried, or, in a dry run, what would be: `inverse` undoes it.
  virtual void acting(const Hypothesis&, const Json& inverse) { static_cast<void>(inverse); }
  /// What came of it.
  virtual void outcome(const Improvement&) {}
  /// Between rounds of measuring: the place to look for an interrupt.
  virtual void checkpoint() {}
};

struct CycleOptions {
  bool apply = false;         ///< false: dry, nothing at all is written
  unsigned max_changes = 1;   ///< changes adopted in this cycle, at most
  double budget_s = 60;       ///< for trying and measuring; a change being made is finished
  std::size_t rounds = 200;   ///< of measuring
  std::size_t per_class = 8;  ///< queries replayed of one class, at most
  Judge judge = ooda::judge;
  DecideOptions decide;
};

enum class CycleDecision {
  nothing_to_do,  ///< no logged query, or no hypothesis that may be acted on
  dry_run,        ///< there is something to try, and no permission
  adopted,        ///< at least one change was kept
  rejected,       ///< what was tried was not good enough, and nothing was changed
  rolled_back,    ///< something was changed and undone, and nothing was kept
  stopped,        ///< the emergency stop is on
};
/// "nothing_to_do", "dry_run", …
[[nodiscard]] std::string_view cycle_decision_name(CycleDecision decision) noexcept;

struct CycleResult {
  Uuid cycle{};
  CycleDecision decision = CycleDecision::nothing_to_do;
  std::string reason;
  double seconds = 0;
};

/// One cycle of the improvement loop, as the acting tenant.
///
/// Observe: the query log and the store's figures. Orient: what might be better. Decide: rank
/// by expected gain × probability ÷ cost. Act, one hypothesis after the other until
/// `max_changes` are adopted: on a copy of the store, the action, interleaved replay of logged
/// queries against store and copy, and the undoing, which has to restore the copy; then, if the
/// gain is good enough (`judge`), on the store itself, measured again beside the undone copy,
/// and undone at once when that does not confirm it. Learn: from what was measured.
///
/// A dry run ends before Act and writes nothing, no log either: `store` may be open for reading
/// only. With `apply` the log, the weights and the history are kept, and a change that an
/// earlier process left unfinished is undone first. Throws Error(busy) when another cycle is at
/// work.
CycleResult run_cycle(store::Store& store, const CycleOptions& options,
                      CycleListener& listener);

/// The adopted improvement `number`, if it can be rolled back. Throws Error(no_input) when
/// there is none with that number, Error(usage) when it is not adopted, or a later adopted one
/// changed the same thing.
[[nodiscard]] Improvement require_rollback(store::Store& store, std::int64_t number);

/// Undoes it. Weights do not change: nothing was measured. Throws as `require_rollback`, and
/// Error(busy) when a cycle is at work.
Improvement roll_back(store::Store& store, std::int64_t number);

}  // namespace hart::ooda
