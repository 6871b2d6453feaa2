#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "core/bytes.h"
#include "core/endian.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "prov/content.h"
#include "prov/receipt.h"
#include "prov/stream.h"

namespace hart::prov {
namespace {

/// The receipt that hart-receipt(5) shows, made by a program of its own from the specification.
ByteBuffer vector_bytes() {
  std::ifstream file{std::string{HART_TEST_DATA} + "/prov/receipt-v1.hex"};
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

TEST_CASE("receipt vector: hash and leaf are the published ones") {
  const ByteBuffer bytes = vector_bytes();
  REQUIRE(bytes.size() == 467);
  const Hash256 hash = crypto::sha256(bytes);
  CHECK(to_hex(hash) == "d26554cd073f0c4f116e6cce0635c9a8444d354e0f32634609f15956606f6428");
  CHECK(to_hex(crypto::leaf_hash(hash)) ==
        "6c1036f78ac6433ae17c5aaf848dacbe18cf3e4157eba53133b53a34baec0028");
}

TEST_CASE("receipt vector: every field in the clear reads as published") {
  const Receipt receipt = decode_receipt(vector_bytes());
  CHECK(uuid_text(receipt.inference) == "0192f0c0-a000-7abc-8def-0123456789ab");
  CHECK(receipt.started == 1'700'000'000'000'000);
  CHECK(receipt.completed == 1'700'000'001'000'000);
  CHECK(receipt.operation == "generate_text");
  CHECK(receipt.model == Id{IdSpace::structure, crypto::sha256(as_bytes("model"))});
  CHECK(receipt.parameters.at("temperature") == 0.0);
  CHECK(receipt.seed == 42);
  CHECK(receipt.finish_reason == "length");
  CHECK(receipt.tokens_in == 5);
  CHECK(receipt.tokens_out == 1);
  CHECK(receipt.previous == Hash256{});
}

TEST_CASE("receipt vector: every commitment opens to the published content") {
  const Receipt receipt = decode_receipt(vector_bytes());
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
  open(9, encode_evidence(evidence));
  open(10, run);
  open(11, bytes_of(" a"));
  const auto commitments = receipt.commitments();
  CHECK(commitments.size() == openings.size());
  for (const Committed& committed : commitments) {
    CAPTURE(committed.position);
    CHECK(open_commitment(committed, openings));
  }
}

TEST_CASE("receipt vector: a builder writes the same bytes but for commitments") {
  const ByteBuffer expected = vector_bytes();
  const Receipt receipt = decode_receipt(expected);
  ReceiptBuilder builder;
  builder.add(Tag::inference, receipt.inference);
  builder.commit(Tag::tenant, "default");
  ByteBuffer started;
  append_le(started, receipt.started);
  builder.add(Tag::started, started);
  builder.add(Tag::operation, receipt.operation);
  const ByteBuffer written = builder.finish({}).bytes;
  const std::size_t tenant_at = 12 + 22 + 6;
  for (std::size_t i = 0; i < tenant_at + 32 + 14 + 19; ++i) {
    CAPTURE(i);
    if (i < tenant_at || i >= tenant_at + 32) CHECK(written[i] == expected[i]);
  }
}

}  // namespace
}  // namespace hart::prov
