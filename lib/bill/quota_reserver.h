#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bill/quota.h"
#include "bill/quota_violation.h"

namespace hart::bill {

/// An amount that is set aside.
struct QuotaReservation {
  std::int64_t billing_quota_reservation_id = 0;  ///< 0: nothing is
  std::int64_t holder = 0;
  TimeUs reserved = 0;
  QuotaAmounts amounts;
};

/// Checks the hard quotas of a tenant and sets amounts aside, in one transaction, so that what
/// all processes together use stays within them.
///
/// A reservation that is not durable is lost in a power cut together with its process, so that
/// the transaction waits for no disk. The reserver holds a lock on a byte of the file
/// `reservations`: the number of the byte stands in its reservations, and those whose byte
/// nobody holds are of a process that died, and are taken away before any use is refused.
class QuotaReserver {
 public:
  /// For the tenant that `store` acts as; `store` must outlive it. Has a connection of its own:
  /// a Snapshot of the store's may be open.
  explicit QuotaReserver(store::Store& store);
  ~QuotaReserver();
  QuotaReserver(const QuotaReserver&) = delete;
  QuotaReserver& operator=(const QuotaReserver&) = delete;

  /// Throws Error(denied) when there is no room, after the violation was recorded and the
  /// store's command was called; `tentative` leaves that out. No WriteTransaction may be open
  /// in this thread.
  [[nodiscard]] QuotaReservation reserve(const QuotaAmounts& amounts, bool tentative);
  /// Gives all of it back. Throws as a WriteTransaction does.
  void release(const QuotaReservation& reservation);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Counts what was used against all quotas of the acting tenant, inside the transaction that
/// writes it to the ledger. Costs a tenant without quotas one look-up.
class QuotaCount {
 public:
  /// Inside a WriteTransaction of `store`, which must outlive it.
  QuotaCount(store::Store& store, TimeUs now);

  /// `time` is the use's; `reservation`, when not null, what was set aside for it.
  void add(const QuotaAmounts& used, TimeUs time, const QuotaReservation* reservation);
  /// Before the transaction commits.
  void write();
  /// After it has.
  void call_hook() noexcept;

 private:
  store::Store& store_;
  TimeUs now_;
  QuotaCounters counters_;
  bool changed_ = false;
  std::map<std::size_t, QuotaViolation> over_;  ///< by the quota's place
  std::vector<QuotaViolation> fresh_;           ///< the first of their windows
};

}  // namespace hart::bill
