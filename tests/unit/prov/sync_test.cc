#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

#include "core/error.h"
#include "sync_fixture.h"

namespace hart::prov {
namespace {

using test::FakeTarget;
using test::SyncRun;
using test::SyncSample;

std::vector<std::uint64_t> leaves(std::uint64_t count) {
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Fault fault_of_run(SyncRun& run) {
  try {
    (void)run.synchronizer.run();
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault::internal;
}

TEST_CASE("sync: every receipt is delivered once, in batches, and later only what is new") {
  SyncSample sample{10};
  FakeTarget target;
  SyncOptions options;
  options.records = 4;
  const SyncSummary first = SyncRun{sample, target, options}.synchronizer.run();
  CHECK(first.from == 0);
  CHECK(first.to == 10);
  CHECK(first.receipts == 10);
  CHECK(first.batches == 3);
  CHECK(first.nodes == 20);
  CHECK(first.edges == 19);
  CHECK(target.accepted == leaves(10));
  CHECK(SyncRun{sample, target}.synchronizer.run().receipts == 0);
  CHECK(target.calls == 3);
  sample.add(2);
  CHECK(SyncRun{sample, target}.synchronizer.run().from == 10);
  CHECK(target.accepted == leaves(12));
  options.restart = true;
  CHECK(SyncRun{sample, target, options}.synchronizer.run().receipts == 12);
  options.end = 5;
  CHECK(SyncRun{sample, target, options}.synchronizer.run().to == 5);
}

TEST_CASE("sync: a batch ends at its bytes, but never without a receipt") {
  SyncSample sample{5};
  FakeTarget target;
  SyncOptions options;
  options.bytes = 1;
  CHECK(SyncRun{sample, target, options}.synchronizer.run().batches == 5);
}

TEST_CASE("sync: a dry run counts, and neither delivers nor remembers") {
  SyncSample sample{3};
  FakeTarget target;
  SyncOptions options;
  options.dry_run = true;
  SyncRun run{sample, target, options};
  CHECK(run.synchronizer.run().receipts == 3);
  CHECK(target.calls == 0);
  CHECK(run.state.position() == 0);
}

TEST_CASE("sync: what is refused by itself becomes a dead letter, and nothing else does") {
  SyncSample sample{20};
  FakeTarget target;
  target.poison = {7, 13};
  SyncRun run{sample, target};
  const SyncSummary done = run.synchronizer.run();
  CHECK(done.receipts == 18);
  CHECK(done.dead_letters == 2);
  CHECK(done.to == 20);
  auto expected = leaves(20);
  std::erase_if(expected, [](std::uint64_t leaf) { return leaf == 7 || leaf == 13; });
  CHECK(target.accepted == expected);
  // The batch as a whole waits for better times, its parts do not.
  CHECK(run.waits == std::vector<double>{1, 2, 4});
  const auto letters = dead_letters(sample.store, "target");
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].leaf_index == 7);
  CHECK(uuid_text(letters[0].inference) == sample.inferences[7]);
  CHECK(letters[0].reason == "the target will not have it");
  CHECK(dead_letters(sample.store, "another").empty());
  CHECK(dead_letters(sample.store, std::nullopt).size() == 2);

  target.poison = {13};
  const SyncSummary again = run.synchronizer.retry_dead_letters();
  CHECK(again.receipts == 1);
  CHECK(again.dead_letters == 1);
  CHECK(target.accepted.back() == 7);
  const auto left = dead_letters(sample.store, "target");
  REQUIRE(left.size() == 1);
  CHECK(left[0].leaf_index == 13);
  CHECK(left[0].attempts == letters[1].attempts + 1);
  CHECK(run.state.position() == 20);

  target.poison.clear();
  SyncOptions options;
  options.restart = true;
  CHECK(SyncRun{sample, target, options}.synchronizer.run().receipts == 20);
  CHECK(dead_letters(sample.store, "target").empty());
}

TEST_CASE("sync: a bad moment of the target costs retries, and no dead letter") {
  SyncSample sample{4};
  FakeTarget target;
  target.failures = 2;
  SyncOptions options;
  options.backoff_s = 0.5;
  SyncRun run{sample, target, options};
  const SyncSummary done = run.synchronizer.run();
  CHECK(done.retries == 2);
  CHECK(done.dead_letters == 0);
  CHECK(target.accepted == leaves(4));
  CHECK(run.waits == std::vector<double>{0.5, 1});
}

TEST_CASE("sync: a target that is away makes no dead letters, and the next run goes on") {
  SyncSample sample{6};
  FakeTarget target;
  SyncOptions options;
  options.records = 2;
  options.retries = 1;
  {
    SyncRun run{sample, target, options};
    target.unavailable = 2;
    CHECK(fault_of_run(run) == Fault::unavailable);
    CHECK(run.state.position() == 0);
  }
  target.unavailable = 1;
  CHECK(SyncRun{sample, target, options}.synchronizer.run().retries == 1);
  CHECK(target.accepted == leaves(6));
  CHECK(dead_letters(sample.store, std::nullopt).empty());
}

TEST_CASE("sync: a target that refuses everything ends the run") {
  SyncSample sample{9};
  FakeTarget target;
  target.poison = leaves(9);
  SyncOptions options;
  options.max_dead_letters = 3;
  SyncRun run{sample, target, options};
  CHECK(fault_of_run(run) == Fault::unavailable);
  CHECK(run.state.position() == 3);
  CHECK(dead_letters(sample.store, "target").size() == 3);
}

TEST_CASE("sync: two at once do not move one checkpoint past each other") {
  SyncSample sample{2};
  SyncState one{sample.store, "target"};
  SyncState other{sample.store, "target"};
  SyncState elsewhere{sample.store, "another target"};
  one.advance(0, 2);
  CHECK_THROWS_AS(other.advance(0, 1), Error);
  CHECK_THROWS_AS(other.bury(0, 1, "reason"), Error);
  CHECK(dead_letters(sample.store, "target").empty());
  CHECK(other.position() == 2);
  CHECK(elsewhere.position() == 0);
}

TEST_CASE("sync: an interrupt between deliveries ends the run where it is") {
  SyncSample sample{6};
  FakeTarget target;
  SyncOptions options;
  options.records = 2;
  const auto encoding = json_lines_encoding("default");
  SyncState state{sample.store, "target"};
  struct Stop {};
  int left = 2;
  SyncHooks hooks;
  hooks.check = [&] {
    if (left-- == 0) throw Stop{};
  };
  Synchronizer synchronizer{sample.store, sample.graph, *encoding, target,
                            state,        options,      hooks};
  CHECK_THROWS_AS((void)synchronizer.run(), Stop);
  CHECK(state.position() == 4);
  CHECK(target.accepted == leaves(4));
}

TEST_CASE("sync: a tenant's checkpoints and dead letters are its own") {
  const test::ScratchStore scratch{test::prov_modules()};
  scratch.add_tenant("other");
  store::Store store = scratch.open();
  (void)hart::test::write_receipt(store);
  SyncState{store, "target"}.bury(0, 1, "reason");
  store::Store other = scratch.open("other");
  (void)hart::test::write_receipt(other);
  CHECK(dead_letters(other, std::nullopt).empty());
  CHECK(SyncState{other, "target"}.position() == 0);
}

}  // namespace
}  // namespace hart::prov
