#pragma once

#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "prov/receipt_writer.h"
#include "store/store.h"

namespace hart::prov {

/// Receipts of many threads, written in groups: whatever has arrived while a group was being
/// made durable is the next one, so that one sync of the disk acknowledges as many receipts as
/// are waiting, and a lone receipt waits for no one.
///
/// It has a store and a thread of its own. The writer's lock is held only while a group is
/// written.
class ReceiptQueue {
 public:
  /// `options` must be writable. `signer`, if given, outlives the queue. Throws as store::Store
  /// does.
  explicit ReceiptQueue(const store::OpenOptions& options,
                        const crypto::NoteSigner* signer = nullptr);
  /// Returns when all that was submitted is durable, or has failed.
  ~ReceiptQueue();
  ReceiptQueue(const ReceiptQueue&) = delete;
  ReceiptQueue& operator=(const ReceiptQueue&) = delete;

  /// The index in the log, once the receipt is durable. Waits while kMostQueued receipts are
  /// queued. The future throws Error(usage) when the UUID was used before, else what kept the
  /// group from being written; nothing of it is in the store then. From any thread.
  [[nodiscard]] std::future<std::uint64_t> submit(PendingReceipt receipt);

  /// Groups that were made durable.
  [[nodiscard]] std::uint64_t groups() const;

 private:
  /// What is written together; a promise for each receipt.
  struct Group {
    std::vector<PendingReceipt> receipts;
    std::vector<std::promise<std::uint64_t>> durable;
  };

  void run();
  void write_group(Group& group);
  /// Answers those whose UUID was used before, and keeps the others.
  void refuse_repeated(Group& group);
  std::uint64_t write_durably(std::span<PendingReceipt> receipts);

  store::Store store_;
  ReceiptWriter writer_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable taken_;
  Group queued_;
  std::uint64_t groups_ = 0;
  bool closing_ = false;
  std::thread thread_;  ///< the last member: it uses all others
};

}  // namespace hart::prov
