#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bill/ledger_names.h"
#include "bill/plan_book.h"
#include "bill/quota_reserver.h"
#include "bill/rating.h"
#include "bill/rollup.h"
#include "core/bytes.h"
#include "core/events.h"
#include "store/store.h"

namespace hart::bill {

/// One line of the ledger.
struct LedgerEntry {
  std::int64_t sequence = 0;  ///< counted from 0 a tenant, without gaps
  std::int64_t billing_price_id = 0;
  UsageRecord usage;
  std::string attributes;  ///< the usage's, as they are stored and hashed
  Price price;
  std::int64_t total_micros = 0;
  TimeUs recorded = 0;
  Hash256 hash{};
};

/// The hash of an entry over all of it and the hash of the entry before, zeros for the first:
/// the ledger is a chain. `time` is the use's. The encoding stands in hart-receipt(5).
[[nodiscard]] Hash256 ledger_entry_hash(std::int64_t sequence, const UsageEvent& event,
                                        TimeUs time, const Price& price,
                                        std::int64_t total_micros, TimeUs recorded,
                                        const Hash256& previous);

/// A write transaction that adds usage to the acting tenant's ledger and keeps the totals of
/// each hour beside it. Nothing is kept unless committed; `commit` makes all of it durable.
///
/// Each entry debits the account `receivable` and credits `revenue:<operation>` by its total.
class LedgerBatch {
 public:
  /// Opens a WriteTransaction: none may be open.
  explicit LedgerBatch(store::Store& store);
  /// Adds to one that is open, and commits it. Both must outlive the batch.
  LedgerBatch(store::Store& store, store::WriteTransaction& transaction);

  struct Outcome {
    std::int64_t sequence = 0;
    TimeUs time = 0;  ///< of the use, as it stands in the ledger
    std::int64_t billing_price_id = 0;
    const Price* price = nullptr;  ///< lives as long as the batch
    std::int64_t total_micros = 0;
    bool duplicate = false;  ///< it stood in the ledger already; the rest is what stands there
  };
  /// Rates and adds one event. One whose source and event id are known adds nothing. A time of
  /// 0 means now. Throws Error(data) when the known event had another operation, unit or number
  /// of units, and when an amount or the totals of its hour do not fit; the batch can go on
  /// then. What is added counts against the tenant's quotas, in the windows of `reserved`: when
  /// it was set aside; 0: nobody did, and it counts in those of its own time.
  Outcome record(const UsageEvent& event, TimeUs reserved = 0);

  /// Calls the store's command where a quota was gone beyond, once all is durable.
  void commit();

 private:
  /// What stands in the ledger of an event, if anything does.
  std::optional<Outcome> known(std::int64_t source, const UsageEvent& event);

  LedgerBatch(store::Store& store, std::unique_ptr<store::WriteTransaction> own);

  store::Store& store_;
  std::unique_ptr<store::WriteTransaction> own_;  ///< unless it is the caller's
  store::WriteTransaction& transaction_;
  PlanBook plans_;
  LedgerNames names_;
  RollupWriter rollups_;
  store::Statement insert_;
  store::Statement find_;
  TimeUs now_ = 0;
  std::int64_t next_sequence_ = 0;
  Hash256 last_hash_{};
  QuotaCount quotas_;
  Price price_;  ///< of the event at hand
};

/// The acting tenant's ledger in order, from a place on; `visit` answers whether to go on.
/// Throws Error(data) on a damaged row.
void for_each_ledger_entry(store::Store& store, std::int64_t from_sequence,
                           const std::function<bool(const LedgerEntry&)>& visit);

/// How many entries the acting tenant's ledger has.
[[nodiscard]] std::int64_t ledger_size(store::Store& store);

}  // namespace hart::bill
