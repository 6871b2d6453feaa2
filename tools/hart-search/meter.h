#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bill/meter_gate.h"
#include "core/events.h"
#include "search/search.h"
#include "search/searcher.h"
#include "store/store.h"

namespace hart::search_tool {

/// Answers queries under the tenant's quota: reserves them before they run, charges them after
/// they were answered, gives back those that failed, and writes them to the query log.
///
/// A transaction costs a disk sync, so that queries which follow on each other share one: they
/// are charged by `settle`, at the latest when `full` says so. One usage record stands for all
/// queries of a block with the same strategy and count of hits. A process that dies has charged
/// no query twice, and has left at most one block uncharged and unlogged.
class MeteredSearch {
 public:
  /// `store` must outlive it. A block is full with `block` queries, 1 or more.
  explicit MeteredSearch(store::Store& store, std::size_t block = 1);
  /// Charges what is not charged yet; a failure then is lost, so call `settle` before.
  ~MeteredSearch();
  MeteredSearch(const MeteredSearch&) = delete;
  MeteredSearch& operator=(const MeteredSearch&) = delete;

  /// Throws as `search::search` does, and Error(denied) when a quota says no.
  [[nodiscard]] search::Result run(const search::Query& query);

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
  /// Answered queries that one usage record stands for.
  struct Charge {
    Reserved reserved;
    std::string strategy;
    std::size_t k = 0;
    std::int64_t queries = 0;
    TimeUs time = 0;  ///< of the first
  };

  [[nodiscard]] Reserved reserve();
  void note_charge(const search::Query& query, const search::Result& result, TimeUs time);

  store::Store& store_;
  std::size_t block_;
  search::Searcher searcher_;
  std::unique_ptr<bill::MeterGate> gate_;  ///< null on a store that is open for reading
  std::optional<Reserved> reserved_;       ///< for what comes next
  std::vector<Charge> charges_;
  std::vector<QueryRecord> log_;  ///< (answered since the last `settle`)
};

}  // namespace hart::search_tool
