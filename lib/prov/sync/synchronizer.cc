#include "prov/sync/synchronizer.h"

#include <algorithm>
#include <optional>

#include "core/error.h"

namespace hart::prov {
namespace {

constexpr double kLongestWait = 60;

}  // namespace

Synchronizer::Synchronizer(store::Store& store, const cypher::Graph& graph,
                           const SyncEncoding& encoding, SyncTarget& target, SyncState& state,
                           SyncOptions options, SyncHooks hooks)
    : store_{store},
      graph_{graph},
      encoding_{encoding},
      target_{target},
      state_{state},
      options_{options},
      hooks_{std::move(hooks)} {}

/// Receipts of [from, end), as many as a batch holds; empty at the end of the log.
std::vector<EncodedRecord> Synchronizer::read(std::uint64_t from, std::uint64_t end) {
  const store::Snapshot snapshot{store_.db()};
  auto rows = store_.db().prepare(
      "SELECT leaf_index, uuid, receipt_hash FROM my_generation_stream"
      " WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index");
  rows.with(from, end);
  std::vector<EncodedRecord> records;
  std::size_t bytes = 0;
  while (records.size() < options_.records && bytes < options_.bytes && rows.step()) {
    SyncRecord record;
    record.leaf_index = static_cast<std::uint64_t>(rows.integer(0));
    const ByteView uuid = rows.blob(1);
    if (uuid.size() != record.inference.size())
      throw Error{Fault::data, "generation stream: a UUID has the wrong length"};
    std::ranges::copy(uuid, record.inference.begin());
    record.receipt_hash = rows.hash(2);
    gather(graph_, record);
    records.push_back(encoding_.encode(record));
    bytes += records.back().size();
  }
  return records;
}

Delivery Synchronizer::deliver(std::span<const EncodedRecord> records) {
  if (hooks_.check) hooks_.check();
  if (options_.dry_run) return {};
  const Delivery delivery = target_.deliver(
      {records.front().leaf_index, records.back().leaf_index, encoding_.assemble(records)});
  // An interrupt may have ended the target's process too: that says nothing of the records.
  if (hooks_.check && delivery.outcome != Delivery::Outcome::accepted) hooks_.check();
  return delivery;
}

Delivery Synchronizer::deliver_with_retries(std::span<const EncodedRecord> records) {
  Delivery delivery = deliver(records);
  double wait = options_.backoff_s;
  for (unsigned i = 0; i < options_.retries && delivery.outcome != Delivery::Outcome::accepted;
       ++i) {
    if (hooks_.notice) hooks_.notice(delivery.reason + "; trying again");
    if (hooks_.wait) hooks_.wait(std::min(wait, kLongestWait));
    wait *= 2;
    ++done_.retries;
    delivery = deliver(records);
  }
  if (delivery.outcome == Delivery::Outcome::unavailable)
    throw Error{Fault::unavailable, state_.target() + ": " + delivery.reason + "; " +
                                        std::to_string(done_.receipts) +
                                        " receipts were delivered before"};
  return delivery;
}

void Synchronizer::accept(std::span<const EncodedRecord> records) {
  const std::uint64_t next = records.back().leaf_index + 1;
  if (!options_.dry_run) state_.advance(done_.to, next);
  done_.to = next;
  ++done_.batches;
  done_.receipts += records.size();
  for (const EncodedRecord& record : records) {
    done_.nodes += record.nodes;
    done_.edges += record.edges;
    done_.bytes += record.size();
  }
}

void Synchronizer::bury(const EncodedRecord& record, std::uint64_t attempts,
                        const std::string& reason) {
  if (done_.dead_letters >= options_.max_dead_letters)
    throw Error{Fault::unavailable, state_.target() + ": refuses more than " +
                                        std::to_string(options_.max_dead_letters) +
                                        " receipts (" + reason +
                                        "); the run ends here, before receipt " +
                                        std::to_string(record.leaf_index)};
  state_.bury(record.leaf_index, attempts, reason);
  done_.to = record.leaf_index + 1;
  ++done_.dead_letters;
}

/// The records of a batch as a whole, else its halves. `tries_before`: how often these were
/// refused as part of a larger batch of the same kind of try.
void Synchronizer::deliver_or_split(std::span<const EncodedRecord> records,
                                    unsigned tries_before) {
  // A part of a batch is tried at once: what could pass with time had its time.
  Delivery delivery = tries_before == 0 ? deliver_with_retries(records) : deliver(records);
  if (delivery.outcome == Delivery::Outcome::unavailable)
    delivery = deliver_with_retries(records);
  if (delivery.outcome == Delivery::Outcome::accepted) return accept(records);
  if (records.size() == 1)
    return bury(records.front(), tries_before == 0 ? options_.retries + 1 : 1, delivery.reason);
  const std::size_t half = records.size() / 2;
  deliver_or_split(records.first(half), tries_before + 1);
  deliver_or_split(records.subspan(half), tries_before + 1);
}

/// The checkpoint, or where the target says that it is, if that is further: what it was sent
/// and the checkpoint does not know of.
void Synchronizer::start() {
  done_ = {};
  const std::uint64_t checkpoint = state_.position();
  std::uint64_t begin = options_.restart ? 0 : checkpoint;
  if (const auto position = target_.position()) begin = std::max(begin, *position);
  if (begin != checkpoint && !options_.dry_run) state_.advance(checkpoint, begin);
  done_.from = done_.to = begin;
}

std::uint64_t Synchronizer::log_size() {
  auto row =
      store_.db().prepare("SELECT ifnull(max(leaf_index) + 1, 0) FROM my_generation_stream");
  row.with();
  return row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

SyncSummary Synchronizer::run() {
  start();
  // What is written meanwhile is left to the next run: a run ends.
  const std::uint64_t size = log_size();
  if (done_.from > size)
    throw Error{Fault::data, state_.target() + ": has " + std::to_string(done_.from) +
                                 " receipts of this tenant, but the log holds only " +
                                 std::to_string(size)};
  const std::uint64_t end = std::min(size, options_.end.value_or(size));
  for (;;) {
    const std::vector<EncodedRecord> records = read(done_.to, end);
    if (records.empty()) return done_;
    deliver_or_split(records, 0);
  }
}

SyncSummary Synchronizer::retry_dead_letters() {
  done_ = {};
  done_.from = done_.to = state_.position();
  for (const DeadLetter& letter : dead_letters(store_, state_.target())) {
    const std::vector<EncodedRecord> records = read(letter.leaf_index, letter.leaf_index + 1);
    if (records.empty()) continue;
    const Delivery delivery = deliver_with_retries(records);
    if (delivery.outcome != Delivery::Outcome::accepted) {
      ++done_.dead_letters;
      if (!options_.dry_run) state_.refuse_again(letter.leaf_index, delivery.reason);
      continue;
    }
    if (!options_.dry_run) state_.resolve(letter.leaf_index);
    ++done_.batches;
    ++done_.receipts;
    done_.nodes += records.front().nodes;
    done_.edges += records.front().edges;
    done_.bytes += records.front().size();
  }
  return done_;
}

}  // namespace hart::prov
