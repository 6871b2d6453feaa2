#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <string>

#include "core/bytes.h"
#include "core/endian.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "prov/content.h"
#include "prov/receipt.h"
#include "prov/receipt_draft.h"
#include "prov/stream.h"

namespace hart::prov {
namespace {

/// The receipts that hart-receipt(5) shows, made by a program of its own from the
/// specification.
ByteBuffer vector_bytes(int version) {
  std::ifstream file{std::string{HART_TEST_DATA} + "/prov/receipt-v" + std::to_string(version) +
                     ".hex"};
  std::string hex;
  for (std::string line; std::getline(file, line);) hex += line;
  return from_hex(hex);
}

/// In the vector the salt of a segment is 32 bytes of the segment's position.
Opening vector_opening(std::uint32_t position, ByteBuffer content) {
  Opening opening{position, {}, std::move(content)};
  opening.salt.fill(static_cast<std::uint8_t>(position));
  return opening;
}

ByteBuffer bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

TEST_CASE("receipt vector 1: hash and leaf are the published ones") {
  const ByteBuffer bytes = vector_bytes(1);
  REQUIRE(bytes.size() == 467);
  const Hash256 hash = crypto::sha256(bytes);
  CHECK(to_hex(hash) == "d26554cd073f0c4f116e6cce0635c9a8444d354e0f32634609f15956606f6428");
  CHECK(to_hex(crypto::leaf_hash(hash)) ==
        "6c1036f78ac6433ae17c5aaf848dacbe18cf3e4157eba53133b53a34baec0028");
}

TEST_CASE("receipt vector 1: every field in the clear reads as published") {
  const Receipt receipt = decode_receipt(vector_bytes(1));
  CHECK(uuid_text(receipt.inference) == "0192f0c0-a000-7abc-8def-0123456789ab");
  CHECK(receipt.started == 1'700'000'000'000'000);
  CHECK(receipt.completed == 1'700'000'001'000'000);
  CHECK(receipt.operation == "generate_text");
  CHECK(receipt.version == 1);
  REQUIRE(receipt.models.size() == 1);
  CHECK(receipt.models[0].id == Id{IdSpace::structure, crypto::sha256(as_bytes("model"))});
  CHECK(receipt.models[0].weight == 1);
  CHECK(receipt.models[0].tensors == 0);
  CHECK_FALSE(receipt.engine);
  CHECK_FALSE(receipt.actor.exists());
  CHECK(receipt.parameters.at("temperature") == 0.0);
  CHECK(receipt.seed == 42);
  CHECK(receipt.finish_reason == "length");
  CHECK(receipt.tokens_in == 5);
  CHECK(receipt.tokens_out == 1);
  CHECK(receipt.previous == Hash256{});
}

TEST_CASE("receipt vector 1: every commitment opens to the published content") {
  const Receipt receipt = decode_receipt(vector_bytes(1));
  const Evidence evidence{{IdSpace::content, crypto::sha256(as_bytes("a dog is a mammal"))},
                          0.75,
                          "a dog is a mammal",
                          "animals.md"};
  GeneratedToken token;
  token.token = 7;
  token.logprob = -0.5f;
  token.text = " a";
  token.alternatives = {{9, -1.5f, " the"}};
  token.evidence = {0};
  ByteBuffer run;
  append_token(run, token);

  Openings openings;
  const auto open = [&](std::uint32_t position, ByteBuffer content) {
    openings.emplace(position, vector_opening(position, std::move(content)));
  };
  open(1, bytes_of("default"));
  open(5, bytes_of("tiny.gguf"));
  open(8, bytes_of("what is a dog?"));
  // Version 1 had the evidence without its place in a list: 5 bytes less.
  ByteBuffer encoded = encode_evidence(evidence);
  encoded.resize(encoded.size() - 5);
  CHECK(decode_evidence(encoded).rank == 0);
  open(9, encoded);
  open(10, run);
  open(11, bytes_of(" a"));
  const auto commitments = receipt.commitments();
  CHECK(commitments.size() == openings.size());
  for (const Committed& committed : commitments) {
    CAPTURE(committed.position);
    CHECK(open_commitment(committed, openings));
  }
}

const Id kDog{IdSpace::content, crypto::sha256(as_bytes("a dog is a mammal"))};

TEST_CASE("receipt vector 2: hash and leaf are the published ones") {
  const ByteBuffer bytes = vector_bytes(2);
  REQUIRE(bytes.size() == 804);
  const Hash256 hash = crypto::sha256(bytes);
  CHECK(to_hex(hash) == "615c8d36ad30f9b0267de66ec4c45597211b8eee23b9cdf961fbad0d128f6813");
  CHECK(to_hex(crypto::leaf_hash(hash)) ==
        "5227720e1b65385cb287c440648ffa60da221c010a5ac5c470106a88171b83fc");
}

TEST_CASE("receipt vector 2: every field in the clear reads as published") {
  const Receipt receipt = decode_receipt(vector_bytes(2));
  CHECK(receipt.version == 2);
  CHECK(uuid_text(receipt.inference) == "0192f0c0-a000-7abc-8def-0123456789ab");
  CHECK(receipt.started == 1'700'000'000'000'000);
  CHECK(receipt.completed == 1'700'000'001'000'000);
  CHECK(receipt.operation == "generate_text");
  REQUIRE(receipt.engine);
  CHECK(receipt.engine->name == "transformer");
  CHECK(receipt.engine->version == "1");
  CHECK(receipt.engine->kernels == "avx2");
  CHECK(receipt.engine->device == "cpu");
  REQUIRE(receipt.models.size() == 1);
  const ReceiptModel& model = receipt.models[0];
  CHECK(model.id == Id{IdSpace::structure, crypto::sha256(as_bytes("model"))});
  CHECK(model.weight == 1);
  CHECK(model.tensors == 1);
  ByteBuffer leaf{1};
  append(leaf, crypto::sha256(as_bytes("tensor")));
  CHECK(model.tensor_root == crypto::leaf_hash(leaf));
  CHECK(receipt.parameters.at("temperature") == 0.0);
  CHECK(receipt.seed == 42);
  CHECK(receipt.reasoning == "cot");
  REQUIRE(receipt.steps.size() == 1);
  CHECK(receipt.steps[0].kind == "thought");
  CHECK(receipt.steps[0].weight == 0.5);
  CHECK(receipt.finish_reason == "length");
  CHECK(receipt.tokens_in == 5);
  CHECK(receipt.tokens_out == 1);
  REQUIRE(receipt.charges.size() == 1);
  CHECK(receipt.charges[0].operation == "generate_text");
  CHECK(receipt.charges[0].unit == "token");
  CHECK(receipt.charges[0].units_micros == 6'000'000);
  CHECK(receipt.previous == Hash256{});
}

TEST_CASE("receipt vector 2: every commitment opens to the published content") {
  const Receipt receipt = decode_receipt(vector_bytes(2));
  const std::array<float, 2> vector{1.0f, -0.5f};
  const Evidence evidence{kDog, 0.75, "a dog is a mammal", "animals.md", 1, 0.25, 0.875};
  const AnsweredQuery query{"dog", {}, {{kDog, 1, "", "", 1, 0.25, std::nullopt}}};
  GeneratedToken token;
  token.token = 7;
  token.logprob = -0.5f;
  token.text = " a";
  token.alternatives = {{9, -1.5f, " the"}};
  token.evidence = {0};
  ByteBuffer run;
  append_token(run, token);

  Openings openings;
  const auto open = [&](std::uint32_t position, ByteBuffer content) {
    openings.emplace(position, vector_opening(position, std::move(content)));
  };
  open(1, bytes_of("default"));
  open(2, bytes_of("key 0a1b2c3d"));
  open(6, bytes_of("tiny.gguf"));
  open(7, encode_subject({kDog, "input", 17, "animals.md"}));
  open(10, bytes_of("what is a dog?"));
  open(11, encode_vector(digest_of(vector)));
  open(12, encode_evidence(evidence));
  open(13, encode_query(query));
  open(15, run);
  open(16, bytes_of("dogs are animals"));
  open(17, bytes_of(" a"));
  const auto commitments = receipt.commitments();
  CHECK(commitments.size() == openings.size());
  for (const Committed& committed : commitments) {
    CAPTURE(committed.position);
    CHECK(open_commitment(committed, openings));
  }
}

TEST_CASE("receipt vector 2: a draft writes the same bytes but for commitments") {
  GenerationBegin begin;
  begin.inference = parse_uuid("0192f0c0-a000-7abc-8def-0123456789ab");
  begin.started = 1'700'000'000'000'000;
  begin.operation = "generate_text";
  begin.engine = {"transformer", "1", "avx2", "cpu"};
  ByteBuffer leaf{1};
  append(leaf, crypto::sha256(as_bytes("tensor")));
  begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("model"))},
                   "tiny.gguf",
                   1,
                   1,
                   crypto::leaf_hash(leaf)}};
  begin.subjects = {{kDog, "input", 17, "animals.md"}};
  begin.parameters = {{"temperature", 0.0}};
  begin.seed = 42;
  begin.prompt = "what is a dog?";
  begin.evidence = {{kDog, 0.75, "a dog is a mammal", "animals.md", 1, 0.25, 0.875}};
  begin.reasoning = "cot";
  const std::array<float, 2> vector{1.0f, -0.5f};
  ReceiptDraft draft{begin, "default", "key 0a1b2c3d", digest_of(vector)};
  draft.query({"dog", {}, {{kDog, 1, "", "", 1, 0.25, std::nullopt}}});
  GeneratedToken token;
  token.token = 7;
  draft.token(token);
  draft.step({"thought", "dogs are animals", 0.5});
  PendingReceipt pending = draft.finish(
      {1'700'000'001'000'000, " a", "length", 5, 1, {{"generate_text", "token", 6'000'000}}});
  ByteBuffer written = pending.builder.finish({}).bytes;
  ByteBuffer expected = vector_bytes(2);
  REQUIRE(written.size() == expected.size());
  // A commitment ends its segment; salts are drawn anew, so each is blanked.
  const auto blank = [](ByteBuffer& bytes) {
    const Receipt receipt = decode_receipt(bytes);
    std::set<std::uint32_t> committed;
    for (const Committed& one : receipt.commitments()) committed.insert(one.position);
    std::size_t at = 12;
    for (std::uint32_t position = 0; at < bytes.size(); ++position) {
      at += 6 + load_le<std::uint32_t>(bytes.data() + at + 2);
      if (committed.contains(position)) std::fill_n(bytes.data() + at - 32, 32, 0);
    }
  };
  blank(written);
  blank(expected);
  CHECK(to_hex(written) == to_hex(expected));
}

}  // namespace
}  // namespace hart::prov
