#include "infer/parse_parameters.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "infer/generation_report.h"

namespace hart::infer {
namespace {

/// Every parameter at a value that is not its neutral one.
GenerateRequest unusual_request() {
  GenerateRequest request;
  request.sampling = {.temperature = 1.25,
                      .top_n_sigma = 2.5,
                      .top_k = 17,
                      .typical_p = 0.75,
                      .top_p = 0.1,
                      .min_p = 0.3,
                      .xtc_probability = 0.7,
                      .xtc_threshold = 0.2,
                      .repeat_penalty = 1.1,
                      .frequency_penalty = -0.4,
                      .presence_penalty = 0.6,
                      .repeat_last_n = 5,
                      .mirostat = 2,
                      .mirostat_tau = 3.5,
                      .mirostat_eta = 0.9};
  request.max_tokens = 33;
  request.context_length = 77;
  request.stop = {"one", "two\n"};
  request.kv_type = nn::KvType::q8_0;
  request.encoding = {.add_special = false, .parse_special = true};
  return request;
}

TEST_CASE("parameters: a request that a receipt tells is the one that was recorded") {
  for (const GenerateRequest& request : {GenerateRequest{}, unusual_request()}) {
    const Json recorded = generation_parameters(request);
    // A receipt holds them as text.
    const Json read = parse_json(dump_json(recorded), "parameters");
    const RecordedRequest parsed = parse_generation_parameters(read);
    CHECK(dump_json(generation_parameters(parsed.request)) == dump_json(recorded));
    CHECK(parsed.request.kv_type == request.kv_type);
    CHECK(parsed.request.sampling.mirostat_eta == request.sampling.mirostat_eta);
    CHECK(parsed.request.encoding.parse_special == request.encoding.parse_special);
    CHECK_FALSE(parsed.grammar.has_value());
  }
}

TEST_CASE("parameters: a grammar is its hash, and what is unknown or mistyped is named") {
  const std::string id = "sha256:" + std::string(64, 'a');
  const RecordedRequest parsed = parse_generation_parameters({{"grammar", id}});
  REQUIRE(parsed.grammar.has_value());
  CHECK(parsed.grammar->text() == id);
  for (const Json& wrong :
       {Json{{"strategy", "tot"}}, Json{{"top_k", -1}}, Json{{"top_k", 1.5}},
        Json{{"stop", "one"}}, Json{{"stop", {1}}}, Json{{"kv_type", "f64"}},
        Json{{"temperature", "hot"}}, Json{{"max_tokens", std::uint64_t{1} << 40}},
        Json{{"add_special", 1}}, Json{{"grammar", "none"}}, Json::array({1})}) {
    CAPTURE(dump_json(wrong));
    CHECK_THROWS_AS((void)parse_generation_parameters(wrong), Error);
  }
}

}  // namespace
}  // namespace hart::infer
