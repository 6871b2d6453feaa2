#include "bill/plan_book.h"

#include <algorithm>

#include "core/error.h"

namespace hart::bill {
namespace {

void load_operations(store::Connection& db, RatePlan& plan) {
  auto rows = db.prepare(
      "SELECT operation, unit, base_rate_micros FROM my_billing_operation_rate"
      " WHERE billing_rate_plan_id = ? ORDER BY position");
  rows.with(plan.billing_rate_plan_id);
  while (rows.step())
    plan.operations.push_back(
        {std::string{rows.text(0)}, std::string{rows.text(1)}, rows.integer(2)});
}

MultiplierType multiplier_type(std::string_view name) {
  for (int i = 0; i < kMultiplierTypes; ++i)
    if (multiplier_name(static_cast<MultiplierType>(i)) == name)
      return static_cast<MultiplierType>(i);
  throw Error{Fault::data, "rate plan: unknown type of multiplier '" + std::string{name} + "'"};
}

void load_multipliers(store::Connection& db, RatePlan& plan) {
  auto rows = db.prepare(
      "SELECT multiplier_type, criteria, value_e4 FROM my_billing_multiplier"
      " WHERE billing_rate_plan_id = ? ORDER BY position");
  rows.with(plan.billing_rate_plan_id);
  while (rows.step())
    plan.multipliers.push_back({multiplier_type(rows.text(0)),
                                Criteria{parse_json(rows.text(1), "rate plan"), "rate plan"},
                                rows.integer(2)});
}

void insert_plan(store::Store& store, const RatePlan& plan, const Hash256& content) {
  store::Connection& db = store.db();
  db.prepare(
        "INSERT INTO billing_rate_plan (billing_rate_plan_id, tenant_id, version, name, "
        "currency,"
        " effective_from_us, content_hash, created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        store::Scope::owner)
      .run(plan.billing_rate_plan_id, store.tenant_id(), plan.version, plan.name, plan.currency,
           *plan.effective_from, content, store.now());
  auto rate = db.prepare(
      "INSERT INTO billing_operation_rate (billing_rate_plan_id, position, tenant_id, "
      "operation,"
      " unit, base_rate_micros) VALUES (?, ?, ?, ?, ?, ?)",
      store::Scope::owner);
  std::int64_t position = 0;
  for (const OperationRate& one : plan.operations)
    rate.run(plan.billing_rate_plan_id, position++, store.tenant_id(), one.operation, one.unit,
             one.base_rate_micros);
  auto multiplier = db.prepare(
      "INSERT INTO billing_multiplier (billing_rate_plan_id, position, tenant_id,"
      " multiplier_type, criteria, value_e4) VALUES (?, ?, ?, ?, ?, ?)",
      store::Scope::owner);
  position = 0;
  for (const Multiplier& one : plan.multipliers)
    multiplier.run(plan.billing_rate_plan_id, position++, store.tenant_id(),
                   multiplier_name(one.type), dump_json(one.criteria.json()), one.value_e4);
}

}  // namespace

PlanBook::PlanBook(store::Store& store) {
  auto rows = store.db().prepare(
      "SELECT billing_rate_plan_id, version, name, currency, effective_from_us"
      " FROM my_billing_rate_plan ORDER BY effective_from_us, version");
  while (rows.step()) {
    RatePlan plan;
    plan.billing_rate_plan_id = rows.integer(0);
    plan.version = rows.integer(1);
    plan.name = rows.text(2);
    plan.currency = rows.text(3);
    plan.effective_from = rows.integer(4);
    load_operations(store.db(), plan);
    load_multipliers(store.db(), plan);
    plans_.push_back(std::move(plan));
  }
}

const RatePlan* PlanBook::at(TimeUs time) const noexcept {
  const auto after = std::ranges::upper_bound(
      plans_, time, {}, [](const RatePlan& plan) { return *plan.effective_from; });
  return after == plans_.begin() ? nullptr : &*(after - 1);
}

AppliedPlan apply_plan(store::Store& store, RatePlan plan, bool dry_run) {
  store::WriteTransaction transaction{store};
  if (!plan.effective_from) plan.effective_from = store.now();
  const PlanBook book{store};
  const Hash256 content = plan_content_hash(plan);
  if (const RatePlan* current = book.at(*plan.effective_from);
      current != nullptr && plan_content_hash(*current) == content)
    return {*current, false};

  plan.version = 1;
  for (const RatePlan& earlier : book.plans()) {
    if (earlier.currency != plan.currency)
      throw Error{Fault::data, "plan.currency: the tenant is billed in " + earlier.currency +
                                   ", not in " + plan.currency};
    plan.version = std::max(plan.version, earlier.version + 1);
  }
  plan.billing_rate_plan_id =
      store.db().query_integer("SELECT max(billing_rate_plan_id) FROM billing_rate_plan") + 1;
  insert_plan(store, plan, content);
  if (!dry_run) transaction.commit();
  return {std::move(plan), true};
}

}  // namespace hart::bill
