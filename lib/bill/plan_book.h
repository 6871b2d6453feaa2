#pragma once

#include <limits>
#include <vector>

#include "bill/period.h"
#include "bill/plan.h"
#include "store/store.h"

namespace hart::bill {

/// The acting tenant's rate plans.
class PlanBook {
 public:
  /// With `applied_until`, as the book was at that time.
  explicit PlanBook(store::Store& store,
                    TimeUs applied_until = std::numeric_limits<TimeUs>::max());

  /// One plan that is stored nowhere, as if it were applied: from its start, or always.
  explicit PlanBook(RatePlan plan);

  /// The plan in force at an instant: the one with the latest start that is not after it, and
  /// of several with that start the one applied last. Null when there is none, or that one has
  /// ended.
  [[nodiscard]] const RatePlan* at(TimeUs time) const noexcept;
  /// Null when there is none of that id.
  [[nodiscard]] const RatePlan* find(std::int64_t billing_rate_plan_id) const noexcept;

  struct InForce {
    const RatePlan* plan;
    Period part;  ///< of the period, not empty
  };
  /// The plans in force within a period, in their order; their parts do not overlap.
  [[nodiscard]] std::vector<InForce> in_force(const Period& period) const;
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
