#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "core/events.h"
#include "store/store.h"

namespace hart::bill {

/// Meters the acting tenant: what is settled is rated and stands in the ledger.
class MeterGate : public UsageGate {
 public:
  /// `store` outlives the gate and is writable; Error(usage) when it is not. With a `group`
  /// above 1 settled records are kept back and written that many in one transaction, because
  /// each transaction costs a disk sync; a caller that answers in a stream flushes before it
  /// acknowledges.
  explicit MeterGate(store::Store& store, std::size_t group = 1);
  /// Writes what is kept back; a failure then is lost, so call `flush` before.
  ~MeterGate() override;
  MeterGate(const MeterGate&) = delete;
  MeterGate& operator=(const MeterGate&) = delete;

  /// Throws Error(denied) when the tenant is not active.
  Reservation reserve(const UsageRequest& request) override;
  /// Opens a WriteTransaction when the group is full: none may be open. Throws Error(usage) for
  /// a reservation that is not held, Error(data) as `usage_event` and LedgerBatch::record do.
  void settle(Reservation reservation, const UsageRecord& record) override;
  void release(Reservation reservation) noexcept override;

  /// Writes every record that is kept back, durably, and what `beside` writes in the same
  /// transaction.
  void flush(const std::function<void()>& beside = {});

 private:
  store::Store& store_;
  std::size_t group_;
  Reservation next_ = 1;
  std::set<Reservation> held_;
  std::vector<UsageRecord> settled_;
};

}  // namespace hart::bill
