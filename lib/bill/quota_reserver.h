#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bill/quota.h"
#include "bill/quota_violation.h"

namespace hart::bill {

/// An amount that is set aside.
struct QuotaReservation {
  TimeUs minute = 0;  ///< in whose windows it counts; 0: nothing is set aside
  QuotaAmounts amounts;
};

/// Checks the hard quotas of a tenant and sets amounts aside, so that what all processes
/// together use stays within them.
///
/// What is set aside stands in a file that all processes share and is never synced (see
/// QuotaReservations); what was used stands in the catalog. A reserver holds the file's lock
/// while it reads what was used, adds what is set aside and writes its own: no other
/// reservation and no `release` comes between. A use that was settled is given back only after
/// the transaction that counts it, so that it is counted twice for an instant and never not at
/// all; whoever is refused meanwhile asks once more with the store's writer lock, which those
/// who settle hold until they have given back. So nobody overspends, and nobody is refused for
/// want of room that is there.
///
/// A power cut, like SIGKILL, ends the process whose use was set aside: it settles it no more.
/// What is then lost of the file was never used, and giving it back is right.
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
  /// Gives all of them back. After the transaction that counts them, while its WriteTransaction
  /// object lives. Throws Error(busy) and Error(io).
  void release(std::span<const QuotaReservation> reservations);

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

  /// `time` decides in which windows it counts.
  void add(const QuotaAmounts& used, TimeUs time);
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
