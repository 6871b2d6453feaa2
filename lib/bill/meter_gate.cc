#include "bill/meter_gate.h"

#include "bill/ledger.h"
#include "core/error.h"

namespace hart::bill {

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

UsageGate::Reservation MeterGate::reserve(const UsageRequest& request) {
  auto tenant = store_.db().prepare("SELECT active FROM my_tenant");
  if (!tenant.step() || tenant.integer(0) == 0)
    throw Error{Fault::denied, "tenant '" + store_.tenant_name() + "' may not use '" +
                                   request.operation + "': it is not active"};
  held_.insert(next_);
  return next_++;
}

void MeterGate::settle(Reservation reservation, const UsageRecord& record) {
  if (held_.erase(reservation) == 0)
    throw Error{Fault::usage, "usage is settled without a reservation"};
  settled_.push_back(record);
  // The time of a record that is kept back is when it was used, not when it is written.
  if (settled_.back().time == 0) settled_.back().time = store_.now();
  if (settled_.size() >= group_) flush();
}

void MeterGate::release(Reservation reservation) noexcept {
  held_.erase(reservation);
}

void MeterGate::flush(const std::function<void()>& beside) {
  if (settled_.empty() && !beside) return;
  const std::vector<UsageRecord> settled = std::move(settled_);
  settled_.clear();
  LedgerBatch batch{store_};
  for (const UsageRecord& record : settled) batch.record(usage_event(record));
  if (beside) beside();
  batch.commit();
}

}  // namespace hart::bill
