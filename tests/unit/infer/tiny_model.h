#pragma once

#include <string>
#include <vector>

#include "../nn/tiny_llama.h"
#include "formats/gguf_writer.h"

namespace hart::infer {

/// A llama of random weights with a vocabulary of its own, as a whole GGUF file.
inline ByteBuffer tiny_model_file(const std::string& architecture = "llama") {
  std::vector<std::string> texts = {"<unk>", "<s>", "</s>"};
  std::vector<std::int64_t> kinds = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) {
    const char* digits = "0123456789ABCDEF";
    texts.push_back(std::string{"<0x"} + digits[byte / 16] + digits[byte % 16] + ">");
    kinds.push_back(6);
  }
  for (const char* text : {"▁", "a", "b", "c", "d", "e"}) {
    texts.emplace_back(text);
    kinds.push_back(1);
  }
  nn::TinyLlama::Shape shape;
  shape.n_vocab = static_cast<std::uint32_t>(texts.size());
  shape.n_layers = 2;
  nn::TinyLlama tiny{shape};
  tiny.builder()
      .text("general.architecture", architecture)
      .text("tokenizer.ggml.model", "llama")
      .texts("tokenizer.ggml.tokens", texts)
      .integers("tokenizer.ggml.token_type", kinds)
      .numbers("tokenizer.ggml.scores", std::vector<double>(texts.size(), 0));
  formats::GgufWriter writer;
  for (const formats::GgufEntry& entry : tiny.builder().header().metadata)
    writer.add(entry.key, entry.type, entry.value);
  std::vector<std::string> names{"token_embd.weight", "output_norm.weight", "output.weight"};
  for (const char* part : {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm",
                           "ffn_gate", "ffn_up", "ffn_down"})
    for (const char* layer : {"blk.0.", "blk.1."})
      names.push_back(std::string{layer} + part + ".weight");
  std::vector<ByteView> data;
  for (const std::string& name : names) {
    const tensor::TensorView& view = tiny.view(name);
    writer.add_tensor(name, view.dtype, view.shape);
    data.emplace_back(view.bytes);
  }
  return writer.file(data);
}

}  // namespace hart::infer
