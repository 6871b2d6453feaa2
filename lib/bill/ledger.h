#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "bill/plan_book.h"
#include "bill/rating.h"
#include "core/bytes.h"
#include "core/events.h"
#include "store/store.h"

namespace hart::bill {

/// One line of the ledger.
struct LedgerEntry {
  std::int64_t billing_usage_ledger_id = 0;
  std::int64_t sequence = 0;  ///< counted from 0 a tenant, without gaps
  UsageRecord usage;
  Rating rating;
  TimeUs recorded = 0;
  Hash256 previous_hash{};  ///< of the entry before, zeros for the first
  Hash256 hash{};
};

/// The hash of an entry over everything above but its id and its own hash: the ledger is a
/// chain. The encoding stands in hart-receipt(5).
[[nodiscard]] Hash256 ledger_entry_hash(const LedgerEntry& entry);

/// Adds usage to the acting tenant's ledger. Lives inside one WriteTransaction: what it knows
/// of the chain's end and of the plans holds that long.
///
/// Each entry debits the account `receivable` and credits `revenue:<operation>` by its total.
class LedgerWriter {
 public:
  explicit LedgerWriter(store::Store& store);

  struct Outcome {
    LedgerEntry entry;
    bool duplicate = false;  ///< it stood in the ledger already; `entry` is what stands there
  };
  /// Rates and adds one record. A record whose source and event id are known adds nothing. A
  /// time of 0 means now. Throws Error(data) when source, event id, operation or unit is empty,
  /// when the known event had another operation, unit or number of units, and when the total
  /// does not fit; the transaction can go on then.
  Outcome record(const UsageRecord& usage);

 private:
  [[nodiscard]] std::optional<LedgerEntry> find(const UsageRecord& usage);
  void insert(LedgerEntry& entry);

  store::Store& store_;
  PlanBook plans_;
  store::Statement find_;
  store::Statement insert_;
  store::Statement insert_entry_;
  std::int64_t next_sequence_ = 0;
  Hash256 last_hash_{};
};

/// The acting tenant's ledger in order, oldest first. Throws Error(data) on a damaged row.
void for_each_ledger_entry(store::Store& store,
                           const std::function<void(const LedgerEntry&)>& visit);

}  // namespace hart::bill
