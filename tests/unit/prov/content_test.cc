#include "prov/content.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "fixture.h"

namespace hart::prov {
namespace {

TEST_CASE("content: evidence and tokens survive encoding") {
  const Evidence evidence = test::sample_evidence("a dog\n\xc3\xa4", 0.1);
  const Evidence read = decode_evidence(encode_evidence(evidence));
  CHECK(read.atom == evidence.atom);
  CHECK(read.weight == evidence.weight);
  CHECK(read.text == evidence.text);
  CHECK(read.name == evidence.name);

  ByteBuffer run;
  GeneratedToken plain;
  plain.token = -1;
  append_token(run, plain);
  append_token(run, test::sample_token(4, -2.5f));
  const auto tokens = decode_tokens(run);
  REQUIRE(tokens.size() == 2);
  CHECK(tokens[0].token == -1);
  CHECK(tokens[0].alternatives.empty());
  CHECK(tokens[1].logprob == -2.5f);
  CHECK(tokens[1].text == "t4");
  REQUIRE(tokens[1].alternatives.size() == 1);
  CHECK(tokens[1].alternatives[0].token == 5);
  CHECK(tokens[1].alternatives[0].text == "other");
  CHECK(tokens[1].evidence == std::vector<std::uint32_t>{1});
}

TEST_CASE("content: a hit keeps its place, and tells zero from not known") {
  Evidence hit = test::sample_evidence("text", 0.5);
  hit.rank = 3;
  for (const bool distance : {false, true})
    for (const bool score : {false, true}) {
      CAPTURE(distance);
      CAPTURE(score);
      hit.distance = distance ? std::optional{0.0} : std::nullopt;
      hit.score = score ? std::optional{-1.5} : std::nullopt;
      const Evidence read = decode_evidence(encode_evidence(hit));
      CHECK(read.rank == 3);
      CHECK(read.distance == hit.distance);
      CHECK(read.score == hit.score);
    }
  ByteBuffer unknown = encode_evidence(test::sample_evidence("text", 0.5));
  unknown.back() = 4;
  CHECK_THROWS_AS((void)decode_evidence(unknown), Error);
}

TEST_CASE(
    "content: subjects, vectors and queries survive encoding, truncated they are refused") {
  const SubjectAtom subject{
      {IdSpace::structure, crypto::sha256(as_bytes("a"))}, "content", 1ULL << 40, "b.txt"};
  const ByteBuffer subject_bytes = encode_subject(subject);
  const SubjectAtom read_subject = decode_subject(subject_bytes);
  CHECK(read_subject.atom == subject.atom);
  CHECK(read_subject.role == "content");
  CHECK(read_subject.bytes == 1ULL << 40);
  CHECK(read_subject.name == "b.txt");

  const std::vector<float> numbers{1, 2, 3};
  CHECK(digest_of(numbers).dims == 3);
  CHECK(digest_of({}) == VectorDigest{});
  CHECK(digest_of(numbers) != digest_of(std::vector<float>{1, 2, 4}));
  const ByteBuffer vector_bytes = encode_vector(digest_of(numbers));
  CHECK(decode_vector(vector_bytes) == digest_of(numbers));

  AnsweredQuery query{"dog", digest_of(numbers), {test::sample_evidence("x", 1)}};
  query.hits.push_back(test::sample_evidence("y", 0));
  query.hits[1].score = 2.5;
  const ByteBuffer query_bytes = encode_query(query);
  const AnsweredQuery read_query = decode_query(query_bytes);
  CHECK(read_query.text == "dog");
  CHECK(read_query.vector == query.vector);
  REQUIRE(read_query.hits.size() == 2);
  CHECK(read_query.hits[1].score == 2.5);
  CHECK(read_query.hits[0].atom == query.hits[0].atom);

  const auto refuses = [](const ByteBuffer& bytes, const auto& decode) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_THROWS_AS((void)decode(ByteView{bytes}.first(size)), Error);
    ByteBuffer longer = bytes;
    longer.push_back(0);
    CHECK_THROWS_AS((void)decode(longer), Error);
  };
  refuses(subject_bytes, decode_subject);
  refuses(vector_bytes, decode_vector);
  refuses(query_bytes, decode_query);
}

TEST_CASE("content: truncated bytes are refused, never read past") {
  const ByteBuffer evidence = encode_evidence(test::sample_evidence("text", 1));
  for (std::size_t size = 0; size < evidence.size(); ++size) {
    // Without its place, the last 5 bytes, it is evidence of version 1.
    if (size == evidence.size() - 5) continue;
    CHECK_THROWS_AS((void)decode_evidence(ByteView{evidence}.first(size)), Error);
  }
  ByteBuffer run;
  append_token(run, test::sample_token(2, -1));
  for (std::size_t size = 1; size < run.size(); ++size)
    CHECK_THROWS_AS((void)decode_tokens(ByteView{run}.first(size)), Error);
  CHECK(decode_tokens({}).empty());
}

TEST_CASE("content: a length that passes the end by far is refused") {
  ByteBuffer evidence = encode_evidence(test::sample_evidence("text", 1));
  for (std::size_t i = 41; i < 45; ++i) evidence[i] = 0xff;
  CHECK_THROWS_AS((void)decode_evidence(evidence), Error);
}

}  // namespace
}  // namespace hart::prov
