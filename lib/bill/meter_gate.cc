#include "bill/meter_gate.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace hart::bill {
namespace {

constexpr const char* kSelectGate =
    "SELECT active, EXISTS (SELECT 1 FROM my_billing_quota WHERE hard = 1),"
    " EXISTS (SELECT 1 FROM my_billing_quota WHERE hard = 1 AND resource = 2)"
    " FROM my_tenant";
static_assert(static_cast<int>(QuotaResource::money) == 2);

}  // namespace

MeterGate::MeterGate(store::Store& store, std::size_t group) : store_{store}, group_{group} {
  if (!store.writable())
    throw Error{Fault::usage, "metering needs a store that is open for writing"};
}

MeterGate::~MeterGate() {
  try {
    flush();
  } catch (...) {
    // A destructor has nobody to tell.
  }
}

/// At least what the ledger will say, whatever attributes the use turns out to have.
std::int64_t MeterGate::most_it_costs(const UsageRequest& request) {
  if (!newest_)
    newest_.emplace(
        store_.db().prepare("SELECT COALESCE(MAX(billing_rate_plan_id), 0)"
                            " FROM billing_rate_plan",
                            store::Scope::owner));
  const std::int64_t newest = newest_->step() ? newest_->integer(0) : 0;
  newest_->reset();
  if (!plans_ || newest != newest_plan_) plans_.emplace(store_);
  newest_plan_ = newest;
  const RatePlan* plan = plans_->at(now_us());
  const OperationRate* rate =
      plan == nullptr ? nullptr : plan->find_rate(request.operation, request.unit);
  if (rate == nullptr || rate->by_period()) return 0;
  std::array<std::int64_t, kMultiplierTypes> most{10'000, 10'000, 10'000};
  for (const Multiplier& multiplier : plan->multipliers) {
    std::int64_t& value = most[static_cast<std::size_t>(multiplier.type)];
    value = std::max(value, multiplier.value_e4);
  }
  return rated_total(rate->base_rate_micros, most, request.units_micros);
}

UsageGate::Reservation MeterGate::reserve(const UsageRequest& request) {
  if (!tenant_) tenant_.emplace(store_.db().prepare(kSelectGate));
  tenant_->reset();
  const bool active = tenant_->step() && tenant_->integer(0) != 0;
  const bool limited = active && tenant_->integer(1) != 0;
  const bool money_limited = active && tenant_->integer(2) != 0;
  tenant_->reset();
  if (!active)
    throw Error{Fault::denied, "tenant '" + store_.tenant_name() + "' may not use '" +
                                   request.operation + "': it is not active"};
  QuotaReservation reservation;
  if (limited) {
    if (!quotas_) quotas_ = std::make_unique<QuotaReserver>(store_);
    reservation = quotas_->reserve(quota_amounts(request.unit, request.units_micros,
                                                 money_limited ? most_it_costs(request) : 0),
                                   request.tentative);
  }
  held_.emplace(next_, reservation);
  return next_++;
}

void MeterGate::settle(Reservation reservation, const UsageRecord& record) {
  const auto held = held_.find(reservation);
  if (held == held_.end()) throw Error{Fault::usage, "usage is settled without a reservation"};
  settled_.push_back({record, held->second});
  held_.erase(held);
  // The time of a record that is kept back is when it was used, not when it is written.
  if (settled_.back().record.time == 0) settled_.back().record.time = store_.now();
  if (settled_.size() >= group_) flush();
}

void MeterGate::release(Reservation reservation) noexcept {
  const auto held = held_.find(reservation);
  if (held == held_.end()) return;
  const Settled released{{}, held->second};
  held_.erase(held);
  give_back({&released, 1});
}

void MeterGate::give_back(std::span<const Settled> settled) noexcept {
  if (!quotas_) return;
  try {
    std::vector<QuotaReservation> reservations;
    reservations.reserve(settled.size());
    for (const Settled& use : settled) reservations.push_back(use.reservation);
    quotas_->release(reservations);
  } catch (...) {
    // It is taken away once this process has ended.
  }
}

void MeterGate::flush(const std::function<void()>& beside) {
  if (settled_.empty() && !beside) return;
  const std::vector<Settled> settled = std::exchange(settled_, {});
  try {
    LedgerBatch batch{store_};
    write(batch, settled, beside);
  } catch (...) {
    give_back(settled);
    throw;
  }
}

void MeterGate::commit(store::WriteTransaction& transaction) {
  const std::vector<Settled> settled = std::exchange(settled_, {});
  if (settled.empty()) {
    transaction.commit();
    return;
  }
  try {
    LedgerBatch batch{store_, transaction};
    write(batch, settled, {});
  } catch (...) {
    give_back(settled);
    throw;
  }
}

void MeterGate::write(LedgerBatch& batch, std::span<const Settled> settled,
                      const std::function<void()>& beside) {
  for (const Settled& use : settled)
    batch.record(usage_event(use.record), use.reservation.minute);
  if (beside) beside();
  batch.commit();
  // While the batch has the store's writer lock, as QuotaReserver asks for.
  give_back(settled);
}

}  // namespace hart::bill
