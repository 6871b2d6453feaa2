#include "bill/plan_book.h"

#include <algorithm>

#include "core/error.h"
#include "store/audit.h"

namespace hart::bill {
namespace {

void insert_plan(store::Store& store, const RatePlan& plan, const Hash256& content) {
  store.db()
      .prepare(
          "INSERT INTO billing_rate_plan (billing_rate_plan_id, tenant_id, version, name,"
          " currency, effective_from_us, content_hash, created_us, document)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          store::Scope::owner)
      .run(plan.billing_rate_plan_id, store.tenant_id(), plan.version, plan.name, plan.currency,
           *plan.effective_from, content, store.now(), dump_json(plan_document(plan)));
}

}  // namespace

PlanBook::PlanBook(store::Store& store, TimeUs applied_until) {
  auto rows = store.db().prepare(
      "SELECT billing_rate_plan_id, version, effective_from_us, document"
      " FROM my_billing_rate_plan WHERE created_us <= ? ORDER BY effective_from_us, version");
  rows.with(applied_until);
  while (rows.step()) {
    RatePlan plan = parse_plan(rows.text(3));
    plan.billing_rate_plan_id = rows.integer(0);
    plan.version = rows.integer(1);
    plan.effective_from = rows.integer(2);
    plans_.push_back(std::move(plan));
  }
}

PlanBook::PlanBook(RatePlan plan) {
  plan.billing_rate_plan_id = plan.version = 1;
  if (!plan.effective_from) plan.effective_from = 0;
  plans_.push_back(std::move(plan));
}

const RatePlan* PlanBook::at(TimeUs time) const noexcept {
  const auto after = std::ranges::upper_bound(
      plans_, time, {}, [](const RatePlan& plan) { return *plan.effective_from; });
  if (after == plans_.begin()) return nullptr;
  const RatePlan& latest = *(after - 1);
  return latest.effective_until && *latest.effective_until <= time ? nullptr : &latest;
}

const RatePlan* PlanBook::find(std::int64_t billing_rate_plan_id) const noexcept {
  const auto found =
      std::ranges::find(plans_, billing_rate_plan_id, &RatePlan::billing_rate_plan_id);
  return found == plans_.end() ? nullptr : &*found;
}

std::vector<PlanBook::InForce> PlanBook::in_force(const Period& period) const {
  std::vector<InForce> result;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    const RatePlan& plan = plans_[i];
    Period part{std::max(period.start, *plan.effective_from), period.end};
    if (plan.effective_until) part.end = std::min(part.end, *plan.effective_until);
    if (i + 1 < plans_.size()) part.end = std::min(part.end, *plans_[i + 1].effective_from);
    if (part.start < part.end) result.push_back({&plan, part});
  }
  return result;
}

AppliedPlan apply_plan(store::Store& store, RatePlan plan, bool dry_run) {
  store::WriteTransaction transaction{store};
  if (!plan.effective_from) plan.effective_from = store.now();
  if (plan.effective_until && *plan.effective_until <= *plan.effective_from)
    throw Error{Fault::data, "plan: /effective_until: is not after its start, " +
                                 format_time(*plan.effective_from)};
  const PlanBook book{store};
  const Hash256 content = plan_content_hash(plan);
  if (const RatePlan* current = book.at(*plan.effective_from);
      current != nullptr && plan_content_hash(*current) == content)
    return {*current, false};

  plan.version = 1;
  for (const RatePlan& earlier : book.plans()) {
    if (earlier.currency != plan.currency)
      throw Error{Fault::data, "plan: /currency: the tenant is billed in " + earlier.currency +
                                   ", not in " + plan.currency};
    plan.version = std::max(plan.version, earlier.version + 1);
  }
  plan.billing_rate_plan_id =
      store.db().query_integer("SELECT max(billing_rate_plan_id) FROM billing_rate_plan") + 1;
  insert_plan(store, plan, content);
  store::record_act(store, "hart-bill plan apply",
                    "version " + std::to_string(plan.version) + " of " + plan.name + ", from " +
                        format_time(*plan.effective_from));
  if (!dry_run) transaction.commit();
  return {std::move(plan), true};
}

}  // namespace hart::bill
