#pragma once

#include <vector>

#include "bill/plan.h"
#include "store/store.h"

namespace hart::bill {

/// The acting tenant's rate plans.
class PlanBook {
 public:
  explicit PlanBook(store::Store& store);

  /// The plan in force at an instant: the one with the latest start that is not after it, and
  /// of several with that start the one applied last. Null when there is none.
  [[nodiscard]] const RatePlan* at(TimeUs time) const noexcept;
  /// All plans, by start and then by version.
  [[nodiscard]] const std::vector<RatePlan>& plans() const noexcept { return plans_; }

 private:
  std::vector<RatePlan> plans_;
};

struct AppliedPlan {
  RatePlan plan;
  bool changed = false;  ///< false: the plan in force at its start says the same already
};

/// Stores `plan` as the tenant's next version, to take force at its start (now, when it has
/// none). Usage that is already in the ledger keeps its price. Opens a WriteTransaction; with
/// `dry_run` nothing is kept. Throws Error(data) when the currency differs from that of an
/// earlier plan: a tenant is billed in one.
AppliedPlan apply_plan(store::Store& store, RatePlan plan, bool dry_run);

}  // namespace hart::bill
