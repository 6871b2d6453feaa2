#include "prov/receipt_queue.h"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include "core/error.h"
#include "fixture.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

/// A receipt without evidence and tokens, as a sink would have made it.
PendingReceipt pending_receipt(const Uuid& inference = make_uuid7(1)) {
  GenerationBegin begin = test::sample_begin();
  begin.inference = inference;
  begin.evidence.clear();
  return ReceiptDraft{begin, "default", ""}.finish(test::sample_end());
}

store::OpenOptions queue_options(const test::ScratchStore& scratch) {
  return {scratch.directory(), "default", 10'000, true};
}

/// Receipts and log, every one of them.
std::size_t problems_of(const test::ScratchStore& scratch) {
  store::Store store = scratch.open("default", false);
  std::size_t problems = verify_log(store).problems.size();
  for_each_stream(store, [&](const GenerationStream& stream) {
    problems += verify_stream(store, stream).problems.size();
  });
  return problems;
}

TEST_CASE("receipt queue: the receipts of many threads make one sound log, each acknowledged") {
  const test::ScratchStore scratch{test::prov_modules()};
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::vector<std::vector<std::uint64_t>> indexes(kThreads);
  {
    ReceiptQueue queue{queue_options(scratch)};
    std::vector<std::thread> threads;
    threads.reserve(indexes.size());
    for (std::vector<std::uint64_t>& mine : indexes)
      threads.emplace_back([&queue, &mine] {
        for (int i = 0; i < kEach; ++i) mine.push_back(queue.submit(pending_receipt()).get());
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(queue.groups() <= kThreads * kEach);
  }
  std::set<std::uint64_t> all;
  for (const std::vector<std::uint64_t>& mine : indexes) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == kThreads * kEach);
  CHECK(*all.rbegin() == kThreads * kEach - 1);
  CHECK(problems_of(scratch) == 0);
}

TEST_CASE(
    "receipt queue: what is acknowledged can be read, and the rest at the latest at the end") {
  const test::ScratchStore scratch{test::prov_modules()};
  std::future<std::uint64_t> last;
  {
    ReceiptQueue queue{queue_options(scratch)};
    PendingReceipt receipt = pending_receipt();
    const std::string id = uuid_text(receipt.inference);
    CHECK(queue.submit(std::move(receipt)).get() == 0);
    store::Store reading = scratch.open("default", false);
    CHECK(resolve_stream(reading, id).leaf_index == 0);
    for (int i = 0; i < 1000; ++i) last = queue.submit(pending_receipt());
  }
  CHECK(last.get() == 1000);
  CHECK(problems_of(scratch) == 0);
}

TEST_CASE("receipt queue: a UUID that was used costs no other receipt its place") {
  const test::ScratchStore scratch{test::prov_modules()};
  ReceiptQueue queue{queue_options(scratch)};
  const Uuid inference = make_uuid7(1);
  auto first = queue.submit(pending_receipt(inference));
  auto second = queue.submit(pending_receipt(inference));
  auto third = queue.submit(pending_receipt());
  CHECK(first.get() == 0);
  CHECK_THROWS_AS((void)second.get(), Error);
  CHECK(third.get() == 1);
}

TEST_CASE("receipt queue: a store that is open for reading is refused") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::OpenOptions options = queue_options(scratch);
  options.writable = false;
  CHECK_THROWS_AS(ReceiptQueue{options}, Error);
}

TEST_CASE("receipt queue: two of them on one store, and a sink, make one chain") {
  const test::ScratchStore scratch{test::prov_modules()};
  {
    ReceiptQueue one{queue_options(scratch)};
    ReceiptQueue other{queue_options(scratch)};
    store::Store store = scratch.open();
    std::vector<std::future<std::uint64_t>> answers;
    for (int i = 0; i < 50; ++i) {
      answers.push_back(one.submit(pending_receipt()));
      answers.push_back(other.submit(pending_receipt()));
      if (i % 10 == 0) (void)test::write_receipt(store);
    }
    for (std::future<std::uint64_t>& answer : answers) (void)answer.get();
  }
  store::Store store = scratch.open("default", false);
  CHECK(TransparencyLog{store}.size() == 105);
  CHECK(problems_of(scratch) == 0);
}

TEST_CASE("receipt queue: every receipt is signed where there is a key") {
  const test::ScratchStore scratch{test::prov_modules()};
  const crypto::NoteSigner signer{"a.example", crypto::Ed25519PrivateKey::generate()};
  {
    ReceiptQueue queue{queue_options(scratch), &signer};
    for (int i = 0; i < 3; ++i) (void)queue.submit(pending_receipt());
  }
  store::Store store = scratch.open("default", false);
  const LogVerification found = verify_log(store);
  CHECK(found.signatures == 3);
  CHECK(found.problems.empty());
}

TEST_CASE("receipt queue: when the group cannot be written, all who wait for it learn why") {
  const test::ScratchStore scratch{test::prov_modules()};
  ReceiptQueue queue{queue_options(scratch)};
  REQUIRE(scratch.tamper("CREATE TRIGGER broken BEFORE INSERT ON transparency_tile"
                         " BEGIN SELECT RAISE(ABORT, 'a disk that is full'); END") == "");
  auto first = queue.submit(pending_receipt());
  auto second = queue.submit(pending_receipt());
  CHECK_THROWS_AS((void)first.get(), Error);
  CHECK_THROWS_AS((void)second.get(), Error);
  REQUIRE(scratch.tamper("DROP TRIGGER broken") == "");
  CHECK(queue.submit(pending_receipt()).get() == 0);
  CHECK(problems_of(scratch) == 0);
}

}  // namespace
}  // namespace hart::prov
