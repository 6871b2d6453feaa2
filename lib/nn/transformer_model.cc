#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "nn/tensor_reader.h"
#include "nn/transformer.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

void read_attention(const TensorReader& read, const TransformerParameters& p,
                    const std::string& prefix, TransformerBlock& block) {
  if (p.architecture->fuses_qkv) {
    const std::uint64_t rows[] = {p.q_dim(), p.kv_dim(), p.kv_dim()};
    std::vector<Linear> parts = read.fused(prefix + "attn_qkv", p.n_embd, rows);
    block.attn_q = std::move(parts[0]);
    block.attn_k = std::move(parts[1]);
    block.attn_v = std::move(parts[2]);
  } else {
    block.attn_q = read.linear(prefix + "attn_q", p.n_embd, p.q_dim());
    block.attn_k = read.linear(prefix + "attn_k", p.n_embd, p.kv_dim());
    block.attn_v = read.linear(prefix + "attn_v", p.n_embd, p.kv_dim());
  }
  if (p.architecture->normalises_qk) {
    block.q_norm = read.norm(prefix + "attn_q_norm", p.head_dim);
    block.k_norm = read.norm(prefix + "attn_k_norm", p.head_dim);
  }
  block.attn_output = read.linear(prefix + "attn_output", p.q_dim(), p.n_embd);
}

void read_feed_forward(const TensorReader& read, const TransformerParameters& p,
                       const std::string& prefix, TransformerBlock& block) {
  if (p.architecture->fuses_gate) {
    const std::uint64_t rows[] = {p.n_ff, p.n_ff};
    std::vector<Linear> parts = read.fused(prefix + "ffn_up", p.n_embd, rows);
    block.ffn_gate = std::move(parts[0]);
    block.ffn_up = std::move(parts[1]);
  } else {
    if (p.architecture->is_gated)
      block.ffn_gate = read.linear(prefix + "ffn_gate", p.n_embd, p.n_ff);
    block.ffn_up = read.linear(prefix + "ffn_up", p.n_embd, p.n_ff);
  }
  block.ffn_down = read.linear(prefix + "ffn_down", p.n_ff, p.n_embd);
}

void read_norms(const TensorReader& read, const TransformerParameters& p,
                const std::string& prefix, TransformerBlock& block) {
  const NormPlacement placement = p.architecture->placement;
  if (placement == NormPlacement::after_residual) {
    block.post_attn_norm = read.norm(prefix + "attn_output_norm", p.n_embd);
    block.post_ffn_norm = read.norm(prefix + "layer_output_norm", p.n_embd);
    return;
  }
  block.attn_norm = read.norm(prefix + "attn_norm", p.n_embd);
  block.ffn_norm = read.norm(prefix + "ffn_norm", p.n_embd);
  if (placement == NormPlacement::before) return;
  block.post_attn_norm = read.norm(prefix + "post_attention_norm", p.n_embd);
  block.post_ffn_norm = read.norm(prefix + "post_ffw_norm", p.n_embd);
}

TransformerBlock read_block(const TensorReader& read, const TransformerParameters& p,
                            std::uint32_t layer) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  TransformerBlock block;
  read_norms(read, p, prefix, block);
  read_attention(read, p, prefix, block);
  read_feed_forward(read, p, prefix, block);
  return block;
}

/// What the frequencies are divided by; empty where the model has no such tensor.
std::vector<float> read_divisors(const TensorReader& read, const TransformerParameters& p,
                                 const std::string& name) {
  std::vector<float> divisors = read.optional_vector(name, p.rope.dims / 2);
  for (const float divisor : divisors)
    if (!(divisor > 0) || !std::isfinite(divisor))
      throw Error{Fault::data, "tensor '" + name + "': a divisor is not positive"};
  return divisors;
}

std::uint32_t read_vocabulary_size(const ModelSource& source) {
  const auto embedding = source.tensor("token_embd.weight");
  if (!embedding) throw Error{Fault::data, "tensor 'token_embd.weight': missing"};
  const std::uint64_t n_vocab = embedding->shape.size() == 2 ? embedding->shape[1] : 0;
  if (n_vocab < 1 || n_vocab > std::numeric_limits<TokenId>::max())
    throw Error{Fault::data, "tensor 'token_embd.weight': its shape is " +
                                 shape_text(embedding->shape) + ", not (n_embd, n_vocab)"};
  return static_cast<std::uint32_t>(n_vocab);
}

/// The vector of type 0: the first row of a matrix with as many rows as there are types.
std::vector<float> read_type(const ModelSource& source, const TensorReader& read,
                             std::uint32_t n_embd) {
  const std::string name = "token_types.weight";
  const auto types = source.tensor(name);
  if (!types) throw Error{Fault::data, "tensor '" + name + "': missing"};
  const std::uint64_t rows = types->shape.size() == 2 ? types->shape[1] : 1;
  const tensor::TensorView view = types->shape.size() == 2
                                      ? read.rows(name, read.require(name, {n_embd, rows}))
                                      : read.require(name, {n_embd});
  if (rows < 1) throw Error{Fault::data, "tensor '" + name + "': has no rows"};
  std::vector<float> out(n_embd);
  tensor::dequantize_row(view.dtype, view.bytes.first(view.bytes.size() / rows), out);
  return out;
}

}  // namespace

ModelSource gguf_source(const formats::GgufHeader& header, ByteView file) {
  const auto find = [&header,
                     file](std::string_view name) -> std::optional<tensor::TensorView> {
    const formats::GgufTensor* tensor = header.find_tensor(name);
    if (tensor == nullptr) return std::nullopt;
    return tensor::TensorView{tensor->dtype, tensor->shape,
                              file.subspan(header.data_offset + tensor->offset, tensor->bytes)};
  };
  return {header, find};
}

TransformerModel::TransformerModel(const ModelSource& source)
    : parameters_{read_parameters(source.header)} {
  const TensorReader read{source, decoded_};
  TransformerParameters& p = parameters_;
  const Architecture& architecture = *p.architecture;
  if (source.pairs_halves && p.rope_pairing != RopePairing::none)
    p.rope_pairing = RopePairing::halves;
  p.n_vocab = read_vocabulary_size(source);
  token_embd_ = {read.require("token_embd.weight", {p.n_embd, p.n_vocab}),
                 read.layout_of("token_embd.weight")};
  if (architecture.embeds_positions)
    position_embd_ =
        read.rows("position_embd.weight",
                  read.require("position_embd.weight", {p.n_embd, p.context_length}));
  if (architecture.embeds_types) type_embd_ = read_type(source, read, p.n_embd);
  if (architecture.normalises_embedding)
    embedding_norm_ = read.norm("token_embd_norm", p.n_embd);
  blocks_.reserve(p.n_layers);
  for (std::uint32_t layer = 0; layer < p.n_layers; ++layer)
    blocks_.push_back(read_block(read, p, layer));
  if (architecture.is_causal) {
    output_norm_ = read.norm("output_norm", p.n_embd);
    const auto output = read.find("output.weight", {p.n_embd, p.n_vocab});
    is_tied_ = !output;
    output_ = {output ? read.matrix("output.weight", *output)
                      : read.matrix("token_embd.weight", token_embd_.view),
               {}};
  }
  if (p.rope_pairing == RopePairing::none) return;
  window_rope_ = make_rope_table(p.window_rope, {});
  // Files do not name this scaling: its divisors are there or not.
  const bool is_long = source.tensor("rope_factors_short.weight").has_value();
  if (is_long) p.rope.scaling = RopeScaling::longrope;
  rope_ = make_rope_table(
      p.rope,
      read_divisors(read, p, is_long ? "rope_factors_short.weight" : "rope_freqs.weight"));
  if (is_long)
    long_rope_ = make_rope_table(p.rope, read_divisors(read, p, "rope_factors_long.weight"));
}

const RopeTable& TransformerModel::rope(std::uint32_t context_length) const noexcept {
  const bool is_long =
      !long_rope_.frequencies.empty() && context_length > parameters_.rope.original_context;
  return is_long ? long_rope_ : rope_;
}

}  // namespace hart::nn
