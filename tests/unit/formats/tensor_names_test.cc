#include "formats/tensor_names.h"

#include <doctest/doctest.h>

#include <numeric>

#include "core/error.h"

namespace hart::formats {
namespace {

std::string gguf(std::string_view architecture, std::string_view name) {
  const auto found = gguf_tensor_name(architecture, name);
  return found ? found->name : "";
}

TEST_CASE("gguf_architecture: knows the families by their model_type") {
  CHECK(gguf_architecture("llama") == "llama");
  CHECK(gguf_architecture("mistral") == "llama");
  CHECK(gguf_architecture("gemma3_text") == "gemma3");
  for (const char* name : {"qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3"})
    CHECK(gguf_architecture(name) == name);
  CHECK(gguf_architecture("mixtral") == "");
  CHECK(gguf_architecture("") == "");
}

TEST_CASE("gguf_tensor_name: names the tensors of a llama model as llama.cpp does") {
  CHECK(gguf("llama", "model.embed_tokens.weight") == "token_embd.weight");
  CHECK(gguf("llama", "model.norm.weight") == "output_norm.weight");
  CHECK(gguf("llama", "lm_head.weight") == "output.weight");
  const std::string block = "model.layers.12.";
  CHECK(gguf("llama", block + "input_layernorm.weight") == "blk.12.attn_norm.weight");
  CHECK(gguf("llama", block + "self_attn.q_proj.weight") == "blk.12.attn_q.weight");
  CHECK(gguf("llama", block + "self_attn.k_proj.weight") == "blk.12.attn_k.weight");
  CHECK(gguf("llama", block + "self_attn.v_proj.weight") == "blk.12.attn_v.weight");
  CHECK(gguf("llama", block + "self_attn.o_proj.weight") == "blk.12.attn_output.weight");
  CHECK(gguf("llama", block + "post_attention_layernorm.weight") == "blk.12.ffn_norm.weight");
  CHECK(gguf("llama", block + "mlp.gate_proj.weight") == "blk.12.ffn_gate.weight");
  CHECK(gguf("llama", block + "mlp.up_proj.weight") == "blk.12.ffn_up.weight");
  CHECK(gguf("llama", block + "mlp.down_proj.weight") == "blk.12.ffn_down.weight");
}

TEST_CASE("gguf_tensor_name: the families differ where their blocks do") {
  const std::string block = "model.layers.0.";
  CHECK(gguf("qwen2", block + "self_attn.q_proj.bias") == "blk.0.attn_q.bias");
  CHECK(gguf("qwen3", block + "self_attn.q_norm.weight") == "blk.0.attn_q_norm.weight");
  CHECK(gguf("qwen2", block + "self_attn.q_norm.weight") == "");
  CHECK(gguf("phi3", block + "self_attn.qkv_proj.weight") == "blk.0.attn_qkv.weight");
  CHECK(gguf("phi3", block + "mlp.gate_up_proj.weight") == "blk.0.ffn_up.weight");
  CHECK(gguf("phi3", block + "mlp.up_proj.weight") == "");
  CHECK(gguf("llama", block + "mlp.gate_up_proj.weight") == "");
  CHECK(gguf("gemma", block + "post_attention_layernorm.weight") == "blk.0.ffn_norm.weight");
  for (const char* gemma : {"gemma2", "gemma3"}) {
    CHECK(gguf(gemma, block + "post_attention_layernorm.weight") ==
          "blk.0.post_attention_norm.weight");
    CHECK(gguf(gemma, block + "pre_feedforward_layernorm.weight") == "blk.0.ffn_norm.weight");
    CHECK(gguf(gemma, block + "post_feedforward_layernorm.weight") ==
          "blk.0.post_ffw_norm.weight");
  }
}

TEST_CASE("gguf_tensor_name: unknown architectures and names have none") {
  CHECK(gguf("bert", "model.norm.weight") == "");
  for (const char* name :
       {"", "model.norm", "model.norm.scales", "norm.weight", "model.layers.0.weight",
        "model.layers..mlp.up_proj.weight", "model.layers.x.mlp.up_proj.weight",
        "model.layers.01.mlp.up_proj.weight", "model.layers.0.model.norm.weight",
        "model.layers.0.self_attn.rotary_emb.inv_freq", "blk.0.attn_q.weight"}) {
    CAPTURE(name);
    CHECK(gguf("llama", name) == "");
  }
}

TEST_CASE("hugging_face_tensor_name: undoes gguf_tensor_name for every family and tensor") {
  const char* stems[] = {"input_layernorm",
                         "self_attn.q_proj",
                         "self_attn.k_proj",
                         "self_attn.v_proj",
                         "self_attn.qkv_proj",
                         "self_attn.o_proj",
                         "self_attn.q_norm",
                         "self_attn.k_norm",
                         "post_attention_layernorm",
                         "pre_feedforward_layernorm",
                         "post_feedforward_layernorm",
                         "mlp.gate_proj",
                         "mlp.up_proj",
                         "mlp.gate_up_proj",
                         "mlp.down_proj"};
  for (const auto& [architecture, count] : {std::pair{"llama", 9},
                                            {"qwen2", 9},
                                            {"qwen3", 11},
                                            {"gemma", 9},
                                            {"gemma2", 11},
                                            {"gemma3", 13},
                                            {"phi3", 6}}) {
    CAPTURE(architecture);
    int known = 0;
    for (const char* stem : stems) {
      const std::string name = "model.layers.3." + std::string{stem} + ".weight";
      const auto there = gguf_tensor_name(architecture, name);
      if (!there) continue;
      ++known;
      const auto back = hugging_face_tensor_name(architecture, there->name);
      REQUIRE(back.has_value());
      CHECK(back->name == name);
      CHECK(back->change == there->change);
    }
    CHECK(known == count);
  }
  CHECK(hugging_face_tensor_name("llama", "output.weight")->name == "lm_head.weight");
  CHECK_FALSE(hugging_face_tensor_name("llama", "rope_freqs.weight").has_value());
}

TEST_CASE("gguf_tensor_name: says which tensors change and how") {
  const auto change = [](std::string_view architecture, std::string_view name) {
    return gguf_tensor_name(architecture, name)->change;
  };
  const std::string block = "model.layers.0.";
  CHECK(change("llama", block + "self_attn.q_proj.weight") == TensorChange::query_rows);
  CHECK(change("llama", block + "self_attn.q_proj.bias") == TensorChange::query_rows);
  CHECK(change("llama", block + "self_attn.k_proj.weight") == TensorChange::key_rows);
  CHECK(change("llama", block + "self_attn.v_proj.weight") == TensorChange::none);
  CHECK(change("llama", "model.norm.weight") == TensorChange::none);
  CHECK(change("qwen2", block + "self_attn.q_proj.weight") == TensorChange::none);
  CHECK(change("gemma", "model.norm.weight") == TensorChange::plus_one);
  CHECK(change("gemma3", block + "self_attn.q_norm.weight") == TensorChange::plus_one);
  CHECK(change("gemma2", block + "post_attention_layernorm.weight") == TensorChange::plus_one);
  CHECK(change("gemma", block + "self_attn.q_proj.weight") == TensorChange::none);
  CHECK(change("qwen3", block + "self_attn.q_norm.weight") == TensorChange::none);
}

TEST_CASE("interleave_rope_rows: pairs each row with the one half a head further") {
  // Two heads of six rows of two bytes; every byte holds its row's number.
  ByteBuffer rows;
  for (std::uint8_t row = 0; row < 12; ++row) rows.insert(rows.end(), 2, row);
  const ByteBuffer pairs = interleave_rope_rows(rows, 2, 2);
  ByteBuffer order;
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    CHECK(pairs[i] == pairs[i + 1]);
    order.push_back(pairs[i]);
  }
  CHECK(order == ByteBuffer{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(split_rope_rows(pairs, 2, 2) == rows);
  CHECK(interleave_rope_rows(rows, 2, 6) == rows);
  for (std::uint64_t row = 0; row < 12; ++row) CHECK(order[row] == rope_source_row(row, 6));
}

TEST_CASE("interleave_rope_rows: refuses rows that are not whole heads of pairs") {
  const ByteBuffer rows(24);
  CHECK_THROWS_AS(static_cast<void>(interleave_rope_rows(rows, 2, 5)), Error);
  CHECK_THROWS_AS(static_cast<void>(interleave_rope_rows(rows, 2, 4)), Error);
  CHECK_THROWS_AS(static_cast<void>(interleave_rope_rows(rows, 5, 1)), Error);
  CHECK_THROWS_AS(static_cast<void>(interleave_rope_rows(rows, 0, 1)), Error);
  CHECK_THROWS_AS(static_cast<void>(interleave_rope_rows(rows, 2, 0)), Error);
  CHECK_THROWS_AS(static_cast<void>(split_rope_rows({}, 2, 1)), Error);
}

}  // namespace
}  // namespace hart::formats
