#include "prov/replay.h"

#include <doctest/doctest.h>

#include <cmath>

#include "fixture.h"
#include "prov/retention.h"

namespace hart::prov {
namespace {

/// A stored generation of three tokens, and a sink that took the same events again.
struct Replayed {
  test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  std::vector<GeneratedToken> tokens;
  GenerationBegin begin = test::sample_begin();
  GenerationEnd end = test::sample_end();

  Replayed() {
    static_cast<void>(test::write_receipt(store));
    for (int i = 0; i < 3; ++i)
      tokens.push_back(test::sample_token(i, -0.5f * static_cast<float>(i)));
  }

  RecordedGeneration recorded() { return open_generation(store, *stream_at(store, 0)); }
  ReplayComparison compare() {
    ReplaySink sink;
    sink.begin(begin);
    for (const GeneratedToken& token : tokens) sink.token(token);
    static_cast<void>(sink.end(end));
    return compare_replay(recorded(), sink);
  }
};

TEST_CASE("replay: what comes out as it was recorded differs in nothing") {
  Replayed replayed;
  const ReplayComparison found = replayed.compare();
  CHECK(found.differences.empty());
  CHECK(found.not_compared.empty());
  CHECK_FALSE(found.first_token.has_value());
  CHECK(erased_inputs(replayed.recorded()).empty());
  CHECK(evidence_of(replayed.recorded()).size() == 2);
}

TEST_CASE(
    "replay: one bit of one number of one token is a difference, and the first is named") {
  const auto first_of = [](const std::function<void(std::vector<GeneratedToken>&)>& change) {
    Replayed replayed;
    change(replayed.tokens);
    const ReplayComparison found = replayed.compare();
    REQUIRE(found.first_token.has_value());
    CHECK(found.differences.size() == 1);
    return std::to_string(found.first_token->index) + " " + found.first_token->what;
  };
  CHECK(first_of([](auto& tokens) {
          tokens[1].logprob = std::nextafter(tokens[1].logprob, 0.0f);
        }) == "1 its log-probability");
  // Equal as numbers, but not bit for bit.
  CHECK(first_of([](auto& tokens) { tokens[0].logprob = -tokens[0].logprob; }) ==
        "0 its log-probability");
  CHECK(first_of([](auto& tokens) {
          tokens[2].token = 77;
          tokens[1].alternatives[0].logprob -= 1;
        }) == "1 its alternatives");
  CHECK(first_of([](auto& tokens) { tokens[2].token = 77; }) == "2 the token");
  CHECK(first_of([](auto& tokens) { tokens[2].evidence.clear(); }) ==
        "2 the evidence that it leans on");
  CHECK(first_of([](auto& tokens) { tokens.pop_back(); }) == "2 there is no token any more");
  CHECK(first_of([](auto& tokens) { tokens.push_back(test::sample_token(3, -1)); }) ==
        "3 there was no token");
}

TEST_CASE("replay: parameters, seed, output, end and counts are compared") {
  const auto differences = [](const std::function<void(Replayed&)>& change) {
    Replayed replayed;
    change(replayed);
    return replayed.compare().differences;
  };
  CHECK(differences([](Replayed& r) { r.begin.parameters["top_k"] = 41; }).size() == 1);
  CHECK(differences([](Replayed& r) { r.begin.seed = 43; }).size() == 1);
  CHECK(differences([](Replayed& r) { r.end.finish_reason = "length"; }).size() == 1);
  CHECK(differences([](Replayed& r) { r.end.tokens_out = 4; }).size() == 1);
  const auto output = differences([](Replayed& r) { r.end.output = "a secreT"; });
  REQUIRE(output.size() == 1);
  CHECK(output[0] == "the output, from byte 7 on");
}

TEST_CASE("replay: what was erased is named and not compared") {
  Replayed replayed;
  // Segments: tenant 1, model name 5, prompt 8, evidence 9 and 10, tokens 11, output 12.
  const auto forget = [&](std::uint32_t position) {
    RecordedGeneration recorded = replayed.recorded();
    if (position == 8) recorded.prompt.reset();
    if (position == 10) recorded.evidence[1].reset();
    return erased_inputs(recorded);
  };
  CHECK(forget(8) == std::vector<std::string>{"the prompt (erased)"});
  CHECK(forget(10) == std::vector<std::string>{"evidence 1 (erased)"});

  RecordedGeneration recorded = replayed.recorded();
  ReplaySink sink;
  sink.begin(replayed.begin);
  for (const GeneratedToken& token : replayed.tokens) sink.token(token);
  static_cast<void>(sink.end(replayed.end));
  recorded.output.reset();
  CHECK(erased_inputs(recorded).empty());
  CHECK(compare_replay(recorded, sink).not_compared ==
        std::vector<std::string>{"the output (erased)"});
  for (auto& token : recorded.tokens) token.reset();
  CHECK(compare_replay(recorded, sink).not_compared.at(0) == "tokens 0 to 2 (erased)");
  CHECK(erased_inputs(recorded) ==
        std::vector<std::string>{"the output and its tokens (erased)"});
}

}  // namespace
}  // namespace hart::prov
