#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"
#include "nn/transformer.h"
#include "tiny_llama.h"

namespace hart::nn {
namespace {

/// True when loading fails as bad data with `because` in the message.
bool refuses(const TinyLlama& weights, const std::string& because) {
  try {
    (void)weights.model();
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.find(because) != std::string::npos);
    return true;
  }
  return false;
}

bool refuses_integer(const std::string& key, std::int64_t value) {
  TinyLlama weights{{}};
  weights.builder().integer(key, value);
  return refuses(weights, key);
}

bool refuses_number(const std::string& key, double value) {
  TinyLlama weights{{}};
  weights.builder().number(key, value);
  return refuses(weights, key);
}

TEST_CASE("TransformerModel: reads the parameters and their defaults") {
  TinyLlama weights{{}};
  weights.builder()
      .remove("llama.rope.dimension_count")
      .remove("llama.attention.head_count_kv");
  CHECK(refuses(weights, "blk.0.attn_k.weight"));  // the keys are now of four heads
  TinyLlama full{{.n_kv_heads = 4}};
  full.builder().remove("llama.rope.dimension_count").remove("llama.attention.head_count_kv");
  const TransformerModel model = full.model();
  CHECK(model.parameters().n_kv_heads == 4);
  CHECK(model.parameters().head_dim == 16);
  CHECK(model.parameters().rope.dims == 16);
  CHECK(model.parameters().n_vocab == 40);
  CHECK(model.rope(0).frequencies.size() == 8);
  CHECK(model.rope(0).frequencies[0] == 1.0);
}

TEST_CASE("TransformerModel: an unknown architecture is refused by name") {
  TinyLlama weights{{}};
  weights.builder().text("general.architecture", "mamba");
  CHECK(refuses(weights, "'mamba'"));
  weights.builder().remove("general.architecture");
  CHECK(refuses(weights, "general.architecture"));
}

TEST_CASE("TransformerModel: a big-endian file is refused and told how to convert") {
  TinyLlama weights{{}};
  weights.builder().byte_order(formats::ByteOrder::big);
  CHECK(refuses(weights, "big-endian"));
  CHECK(refuses(weights, "export --as gguf"));
}

TEST_CASE("TransformerModel: every required key is missed by name") {
  for (const char* key :
       {"llama.embedding_length", "llama.block_count", "llama.feed_forward_length",
        "llama.context_length", "llama.attention.head_count",
        "llama.attention.layer_norm_rms_epsilon"}) {
    TinyLlama weights{{}};
    weights.builder().remove(key);
    CHECK(refuses(weights, key));
  }
}

TEST_CASE("TransformerModel: impossible parameters are refused by key") {
  for (const char* key :
       {"llama.embedding_length", "llama.block_count", "llama.feed_forward_length",
        "llama.context_length", "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.rope.dimension_count"}) {
    CHECK(refuses_integer(key, 0));
    CHECK(refuses_integer(key, -1));
    CHECK(refuses_integer(key, std::numeric_limits<std::int64_t>::max()));
    CHECK(refuses_integer(key, std::int64_t{1} << 32));
    CHECK(refuses_number(key, 4.0));
  }
  CHECK(refuses_integer("llama.attention.head_count", 5));     // 64 / 5
  CHECK(refuses_integer("llama.attention.head_count_kv", 3));  // 4 heads
  CHECK(refuses_integer("llama.rope.dimension_count", 7));
  CHECK(refuses_integer("llama.rope.dimension_count", 18));  // of 16
  CHECK(refuses_integer("llama.attention.value_length", 8));
  CHECK(refuses_integer("llama.expert_count", 8));
  CHECK(refuses_number("llama.rope.freq_base", -1));
  CHECK(refuses_number("llama.rope.scaling.factor", std::numeric_limits<double>::infinity()));
  CHECK(refuses_number("llama.attention.layer_norm_rms_epsilon", std::nan("")));
}

TEST_CASE("TransformerModel: an unknown rope scaling is refused by name") {
  TinyLlama weights{{}};
  weights.builder().text("llama.rope.scaling.type", "ntk");
  CHECK(refuses(weights, "'ntk'"));
  weights.builder()
      .text("llama.rope.scaling.type", "none")
      .number("llama.rope.scaling.factor", 2);
  CHECK(weights.model().parameters().rope.scaling == RopeScaling::none);
  weights.builder().text("llama.rope.scaling.type", "linear");
  CHECK(weights.model().parameters().rope.factor == 2);
}

TEST_CASE("TransformerModel: every tensor is missed by name, but output.weight may be tied") {
  for (const char* name :
       {"token_embd.weight", "output_norm.weight", "blk.2.attn_norm.weight",
        "blk.0.attn_q.weight", "blk.1.attn_k.weight", "blk.2.attn_v.weight",
        "blk.0.attn_output.weight", "blk.0.ffn_norm.weight", "blk.0.ffn_gate.weight",
        "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"}) {
    TinyLlama weights{{}};
    weights.erase(name);
    CHECK(refuses(weights, name));
  }
  TinyLlama weights{{}};
  weights.erase("output.weight");
  const TransformerModel model = weights.model();
  CHECK(model.output().weight.view.bytes.data() == model.token_embd().view.bytes.data());
}

TEST_CASE("TransformerModel: a tensor of another shape, type or size is refused by name") {
  const std::string name = "blk.1.ffn_down.weight";
  TinyLlama transposed{{}};
  std::swap(transposed.view(name).shape[0], transposed.view(name).shape[1]);
  CHECK(refuses(transposed, name));
  TinyLlama unsupported{{}};
  unsupported.view(name).dtype = tensor::DType::i32;
  CHECK(refuses(unsupported, name));
  TinyLlama cut{{}};
  cut.view(name).bytes = cut.view(name).bytes.first(100);
  CHECK(refuses(cut, name));
  TinyLlama flat{{}};
  flat.view("token_embd.weight").shape = {64 * 40};
  CHECK(refuses(flat, "token_embd.weight"));
  TinyLlama bias{{.biases = true}};
  bias.view("blk.0.attn_q.bias").shape = {32};
  CHECK(refuses(bias, "blk.0.attn_q.bias"));
}

TEST_CASE("TransformerModel: divisors of the rope frequencies must be positive") {
  TinyLlama weights{{.rope_divisors = true}};
  const std::vector<float> zeros(8, 0.0f);
  weights.view("rope_freqs.weight").bytes = {
      reinterpret_cast<const std::uint8_t*>(zeros.data()), 32};
  CHECK(refuses(weights, "rope_freqs.weight"));
}

}  // namespace
}  // namespace hart::nn
