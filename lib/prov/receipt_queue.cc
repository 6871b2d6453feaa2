#include "prov/receipt_queue.h"

#include <set>

#include "core/error.h"

namespace hart::prov {
namespace {

/// Bounds what is in memory, at some kilobytes each, and how long others wait for the lock.
constexpr std::size_t kMostQueued = 4096;

}  // namespace

ReceiptQueue::ReceiptQueue(const store::OpenOptions& options, const crypto::NoteSigner* signer)
    : store_{options}, writer_{store_, signer} {
  if (!store_.writable())
    throw Error{Fault::usage, "receipts need a store that is open for writing"};
  thread_ = std::thread{[this] { run(); }};
}

ReceiptQueue::~ReceiptQueue() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

std::future<std::uint64_t> ReceiptQueue::submit(PendingReceipt receipt) {
  std::future<std::uint64_t> durable;
  {
    std::unique_lock lock{mutex_};
    taken_.wait(lock, [this] { return queued_.receipts.size() < kMostQueued; });
    queued_.receipts.push_back(std::move(receipt));
    durable = queued_.durable.emplace_back().get_future();
  }
  arrived_.notify_one();
  return durable;
}

std::uint64_t ReceiptQueue::groups() const {
  const std::lock_guard lock{mutex_};
  return groups_;
}

void ReceiptQueue::run() {
  while (true) {
    Group group;
    {
      std::unique_lock lock{mutex_};
      arrived_.wait(lock, [this] { return closing_ || !queued_.receipts.empty(); });
      if (queued_.receipts.empty()) return;
      std::swap(group, queued_);
    }
    taken_.notify_all();
    write_group(group);
  }
}

void ReceiptQueue::refuse_repeated(Group& group) {
  // All that can fail comes before the first answer.
  std::vector<bool> repeated;
  std::set<Uuid> seen;
  for (const PendingReceipt& receipt : group.receipts)
    repeated.push_back(!seen.insert(receipt.inference).second ||
                       writer_.knows(receipt.inference));
  Group fresh;
  for (std::size_t i = 0; i < repeated.size(); ++i) {
    if (repeated[i]) {
      group.durable[i].set_exception(std::make_exception_ptr(Error{
          Fault::usage,
          "generation " + uuid_text(group.receipts[i].inference) + " has a receipt already"}));
      continue;
    }
    fresh.receipts.push_back(std::move(group.receipts[i]));
    fresh.durable.push_back(std::move(group.durable[i]));
  }
  group = std::move(fresh);
}

void ReceiptQueue::write_group(Group& group) {
  try {
    std::uint64_t index = 0;
    try {
      index = write_durably(group.receipts);
    } catch (const Error& error) {
      // A UUID that was used, and nothing was written: it must not cost the others their place.
      if (error.fault() != Fault::usage) throw;
      refuse_repeated(group);
      index = write_durably(group.receipts);
    }
    for (std::promise<std::uint64_t>& durable : group.durable) durable.set_value(index++);
  } catch (...) {
    for (std::promise<std::uint64_t>& durable : group.durable)
      durable.set_exception(std::current_exception());
  }
}

std::uint64_t ReceiptQueue::write_durably(std::span<PendingReceipt> receipts) {
  if (receipts.empty()) return 0;
  store::WriteTransaction transaction{store_};
  const std::uint64_t first = writer_.write(receipts);
  transaction.commit();
  const std::lock_guard lock{mutex_};
  ++groups_;
  return first;
}

}  // namespace hart::prov
