#include "prov/receipt.h"

#include <doctest/doctest.h>

#include "core/endian.h"
#include "core/error.h"
#include "prov/receipt_draft.h"
#include "prov/receipt_format.h"
#include "prov/receipt_openings.h"

namespace hart::prov {
namespace {

ByteBuffer u64_bytes(std::uint64_t value) {
  ByteBuffer bytes;
  append_le(bytes, value);
  return bytes;
}

ByteBuffer segment(std::uint16_t tag, ByteView value) {
  ByteBuffer bytes;
  append_le(bytes, tag);
  append_le(bytes, static_cast<std::uint32_t>(value.size()));
  append(bytes, value);
  return bytes;
}

/// The smallest valid value of each tag.
ByteBuffer value_of(Tag tag) {
  switch (tag) {
    case Tag::inference:
      return ByteBuffer(16, 0x11);
    case Tag::started:
    case Tag::seed:
    case Tag::completed:
      return u64_bytes(7);
    case Tag::model:
      return ByteBuffer(33, 0x01);
    case Tag::parameters:
      return {'{', '}'};
    case Tag::engine:
    case Tag::usage:
      return ByteBuffer(16, 0);
    case Tag::operation:
    case Tag::finish_reason:
    case Tag::reasoning:
      return {'x'};
    case Tag::tokens: {
      ByteBuffer run(8, 0);
      run[4] = 2;
      run.resize(40, 0xcc);
      return run;
    }
    case Tag::used_model:
      return ByteBuffer(33 + 8 + 4 + 32 + 32, 0x01);
    case Tag::step:
      return ByteBuffer(4 + 8 + 32, 0);
    case Tag::charge:
      return ByteBuffer(4 + 4 + 8, 0);
    default:
      return ByteBuffer(32, 0xcc);
  }
}

bool is_text(Tag tag) {
  return tag == Tag::operation || tag == Tag::parameters || tag == Tag::finish_reason ||
         tag == Tag::reasoning;
}

ByteBuffer header(std::uint32_t version = kReceiptVersion) {
  ByteBuffer bytes{kReceiptMagic.begin(), kReceiptMagic.end()};
  append_le(bytes, version);
  return bytes;
}

ByteBuffer segment(Tag tag, ByteView value) {
  return segment(static_cast<std::uint16_t>(tag), value);
}

/// Tags in the order of a receipt, each with its smallest value.
ByteBuffer receipt_of(std::uint32_t version, const std::vector<Tag>& tags) {
  ByteBuffer bytes = header(version);
  for (const Tag tag : tags) append(bytes, segment(tag, value_of(tag)));
  return bytes;
}

std::vector<Tag> all_tags(std::uint32_t version) {
  std::vector<Tag> tags;
  for (const SegmentRule& rule : segment_rules(version)) tags.push_back(rule.tag);
  return tags;
}

/// A valid receipt with every segment once.
ByteBuffer receipt_bytes(std::uint32_t version = kReceiptVersion) {
  return receipt_of(version, all_tags(version));
}

TEST_CASE("receipt: what a draft wrote, the decoder reads") {
  GenerationBegin begin;
  begin.inference = make_uuid7(1'700'000'000'000'000);
  begin.started = 1'000;
  begin.operation = "generate_text";
  begin.engine = {"transformer", "7", "avx2", "cpu"};
  const Id a{IdSpace::structure, crypto::sha256(as_bytes("a"))};
  const Id b{IdSpace::structure, crypto::sha256(as_bytes("b"))};
  begin.models = {{a, "first", 0.7, 12, crypto::sha256(as_bytes("root"))}, {b, "second", 0.3}};
  begin.subjects = {{a, "input", 3, "x"}};
  begin.parameters = {{"temperature", 0.5}, {"stop", {"."}}};
  begin.seed = UINT64_MAX;
  begin.prompt = "hello";
  begin.evidence.resize(2);
  begin.reasoning = "tot";
  ReceiptDraft draft{begin, "acme", "key 12", {2, crypto::sha256(as_bytes("vector"))}};
  draft.query({"q", {}, {}});
  for (int i = 0; i < 257; ++i) draft.token({});
  draft.step({"thought", "hm", 0.25});
  draft.step({"answer", "so", 1});
  PendingReceipt pending =
      draft.finish({2'000, "world", "stop", 9, 257, {{"generate_text", "token", 266'000'000}}});
  CHECK(pending.model == a);
  const Hash256 previous = crypto::sha256(as_bytes("before"));
  const auto finished = pending.builder.finish(previous);

  CHECK(finished.hash == crypto::sha256(finished.bytes));
  const Receipt receipt = decode_receipt(finished.bytes);
  CHECK(receipt.inference == begin.inference);
  CHECK(receipt.started == 1'000);
  CHECK(receipt.completed == 2'000);
  CHECK(receipt.operation == "generate_text");
  REQUIRE(receipt.engine);
  CHECK(receipt.engine->version == "7");
  REQUIRE(receipt.models.size() == 2);
  CHECK(receipt.models[0].id == a);
  CHECK(receipt.models[0].weight == 0.7);
  CHECK(receipt.models[0].tensors == 12);
  CHECK(receipt.models[0].tensor_root == crypto::sha256(as_bytes("root")));
  CHECK(receipt.models[1].id == b);
  CHECK(receipt.parameters.at("stop").at(0) == ".");
  CHECK(receipt.seed == UINT64_MAX);
  CHECK(receipt.evidence.size() == 2);
  CHECK(receipt.queries.size() == 1);
  CHECK(receipt.reasoning == "tot");
  REQUIRE(receipt.tokens.size() == 2);
  CHECK(receipt.tokens[1].first == 256);
  CHECK(receipt.tokens[1].count == 1);
  REQUIRE(receipt.steps.size() == 2);
  CHECK(receipt.steps[1].kind == "answer");
  CHECK(receipt.steps[1].weight == 1);
  CHECK(receipt.tokens_in == 9);
  CHECK(receipt.tokens_out == 257);
  CHECK(receipt.finish_reason == "stop");
  REQUIRE(receipt.charges.size() == 1);
  CHECK(receipt.charges[0].units_micros == 266'000'000);
  CHECK(receipt.previous == previous);
  CHECK(receipt.commitments().size() == finished.openings.size());
  Openings openings;
  for (const Opening& opening : finished.openings) openings.emplace(opening.position, opening);
  for (const Committed& committed : receipt.commitments()) {
    CAPTURE(committed.position);
    CHECK(open_commitment(committed, openings));
  }
  CHECK(as_text(*open_commitment(receipt.steps[0].text, openings)) == "hm");
  CHECK(as_text(*open_commitment(receipt.actor, openings)) == "key 12");
}

TEST_CASE("receipt: what a draft is not told, its receipt does not say") {
  GenerationBegin begin;
  begin.inference = make_uuid7(1);
  begin.operation = "ingest";
  PendingReceipt pending = ReceiptDraft{begin, "acme", ""}.finish({});
  CHECK_FALSE(pending.model);
  const Receipt receipt = decode_receipt(pending.builder.finish({}).bytes);
  CHECK_FALSE(receipt.engine);
  CHECK_FALSE(receipt.seed);
  CHECK(receipt.models.empty());
  CHECK(receipt.reasoning.empty());
  for (const Committed& one : {receipt.actor, receipt.prompt, receipt.vector, receipt.output})
    CHECK_FALSE(one.exists());
  CHECK(receipt.commitments().size() == 1);
}

TEST_CASE("receipt: a query after the answer has begun is refused") {
  ReceiptDraft draft{GenerationBegin{}, "acme", ""};
  draft.query({});
  draft.token({});
  CHECK_THROWS_AS(draft.query({}), Error);
}

TEST_CASE("receipt: openings survive their row, damaged ones are refused") {
  const std::vector<Opening> openings{{1, Hash256{1}, {1, 2, 3}}, {7, Hash256{2}, {}}};
  const ByteBuffer row = encode_openings(openings);
  const Openings read = decode_openings(row);
  REQUIRE(read.size() == 2);
  CHECK(read.at(1).content == ByteBuffer{1, 2, 3});
  CHECK(read.at(7).salt == Hash256{2});
  const std::size_t first = 4 + 4 + 32 + 3;
  for (std::size_t size = 1; size < row.size(); ++size)
    if (size != first) CHECK_THROWS_AS((void)decode_openings(ByteView{row}.first(size)), Error);
  const std::vector<Opening> twice{openings[0], openings[0]};
  CHECK_THROWS_AS((void)decode_openings(encode_openings(twice)), Error);
}

TEST_CASE("receipt: a commitment depends on tag, salt and content, and is the specified HMAC") {
  Hash256 salt{};
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>(i);
  const Hash256 hello = commitment(Tag::prompt, salt, as_bytes("hello"));
  // python3: hmac.new(bytes(range(32)), b"\x09\x00hello", "sha256").hexdigest()
  CHECK(to_hex(hello) == "35cd8eb35a43b443a87dfe66764b3adbbb0682374411c08482c5f46061d87126");
  CHECK(commitment(Tag::output, salt, as_bytes("hello")) != hello);
  CHECK(commitment(Tag::prompt, salt, as_bytes("hellp")) != hello);
  salt[31] ^= 1;
  CHECK(commitment(Tag::prompt, salt, as_bytes("hello")) != hello);
}

TEST_CASE("receipt: equal content is committed to under different salts") {
  ReceiptBuilder builder;
  builder.commit(Tag::prompt, "same");
  builder.commit(Tag::output, "same");
  const auto finished = builder.finish({});
  REQUIRE(finished.openings.size() == 2);
  CHECK(finished.openings[0].salt != finished.openings[1].salt);
}

TEST_CASE("receipt: the committed content does not stand in the receipt") {
  ReceiptBuilder builder;
  builder.commit(Tag::prompt, "a secretprompt");
  const auto finished = builder.finish({});
  CHECK(as_text(finished.bytes).find("secretprompt") == std::string_view::npos);
}

TEST_CASE("receipt: each segment comes as often as its version says") {
  for (const std::uint32_t version : {1u, 2u}) {
    CAPTURE(version);
    const std::vector<Tag> tags = all_tags(version);
    for (std::size_t i = 0; i < tags.size(); ++i) {
      CAPTURE(static_cast<int>(tags[i]));
      const Occurs occurs = segment_rules(version)[i].occurs;
      std::vector<Tag> without = tags;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      std::vector<Tag> twice = tags;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), tags[i]);
      const auto is_refused = [&](const std::vector<Tag>& which) {
        try {
          (void)decode_receipt(receipt_of(version, which));
          return false;
        } catch (const Error& error) {
          CHECK(error.fault() == Fault::data);
          return true;
        }
      };
      CHECK(is_refused(without) == (occurs == Occurs::once));
      // A second run of tokens would begin at 0 again, and so does not join.
      CHECK(is_refused(twice) == (occurs != Occurs::any || tags[i] == Tag::tokens));
    }
  }
}

TEST_CASE("receipt: segments in another order are refused") {
  for (const std::uint32_t version : {1u, 2u}) {
    const std::vector<Tag> tags = all_tags(version);
    for (std::size_t i = 0; i + 1 < tags.size(); ++i) {
      CAPTURE(i);
      std::vector<Tag> swapped = tags;
      std::swap(swapped[i], swapped[i + 1]);
      CHECK_THROWS_AS((void)decode_receipt(receipt_of(version, swapped)), Error);
    }
  }
}

TEST_CASE("receipt: an empty run of tokens is refused") {
  ByteBuffer bytes = header();
  for (const Tag tag : all_tags(kReceiptVersion)) {
    ByteBuffer value = value_of(tag);
    if (tag == Tag::tokens) value[4] = 0;
    append(bytes, segment(tag, value));
  }
  CHECK_THROWS_AS((void)decode_receipt(bytes), Error);
}

TEST_CASE("receipt: every truncation and every appended byte is refused") {
  for (const std::uint32_t version : {1u, 2u}) {
    const ByteBuffer whole = receipt_bytes(version);
    CHECK(decode_receipt(whole).version == version);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK_THROWS_AS((void)decode_receipt(ByteView{whole}.first(size)), Error);
    }
    ByteBuffer longer = whole;
    longer.push_back(0);
    CHECK_THROWS_AS((void)decode_receipt(longer), Error);
  }
}

TEST_CASE("receipt: an unknown tag, one of the other version, magic and version are refused") {
  for (const std::uint16_t tag : {0, 5, 6, 26, 65535}) {
    CAPTURE(tag);
    ByteBuffer bytes = receipt_bytes();
    append(bytes, segment(tag, value_of(static_cast<Tag>(tag))));
    CHECK_THROWS_AS((void)decode_receipt(bytes), Error);
  }
  std::vector<Tag> newer = all_tags(1);
  newer.insert(newer.begin() + 2, Tag::actor);
  CHECK_THROWS_AS((void)decode_receipt(receipt_of(1, newer)), Error);
  ByteBuffer magic = receipt_bytes();
  magic[0] ^= 1;
  CHECK_THROWS_AS((void)decode_receipt(magic), Error);
  for (const std::uint32_t version : {0u, 3u}) {
    ByteBuffer other = receipt_bytes();
    store_le(other.data() + 8, version);
    CHECK_THROWS_AS((void)decode_receipt(other), Error);
  }
}

TEST_CASE("receipt: a segment's value has the length of its tag") {
  for (const std::uint32_t version : {1u, 2u})
    for (const Tag wrong : all_tags(version)) {
      CAPTURE(static_cast<int>(wrong));
      if (is_text(wrong)) continue;
      for (const int delta : {-1, 1}) {
        ByteBuffer bytes = header(version);
        for (const Tag tag : all_tags(version)) {
          ByteBuffer value = value_of(tag);
          if (tag == wrong) value.resize(value.size() + static_cast<std::size_t>(delta));
          append(bytes, segment(tag, value));
        }
        CHECK_THROWS_AS((void)decode_receipt(bytes), Error);
      }
    }
}

}  // namespace
}  // namespace hart::prov
