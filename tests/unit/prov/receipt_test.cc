#include "prov/receipt.h"

#include <doctest/doctest.h>

#include "core/endian.h"
#include "core/error.h"
#include "prov/receipt_format.h"

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

constexpr int kSegments = 16;

/// The smallest valid value of each tag but the two that repeat.
ByteBuffer value_of(std::uint16_t tag) {
  switch (static_cast<Tag>(tag)) {
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
    case Tag::usage:
      return ByteBuffer(16, 0);
    case Tag::operation:
    case Tag::finish_reason:
      return {'x'};
    case Tag::tokens: {
      ByteBuffer run(8, 0);
      run[4] = 2;
      run.resize(40, 0xcc);
      return run;
    }
    default:
      return ByteBuffer(32, 0xcc);
  }
}

ByteBuffer header() {
  ByteBuffer bytes{kReceiptMagic.begin(), kReceiptMagic.end()};
  append_le(bytes, kReceiptVersion);
  return bytes;
}

/// A valid receipt, with `skip` left out and `twice` doubled.
ByteBuffer receipt_bytes(int skip = 0, int twice = 0) {
  ByteBuffer bytes = header();
  for (int tag = 1; tag <= kSegments; ++tag) {
    if (tag == skip) continue;
    const auto as_tag = static_cast<std::uint16_t>(tag);
    for (int i = 0; i < (tag == twice ? 2 : 1); ++i)
      append(bytes, segment(as_tag, value_of(as_tag)));
  }
  return bytes;
}

TEST_CASE("receipt: what a builder wrote, the decoder reads") {
  ReceiptBuilder builder;
  const Uuid uuid = make_uuid7(1'700'000'000'000'000);
  builder.add(Tag::inference, uuid);
  builder.commit(Tag::tenant, "acme");
  builder.add(Tag::started, u64_bytes(1'000));
  builder.add(Tag::operation, "generate_text");
  builder.add(Tag::model, ByteBuffer(33, 0x01));
  builder.commit(Tag::model_name, "tiny");
  builder.add(Tag::parameters, R"({"temperature":0.5,"stop":["."]})");
  builder.add(Tag::seed, u64_bytes(UINT64_MAX));
  builder.commit(Tag::prompt, "hello");
  builder.commit(Tag::evidence, "one");
  builder.commit(Tag::evidence, "two");
  builder.commit(Tag::tokens, ByteBuffer{1, 2}, ByteBuffer{0, 0, 0, 0, 5, 0, 0, 0});
  builder.commit(Tag::tokens, ByteBuffer{3}, ByteBuffer{5, 0, 0, 0, 1, 0, 0, 0});
  builder.commit(Tag::output, "world");
  builder.add(Tag::completed, u64_bytes(2'000));
  builder.add(Tag::finish_reason, "stop");
  builder.add(Tag::usage, ByteBuffer{9, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0});
  const Hash256 previous = crypto::sha256(as_bytes("before"));
  const auto finished = builder.finish(previous);

  CHECK(finished.hash == crypto::sha256(finished.bytes));
  const Receipt receipt = decode_receipt(finished.bytes);
  CHECK(receipt.inference == uuid);
  CHECK(receipt.started == 1'000);
  CHECK(receipt.completed == 2'000);
  CHECK(receipt.operation == "generate_text");
  CHECK(receipt.model.space == IdSpace::structure);
  CHECK(receipt.parameters.at("stop").at(0) == ".");
  CHECK(receipt.seed == UINT64_MAX);
  CHECK(receipt.evidence.size() == 2);
  REQUIRE(receipt.tokens.size() == 2);
  CHECK(receipt.tokens[1].first == 5);
  CHECK(receipt.tokens_in == 9);
  CHECK(receipt.tokens_out == 6);
  CHECK(receipt.finish_reason == "stop");
  CHECK(receipt.previous == previous);
  CHECK(receipt.commitments().size() == finished.openings.size());
  for (const Opening& opening : finished.openings) {
    CAPTURE(opening.position);
    bool found = false;
    for (const Committed& committed : receipt.commitments())
      if (committed.position == opening.position) {
        found = true;
        CHECK(commitment(committed.tag, opening.salt, opening.content) == committed.commitment);
      }
    CHECK(found);
  }
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

TEST_CASE("receipt: the smallest receipt has no evidence and no tokens") {
  CHECK_NOTHROW((void)decode_receipt(receipt_bytes()));
  CHECK(decode_receipt(receipt_bytes(10)).evidence.empty());
  CHECK(decode_receipt(receipt_bytes(11)).tokens.empty());
}

TEST_CASE("receipt: every segment but evidence and tokens comes exactly once") {
  for (int tag = 1; tag <= kSegments; ++tag) {
    CAPTURE(tag);
    if (tag == 10 || tag == 11) continue;
    CHECK_THROWS_AS((void)decode_receipt(receipt_bytes(tag)), Error);
    CHECK_THROWS_AS((void)decode_receipt(receipt_bytes(0, tag)), Error);
  }
  CHECK(decode_receipt(receipt_bytes(0, 10)).evidence.size() == 2);
}

TEST_CASE("receipt: runs of tokens that overlap, leave a gap or are empty are refused") {
  // The doubled run begins at 0 again instead of at 2.
  CHECK_THROWS_AS((void)decode_receipt(receipt_bytes(0, 11)), Error);
  ByteBuffer empty = header();
  for (std::uint16_t tag = 1; tag <= kSegments; ++tag) {
    ByteBuffer value = value_of(tag);
    if (tag == 11) value[4] = 0;
    append(empty, segment(tag, value));
  }
  CHECK_THROWS_AS((void)decode_receipt(empty), Error);
}

TEST_CASE("receipt: every truncation and every appended byte is refused") {
  const ByteBuffer whole = receipt_bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS((void)decode_receipt(ByteView{whole}.first(size)), Error);
  }
  ByteBuffer longer = whole;
  longer.push_back(0);
  CHECK_THROWS_AS((void)decode_receipt(longer), Error);
}

TEST_CASE("receipt: an unknown tag, another magic and another version are refused") {
  ByteBuffer unknown = receipt_bytes();
  append(unknown, segment(17, ByteBuffer{}));
  CHECK_THROWS_AS((void)decode_receipt(unknown), Error);
  ByteBuffer zero = header();
  append(zero, segment(0, ByteBuffer{}));
  CHECK_THROWS_AS((void)decode_receipt(zero), Error);
  ByteBuffer magic = receipt_bytes();
  magic[0] ^= 1;
  CHECK_THROWS_AS((void)decode_receipt(magic), Error);
  ByteBuffer version = receipt_bytes();
  version[8] = 2;
  CHECK_THROWS_AS((void)decode_receipt(version), Error);
}

TEST_CASE("receipt: a segment's value has the length of its tag") {
  for (std::uint16_t wrong = 1; wrong <= kSegments; ++wrong) {
    CAPTURE(wrong);
    if (wrong == 4 || wrong == 7 || wrong == 14) continue;  // text of any length
    for (const int delta : {-1, 1}) {
      ByteBuffer bytes = header();
      for (std::uint16_t tag = 1; tag <= kSegments; ++tag) {
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
