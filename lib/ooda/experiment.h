#pragma once

#include <functional>
#include <vector>

#include "ooda/history.h"
#include "ooda/hypothesis.h"
#include "ooda/trial.h"
#include "store/store.h"

namespace hart::ooda {

/// Tries one hypothesis on a copy of the store, and on the store itself when the copy shows
/// that it is worth it.
class Experiment {
 public:
  struct Options {
    std::size_t rounds = 200;
    double give_up_s = 0;  ///< on `steady_seconds`
    std::uint64_t seed = 1;
    Judge judge = ooda::judge;
    std::function<void()> checkpoint;  ///< may throw; called where a stop is safe
  };

  /// All must outlive it. Precondition: the caller holds `lock_loop`.
  Experiment(store::Store& store, const Observation& observation,
             const std::vector<ReplayItem>& items, const Options& options)
      : store_{store}, observation_{observation}, items_{items}, options_{options} {}

  /// Fills in what was measured and decided, and keeps the history. On an exception, the one of
  /// the checkpoint included, whatever was changed is undone.
  void run(const Hypothesis& hypothesis, Improvement& improvement);

  /// Whether the decision rests on a measurement that may be learned from.
  [[nodiscard]] bool measured() const noexcept { return measured_; }

 private:
  Verdict try_on_copy(const Hypothesis& hypothesis, const Json& inverse, store::Store& copy,
                      Improvement& improvement);
  void apply(const Hypothesis& hypothesis, store::Store& undone_copy, Improvement& improvement);
  Verdict confirm(const Hypothesis& hypothesis, store::Store& undone_copy,
                  Improvement& improvement);
  Trial measure(store::Store& before, store::Store& after, double give_up_s) const;
  void take_figures(const Trial& trial, Improvement& improvement) const;

  store::Store& store_;
  const Observation& observation_;
  const std::vector<ReplayItem>& items_;
  const Options& options_;
  bool measured_ = false;
};

}  // namespace hart::ooda
