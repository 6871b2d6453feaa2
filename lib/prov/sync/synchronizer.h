#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/sync/sync_encoding.h"
#include "prov/sync/sync_state.h"
#include "prov/sync/sync_target.h"
#include "store/store.h"

namespace hart::prov {

struct SyncOptions {
  std::size_t records = 256;    ///< of a batch, at most
  std::size_t bytes = 8 << 20;  ///< of a batch, about: at least one record
  unsigned retries = 3;         ///< of a batch that was not accepted
  double backoff_s = 1;         ///< before the first; doubled each time, at most a minute
  std::uint64_t max_dead_letters = 100;  ///< in one run: a target that refuses more is broken
  std::optional<std::uint64_t> end;      ///< deliver the first that many of the log; else all
  bool restart = false;                  ///< from the first receipt again
  bool dry_run = false;                  ///< delivers nothing and writes nothing
};

struct SyncSummary {
  std::uint64_t from = 0;  ///< the checkpoint before and after; of a dry run, what it would be
  std::uint64_t to = 0;
  std::uint64_t receipts = 0;  ///< that were accepted
  std::uint64_t nodes = 0;
  std::uint64_t edges = 0;
  std::uint64_t bytes = 0;
  std::uint64_t batches = 0;
  std::uint64_t retries = 0;
  std::uint64_t dead_letters = 0;  ///< that came in this run, or are left of those tried again
};

/// What a run asks of its surroundings; any may be empty.
struct SyncHooks {
  std::function<void(double seconds)> wait;          ///< before a retry
  std::function<void()> check;                       ///< between deliveries; may throw to end
  std::function<void(const std::string&)> notice{};  ///< what the user should know
};

/// Delivers the acting tenant's receipts to one target, in the order of the log, from where the
/// last run ended. The checkpoint moves when a batch was accepted, so that a killed run
/// delivers at most that batch again and leaves none out. A batch that is refused is split
/// until the record is alone that is refused by itself; that becomes a dead letter.
class Synchronizer {
 public:
  /// All outlive it; `store` is writable unless every run is dry. `graph` is over the store.
  Synchronizer(store::Store& store, const cypher::Graph& graph, const SyncEncoding& encoding,
               SyncTarget& target, SyncState& state, SyncOptions options, SyncHooks hooks);

  /// Throws Error(unavailable) when the target is, also after the retries, or refuses more than
  /// max_dead_letters; what was accepted by then is remembered.
  SyncSummary run();
  /// Tries every dead letter of the target once more, each by itself.
  SyncSummary retry_dead_letters();

 private:
  [[nodiscard]] std::vector<EncodedRecord> read(std::uint64_t from, std::uint64_t end);
  [[nodiscard]] Delivery deliver(std::span<const EncodedRecord> records);
  [[nodiscard]] Delivery deliver_with_retries(std::span<const EncodedRecord> records);
  void deliver_or_split(std::span<const EncodedRecord> records, unsigned tries_before);
  void accept(std::span<const EncodedRecord> records);
  void bury(const EncodedRecord& record, std::uint64_t attempts, const std::string& reason);
  void start();
  [[nodiscard]] std::uint64_t log_size();

  store::Store& store_;
  const cypher::Graph& graph_;
  const SyncEncoding& encoding_;
  SyncTarget& target_;
  SyncState& state_;
  SyncOptions options_;
  SyncHooks hooks_;
  SyncSummary done_;
};

}  // namespace hart::prov
