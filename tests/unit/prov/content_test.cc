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

TEST_CASE("content: truncated bytes are refused, never read past") {
  const ByteBuffer evidence = encode_evidence(test::sample_evidence("text", 1));
  for (std::size_t size = 0; size < evidence.size(); ++size)
    CHECK_THROWS_AS((void)decode_evidence(ByteView{evidence}.first(size)), Error);
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
