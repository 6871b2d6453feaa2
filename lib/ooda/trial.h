#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/json.h"
#include "learn/bootstrap.h"
#include "ooda/observation.h"
#include "search/query.h"
#include "store/store.h"

namespace hart::ooda {

/// A logged query to run again, and how many of the log it stands for.
struct ReplayItem {
  std::size_t query_class = 0;  ///< index into Observation::classes
  double weight = 1;
  search::Query query;
};

/// The newest distinct queries of each class, at most `per_class` of one. Those that can no
/// longer be run (their embedding model is gone) are left out.
[[nodiscard]] std::vector<ReplayItem> choose_replay(store::Store& store,
                                                    const Observation& observation,
                                                    std::size_t per_class);

struct TrialOptions {
  std::size_t rounds = 200;              ///< at most
  double give_up_s = 0;                  ///< on `steady_seconds`: no round begins after this
  std::uint64_t seed = 1;                ///< of the bootstrap
  std::function<void()> between_rounds;  ///< may throw: the trial ends
};

/// How one class of queries fared.
struct ClassGain {
  std::size_t query_class = 0;
  double before_us = 0;  ///< median
  double after_us = 0;
  learn::Interval gain;
};

/// Two stores compared by the same queries.
struct Trial {
  std::size_t queries = 0;
  std::size_t rounds = 0;
  bool identical = true;  ///< every query had the same hits, with the same scores, in both
  double before_us = 0;   ///< mean over the load of the queries' medians
  double after_us = 0;
  learn::Interval gain;  ///< of the whole load
  std::vector<ClassGain> classes;

  /// `{"rounds":…,"queries":…,"identical":…,"classes":[…]}` for the history.
  [[nodiscard]] Json json(const Observation& observation) const;
};

/// Fewer rounds than this decide nothing.
inline constexpr std::size_t kMinRounds = 5;

/// Runs the queries against both stores: once to warm up and to compare the hits, then in
/// rounds, each query against one store right after the other, and the order turned round every
/// time. Nothing is logged. Source of the design: interleaving and repeating as in TUNA
/// (EuroSys 2025).
[[nodiscard]] Trial compare_stores(store::Store& before, store::Store& after,
                                   const std::vector<ReplayItem>& items,
                                   const TrialOptions& options);

/// What a trial allows.
struct Verdict {
  bool good = false;
  bool decided =
      false;  ///< false: there was not enough time to measure, and nothing is learned
  std::string reason;
};

/// An action that must gain is good when the 95 % lower bound of the gain is at least 5 %; one
/// that must do no harm, when that bound is at least −2 %. In either case every answer has to
/// be the same, and no class of queries may have lost more than 2 % beyond the noise (the 95 %
/// upper bound of its gain is below −2 %).
[[nodiscard]] Verdict judge(const Trial& trial, bool must_gain);

/// A rule as `judge` is one.
using Judge = std::function<Verdict(const Trial& trial, bool must_gain)>;

}  // namespace hart::ooda
