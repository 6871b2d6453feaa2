#include "formats/hf_config.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/json.h"

namespace hart::formats {
namespace {

/// A config.json with everything that is required, and `more` over it.
std::string config_text(const Json& more) {
  Json json{{"model_type", "llama"},
            {"num_hidden_layers", 22},
            {"max_position_embeddings", 2048},
            {"hidden_size", 2048},
            {"intermediate_size", 5632},
            {"num_attention_heads", 32},
            {"num_key_value_heads", 4},
            {"vocab_size", 32000},
            {"rms_norm_eps", 1e-5}};
  json.update(more);
  return json.dump();
}

HfConfig parse(const Json& more) {
  return parse_hf_config(config_text(more), "config.json");
}

struct Written {
  ByteBuffer bytes;
  GgufHeader header;

  explicit Written(const HfConfig& config) {
    GgufWriter writer;
    add_config_metadata(writer, config);
    bytes = writer.header();
    header = parse_gguf(bytes, bytes.size());
  }
};

TEST_CASE("add_config_metadata: writes the keys of a llama model") {
  const Written written{parse(Json::object())};
  const GgufHeader& header = written.header;
  CHECK(header.get_string("general.architecture", "") == "llama");
  CHECK(header.get_uint("llama.block_count", 0) == 22);
  CHECK(header.get_uint("llama.context_length", 0) == 2048);
  CHECK(header.get_uint("llama.embedding_length", 0) == 2048);
  CHECK(header.get_uint("llama.feed_forward_length", 0) == 5632);
  CHECK(header.get_uint("llama.attention.head_count", 0) == 32);
  CHECK(header.get_uint("llama.attention.head_count_kv", 0) == 4);
  CHECK(header.get_float("llama.attention.layer_norm_rms_epsilon", 0) == double{1e-5f});
  CHECK(header.get_float("llama.rope.freq_base", 0) == 10000);
  CHECK(header.get_uint("llama.rope.dimension_count", 0) == 64);
  CHECK(header.get_uint("llama.vocab_size", 0) == 32000);
  CHECK(header.metadata.size() == 11);
}

TEST_CASE("add_config_metadata: writes what only some models have") {
  const Written qwen3{parse({{"model_type", "qwen3"},
                             {"head_dim", 128},
                             {"rope_theta", 1000000},
                             {"rope_scaling",
                              {{"rope_type", "yarn"},
                               {"factor", 4.0},
                               {"original_max_position_embeddings", 32768}}}})};
  CHECK(qwen3.header.get_uint("qwen3.attention.key_length", 0) == 128);
  CHECK(qwen3.header.get_uint("qwen3.attention.value_length", 0) == 128);
  CHECK(qwen3.header.get_uint("qwen3.rope.dimension_count", 0) == 128);
  CHECK(qwen3.header.get_float("qwen3.rope.freq_base", 0) == 1e6);
  CHECK(qwen3.header.get_string("qwen3.rope.scaling.type", "") == "yarn");
  CHECK(qwen3.header.get_float("qwen3.rope.scaling.factor", 0) == 4);
  CHECK(qwen3.header.get_uint("qwen3.rope.scaling.original_context_length", 0) == 32768);
  const Written gemma{parse({{"model_type", "gemma2"},
                             {"sliding_window", 4096},
                             {"attn_logit_softcapping", 50.0},
                             {"final_logit_softcapping", 30.0}})};
  CHECK(gemma.header.get_uint("gemma2.attention.sliding_window", 0) == 4096);
  CHECK(gemma.header.get_float("gemma2.attn_logit_softcapping", 0) == 50);
  CHECK(gemma.header.get_float("gemma2.final_logit_softcapping", 0) == 30);
}

TEST_CASE("parse_hf_config: fills in what families leave out") {
  CHECK(parse({{"num_key_value_heads", nullptr}}).head_count_kv == 32);
  CHECK(parse({{"rms_norm_eps", nullptr}}).norm_epsilon == 1e-6);
  CHECK(parse({{"rms_norm_eps", nullptr}, {"model_type", "phi3"}}).norm_epsilon == 1e-5);
  CHECK(parse({{"model_type", "gemma3_text"}}).rope_base == 1e6);
  CHECK(parse({{"model_type", "mistral"}}).architecture == "llama");
  CHECK(
      parse({{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5e5}}}}).rope_base ==
      5e5);
  CHECK_FALSE(parse({{"rope_scaling", nullptr}}).rope_scaling.has_value());
  CHECK_FALSE(parse({{"model_type", "qwen2"}, {"sliding_window", 4096}}).sliding_window);
  CHECK(parse({{"model_type", "qwen2"}, {"sliding_window", 9}, {"use_sliding_window", true}})
            .sliding_window == 9);
  CHECK(parse({{"model_type", "phi3"}, {"sliding_window", 9}}).sliding_window == 9);
}

TEST_CASE("parse_hf_config: an unknown architecture keeps its name and nothing else") {
  const HfConfig config = parse_hf_config(R"({"model_type":"mamba"})", "config.json");
  CHECK(config.architecture.empty());
  const Written written{config};
  CHECK(written.header.metadata.size() == 1);
  CHECK(written.header.get_string("general.architecture", "") == "mamba");
  const Written unnamed{parse_hf_config("{}", "config.json")};
  CHECK(unnamed.header.get_string("general.architecture", "") == "unknown");
}

TEST_CASE("parse_hf_config: refuses members that are missing, mistyped or do not fit") {
  for (const Json& more :
       {Json{{"num_hidden_layers", nullptr}}, Json{{"hidden_size", nullptr}},
        Json{{"vocab_size", nullptr}}, Json{{"intermediate_size", "5632"}},
        Json{{"num_hidden_layers", 0}}, Json{{"num_hidden_layers", -1}},
        Json{{"num_hidden_layers", 2147483648u}}, Json{{"num_hidden_layers", 2.5}},
        Json{{"num_key_value_heads", 5}}, Json{{"hidden_size", 2049}},
        Json{{"rms_norm_eps", 0}}, Json{{"rms_norm_eps", "1e-5"}}, Json{{"rope_theta", -1.0}},
        Json{{"rope_scaling", "linear"}}, Json{{"model_type", 5}},
        Json{{"rope_scaling", {{"type", "linear"}, {"factor", 0}}}},
        Json{{"rope_scaling", {{"type", "llama3"}, {"factor", 8}}}}}) {
    CAPTURE(more.dump());
    CHECK_THROWS_WITH_AS(static_cast<void>(parse(more)), doctest::Contains("config.json: "),
                         Error);
  }
  CHECK_THROWS_AS(static_cast<void>(parse_hf_config("[]", "config.json")), Error);
  CHECK_THROWS_AS(static_cast<void>(parse_hf_config("{", "config.json")), Error);
}

TEST_CASE("rope_frequency_divisors: scale slow frequencies by the factor and leave fast ones") {
  const HfConfig config = parse({{"rope_theta", 500000.0},
                                 {"rope_scaling",
                                  {{"rope_type", "llama3"},
                                   {"factor", 8.0},
                                   {"low_freq_factor", 1.0},
                                   {"high_freq_factor", 4.0},
                                   {"original_max_position_embeddings", 8192}}}});
  const std::vector<float> divisors = rope_frequency_divisors(config);
  REQUIRE(divisors.size() == 32);
  CHECK(divisors.front() == 1);
  CHECK(divisors.back() == 8);
  for (std::size_t i = 1; i < divisors.size(); ++i) CHECK(divisors[i] >= divisors[i - 1]);
  // i = 15: frequency 500000^(-30/64) = 2.13112e-3, 2.77855 turns in 8192 positions,
  // 0.592849 of the way from 1 turn to 4: 1 / (0.407151 / 8 + 0.592849).
  CHECK(divisors[15] == doctest::Approx(1.553415).epsilon(1e-6));
  CHECK(rope_frequency_divisors(parse(Json::object())).empty());
  CHECK(rope_frequency_divisors(parse({{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}))
            .empty());
}

}  // namespace
}  // namespace hart::formats
