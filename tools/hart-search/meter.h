#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bill/meter_gate.h"
#include "core/events.h"
#include "prov/content.h"
#include "prov/receipt_writer.h"
#include "search/search.h"
#include "search/searcher.h"
#include "store/id_cache.h"
#include "store/store.h"

namespace hart::search_tool {

/// Answers queries under the tenant's quota: reserves them before they run, charges them after
/// they were answered, gives back those that failed, and writes them to the query log and, as
/// receipts, to the transparency log.
///
/// A transaction costs a disk sync, so that queries which follow on each other share one: they
/// are charged by `settle`, at the latest when `full` says so. One usage record, and one
/// receipt that commits to each query and its hits, stand for all queries of a block with the
/// same strategy, embedding model and count of hits; a receipt of a single query has its hits
/// as evidence. A process that dies has charged no query twice, and has left at most one block
/// uncharged, unlogged and without a receipt.
class MeteredSearch {
 public:
  /// `store` must outlive it. A block is full with `block` queries, 1 or more.
  explicit MeteredSearch(store::Store& store, std::size_t block = 1);
  /// Charges what is not charged yet; a failure then is lost, so call `settle` before.
  ~MeteredSearch();
  MeteredSearch(const MeteredSearch&) = delete;
  MeteredSearch& operator=(const MeteredSearch&) = delete;

  /// `ids` tells which atoms the hits are. Throws as `search::search` does, and Error(denied)
  /// when a quota says no.
  [[nodiscard]] search::Result run(const search::Query& query, store::IdCache& ids);

  /// The receipt in which the last query will stand, once it was settled; empty where none is
  /// kept.
  [[nodiscard]] const std::string& receipt() const noexcept { return receipt_; }

  /// Whether a block of queries was answered since the last `settle`.
  [[nodiscard]] bool full() const noexcept { return log_.size() >= block_; }
  /// Charges and logs what was answered. Call when `full`, before waiting and at the end, with
  /// no Snapshot open.
  void settle();

 private:
  /// Queries set aside at the gate.
  struct Reserved {
    UsageGate::Reservation reservation = 0;
    std::int64_t queries = 0;
  };
  /// Answered queries that one usage record and one receipt stand for.
  struct Charge {
    Reserved reserved;
    std::string strategy;
    std::size_t k = 0;
    std::optional<Id> model;
    GenerationBegin begin;  ///< of the receipt; its start is that of the first query
    std::vector<prov::AnsweredQuery> queries;
  };

  [[nodiscard]] Reserved reserve();
  Charge& charge_of(const search::Query& query, const QueryRecord& record);
  [[nodiscard]] UsageRecord usage_of(const Charge& charge) const;
  [[nodiscard]] prov::PendingReceipt receipt_of(Charge& charge) const;
  void write(std::vector<Charge> charges);

  store::Store& store_;
  std::size_t block_;
  search::Searcher searcher_;
  std::unique_ptr<bill::MeterGate> gate_;  ///< null on a store that is open for reading
  std::optional<prov::ReceiptWriter> receipts_;
  std::optional<Reserved> reserved_;  ///< for what comes next
  std::vector<Charge> charges_;
  std::string receipt_;
  std::vector<QueryRecord> log_;  ///< (answered since the last `settle`)
};

}  // namespace hart::search_tool
