#include "prov/receipt_sink.h"

#include <doctest/doctest.h>

#include <thread>

#include "fixture.h"
#include "prov/explanation.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

TEST_CASE("receipt sink: a generation can be found, decoded, explained and verified") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  const std::string id = test::write_receipt(store);

  const GenerationStream stream = resolve_stream(store, id);
  CHECK(uuid_text(stream.uuid) == id);
  CHECK(stream.leaf_index == 0);
  CHECK(stream.tokens_out == 3);
  CHECK(stream.previous_hash == Hash256{});

  const Explanation why = explain(store, stream, 2);
  CHECK(why.prompt == "what is a secretprompt?");
  CHECK(why.output == "a secretanswer");
  CHECK(why.model_name == "tiny.gguf");
  CHECK(why.seed == 42);
  CHECK(why.parameters.at("top_k") == 40);
  CHECK(why.erased == 0);
  REQUIRE(why.evidence.size() == 2);
  CHECK(why.evidence[0].evidence.text == "a dog is a mammal");
  CHECK(why.evidence[0].tokens == std::vector<std::uint32_t>{0, 2});
  CHECK(why.evidence[1].tokens.empty());
  REQUIRE(why.uncertain.size() == 2);
  CHECK(why.uncertain[0].index == 2);
  CHECK(why.uncertain[1].index == 1);
  CHECK(why.uncertain[0].token.alternatives[0].text == "other");

  CHECK(verify_stream(store, stream).problems.empty());
  CHECK(verify_log(store).problems.empty());
}

TEST_CASE("receipt sink: tokens are committed to in runs, both sides of the limit") {
  for (const int tokens : {0, 1, 255, 256, 257, 600}) {
    CAPTURE(tokens);
    const test::ScratchStore scratch{test::prov_modules()};
    store::Store store = scratch.open();
    const GenerationStream stream = resolve_stream(store, test::write_receipt(store, tokens));
    const Receipt receipt = decode_receipt(stream.receipt);
    CHECK(receipt.tokens.size() == static_cast<std::size_t>((tokens + 255) / 256));
    const Explanation why = explain(store, stream, 1'000);
    CHECK(why.uncertain.size() == static_cast<std::size_t>(tokens));
    CHECK(verify_stream(store, stream).problems.empty());
  }
}

TEST_CASE("receipt sink: each receipt holds the hash of the one before") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  Hash256 previous{};
  for (std::uint64_t i = 0; i < 5; ++i) {
    const GenerationStream stream = resolve_stream(store, test::write_receipt(store));
    CHECK(stream.leaf_index == i);
    CHECK(decode_receipt(stream.receipt).previous == previous);
    previous = stream.receipt_hash;
  }
  const LogVerification log = verify_log(store);
  CHECK(log.problems.empty());
  CHECK(log.size == 5);
  CHECK(log.head == previous);
  CHECK(log.root == TransparencyLog{store}.root(5));
}

TEST_CASE("receipt sink: a generation that never ended leaves nothing behind") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  ReceiptSink sink{store};
  sink.begin(test::sample_begin());
  sink.token(test::sample_token(9, -1));
  CHECK(TransparencyLog{store}.size() == 0);
  sink.begin(test::sample_begin());
  sink.token(test::sample_token(1, -1));
  const GenerationStream stream = resolve_stream(store, sink.end(test::sample_end()));
  const Explanation why = explain(store, stream);
  REQUIRE(why.uncertain.size() == 1);
  CHECK(why.uncertain[0].token.token == 1);
}

TEST_CASE("receipt sink: out of order and repeated calls are refused") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  ReceiptSink sink{store};
  CHECK_THROWS_AS(sink.token(test::sample_token(1, -1)), Error);
  CHECK_THROWS_AS((void)sink.end(test::sample_end()), Error);
  const GenerationBegin begin = test::sample_begin();
  sink.begin(begin);
  (void)sink.end(test::sample_end());
  CHECK_THROWS_AS((void)sink.end(test::sample_end()), Error);
  sink.begin(begin);
  CHECK_THROWS_AS((void)sink.end(test::sample_end()), Error);
  CHECK(TransparencyLog{store}.size() == 1);
  store::Store reading = scratch.open("default", false);
  CHECK_THROWS_AS(ReceiptSink{reading}, Error);
}

TEST_CASE("receipt sink: two writers at once make one unbroken chain") {
  const test::ScratchStore scratch{test::prov_modules()};
  constexpr int kEach = 8;
  const auto write = [&] {
    store::Store store = scratch.open();
    for (int i = 0; i < kEach; ++i) (void)test::write_receipt(store);
  };
  std::thread other{write};
  write();
  other.join();
  store::Store store = scratch.open("default", false);
  const LogVerification log = verify_log(store);
  CHECK(log.size == 2 * kEach);
  CHECK(log.problems.empty());
  for_each_stream(store, [&](const GenerationStream& stream) {
    CHECK(verify_stream(store, stream).problems.empty());
  });
}

TEST_CASE("receipt sink: another tenant's generation does not exist") {
  const test::ScratchStore scratch{test::prov_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  const std::string id = test::write_receipt(mine);
  store::Store theirs = scratch.open("other");
  const auto fault = [&] {
    try {
      (void)resolve_stream(theirs, id);
    } catch (const Error& error) {
      return error.fault();
    }
    return Fault::internal;
  };
  CHECK(fault() == Fault::no_input);
  CHECK_FALSE(stream_at(theirs, 0));
  CHECK(load_openings(theirs, 1).empty());
  CHECK(verify_log(theirs).size == 0);
  // The first receipt of another tenant does not refer to mine.
  const GenerationStream first = resolve_stream(theirs, test::write_receipt(theirs));
  CHECK(first.previous_hash == Hash256{});
  CHECK(first.leaf_index == 0);
}

TEST_CASE("receipt sink: a generation is found by six digits or more, dashes or not") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  const auto write_at = [&](TimeUs started) {
    ReceiptSink sink{store};
    GenerationBegin begin = test::sample_begin();
    begin.started = started;
    begin.inference = make_uuid7(started);
    sink.begin(begin);
    return sink.end(test::sample_end());
  };
  const std::string early = write_at(1'000'000'000'000'000);
  const std::string late = write_at(1'700'000'000'000'000);
  CHECK(uuid_text(resolve_stream(store, early.substr(0, 6)).uuid) == early);
  CHECK(uuid_text(resolve_stream(store, late.substr(0, 13)).uuid) == late);
  CHECK(uuid_text(resolve_stream(store, late.substr(0, 8) + late.substr(9, 3)).uuid) == late);
  CHECK_THROWS_AS((void)resolve_stream(store, early.substr(0, 5)), Error);
  CHECK_THROWS_AS((void)resolve_stream(store, "xyzxyz"), Error);
  CHECK_THROWS_AS((void)resolve_stream(store, ""), Error);
  CHECK_THROWS_AS((void)resolve_stream(store, early + "0"), Error);
  CHECK_THROWS_AS((void)resolve_stream(store, "ffffff"), Error);
}

TEST_CASE("receipt sink: two generations that share a prefix are ambiguous") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  const std::string id = test::write_receipt(store);
  (void)test::write_receipt(store);
  CHECK_THROWS_AS((void)resolve_stream(store, id.substr(0, 8)), Error);
  CHECK(uuid_text(resolve_stream(store, id).uuid) == id);
}

}  // namespace
}  // namespace hart::prov
