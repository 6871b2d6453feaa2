#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bill/ledger.h"
#include "bill/plan_book.h"
#include "bill/quota_reserver.h"
#include "core/events.h"
#include "store/store.h"

namespace hart::bill {

/// Meters the acting tenant: what is settled is rated and stands in the ledger, and what hard
/// quotas have no room for is refused. A use costs money by its own price, at the most that the
/// plan's multipliers can make of it; what is charged by the period counts nothing.
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

  /// Throws Error(denied) when the tenant is not active, or as QuotaReserver::reserve does: no
  /// WriteTransaction may be open.
  Reservation reserve(const UsageRequest& request) override;
  /// Opens a WriteTransaction when the group is full: none may be open. Throws Error(usage) for
  /// a reservation that is not held, Error(data) as `usage_event` and LedgerBatch::record do.
  void settle(Reservation reservation, const UsageRecord& record) override;
  /// What cannot be given back now is when this process has ended.
  void release(Reservation reservation) noexcept override;

  /// Writes every record that is kept back, durably, and what `beside` writes in the same
  /// transaction.
  void flush(const std::function<void()>& beside = {});
  /// Writes every record that is kept back into a transaction of the caller's, and commits it.
  void commit(store::WriteTransaction& transaction);

 private:
  struct Settled {
    UsageRecord record;
    QuotaReservation reservation;
  };

  [[nodiscard]] std::int64_t most_it_costs(const UsageRequest& request);
  void write(LedgerBatch& batch, std::span<const Settled> settled,
             const std::function<void()>& beside);
  void give_back(std::span<const Settled> settled) noexcept;

  store::Store& store_;
  std::size_t group_;
  Reservation next_ = 1;
  std::map<Reservation, QuotaReservation> held_;
  std::vector<Settled> settled_;
  std::optional<store::Statement> tenant_;
  std::optional<store::Statement> newest_;  ///< plan
  std::unique_ptr<QuotaReserver> quotas_;   ///< made for a tenant with a hard quota
  std::optional<PlanBook> plans_;           ///< read for one with a quota of money
  std::int64_t newest_plan_ = 0;            ///< of `plans_`
};

}  // namespace hart::bill
