#include "nn/transformer_state.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "nn/linear.h"
#include "tensor/convert.h"
#include "tensor/interleave.h"

namespace hart::nn {
namespace {

std::uint32_t session_context(const TransformerModel& model, const SessionOptions& options) {
  const TransformerParameters& p = model.parameters();
  if (options.context_length == 0) return p.context_length;
  if (model.position_embd() && options.context_length > p.context_length)
    throw Error{Fault::data, "the model embeds " + std::to_string(p.context_length) +
                                 " positions; " + std::to_string(options.context_length) +
                                 " were asked for"};
  return options.context_length;
}

std::uint32_t session_batch(const TransformerModel& model, const SessionOptions& options,
                            std::uint32_t context) {
  if (!model.parameters().architecture->is_causal) return context;
  return std::clamp<std::uint32_t>(options.batch_tokens, 1, context);
}

void add_to(float* x, const float* y, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) x[i] += y[i];
}

/// Row `row` of a matrix as floats.
void read_row(const tensor::WeightMatrix& matrix, std::size_t row, std::span<float> out) {
  const tensor::TensorView& table = matrix.view;
  const std::size_t row_bytes = table.bytes.size() / table.rows();
  if (matrix.layout == tensor::RowLayout::rows)
    return tensor::dequantize_row(table.dtype, table.bytes.subspan(row * row_bytes, row_bytes),
                                  out);
  ByteBuffer bytes(row_bytes);
  tensor::extract_row(table.dtype, row_bytes, table.bytes, row, bytes);
  tensor::dequantize_row(table.dtype, bytes, out);
}

}  // namespace

TransformerSession::State::State(const TransformerModel& the_model,
                                 const SessionOptions& options)
    : model{the_model},
      p{the_model.parameters()},
      architecture{*p.architecture},
      context_length{session_context(the_model, options)},
      batch{session_batch(the_model, options, context_length)},
      threads{options.threads},
      kv_type{options.kv_type},
      cache{options.kv_type, p.n_layers, p.n_kv_heads, p.head_dim, context_length},
      hidden{rows_of(p.n_embd)},
      normed{rows_of(p.n_embd)},
      query{rows_of(p.q_dim())},
      key{rows_of(p.kv_dim())},
      value{rows_of(p.kv_dim())},
      mixed{rows_of(p.q_dim())},
      gate{rows_of(p.n_ff)},
      up{rows_of(p.n_ff)},
      logits{architecture.is_causal ? rows_of(p.n_vocab) : 0} {
  if (p.rope_pairing == RopePairing::none) return;
  const std::size_t pairs = rows_of(p.rope.dims / 2);
  angles_ = {&model.rope(context_length), ZeroedFloats{pairs}, ZeroedFloats{pairs}};
  if (architecture.window_rope_base != 0 && p.window != 0)
    window_angles_ = {&model.window_rope(), ZeroedFloats{pairs}, ZeroedFloats{pairs}};
}

void TransformerSession::State::check(std::span<const TokenId> tokens) const {
  if (tokens.empty()) throw Error{Fault::data, "no tokens to evaluate"};
  if (tokens.size() > context_length - position)
    throw Error{Fault::data, "the context of " + std::to_string(context_length) +
                                 " tokens is full: " + std::to_string(position) +
                                 " are taken, " + std::to_string(tokens.size()) +
                                 " more were given"};
  for (const TokenId token : tokens)
    if (token < 0 || static_cast<std::uint32_t>(token) >= p.n_vocab)
      throw Error{Fault::data, "token " + std::to_string(token) +
                                   " is not in the vocabulary of " + std::to_string(p.n_vocab)};
}

void TransformerSession::State::check_causal() const {
  if (!architecture.is_causal)
    throw Error{Fault::data, "an encoder (" + std::string{architecture.name} +
                                 ") gives embeddings, it continues no text"};
}

void TransformerSession::State::embed(std::span<const TokenId> tokens) {
  const std::size_t pairs = p.rope.dims / 2;
  std::vector<float> place(model.position_embd() ? p.n_embd : 0);
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    float* x = hidden.data() + row * p.n_embd;
    const auto at = position + static_cast<std::uint32_t>(row);
    read_row(model.token_embd(), static_cast<std::size_t>(tokens[row]), {x, p.n_embd});
    if (architecture.scales_embedding)
      for (std::uint32_t i = 0; i < p.n_embd; ++i) x[i] *= p.embedding_scale;
    if (!model.type_embd().empty()) add_to(x, model.type_embd().data(), p.n_embd);
    if (!place.empty()) {
      read_row({*model.position_embd()}, at, place);
      add_to(x, place.data(), p.n_embd);
    }
    for (Angles* angles : {&angles_, &window_angles_})
      if (angles->table != nullptr)
        rope_angles(*angles->table, at, angles->cosines.data() + row * pairs,
                    angles->sines.data() + row * pairs);
  }
  norm_rows(model.embedding_norm(), hidden.data(), tokens.size(), p.n_embd, hidden.data());
}

void TransformerSession::State::norm_rows(const Norm& norm, const float* x, std::size_t rows,
                                          std::size_t width, float* out) const noexcept {
  if (!norm.is_there()) return;
  const float* bias = norm.bias.empty() ? nullptr : norm.bias.data();
  for (std::size_t row = 0; row < rows; ++row, x += width, out += width) {
    if (architecture.norm == NormKind::rms)
      cpu::ops().rms_norm(x, norm.weight.data(), width, p.norm_epsilon, out);
    else
      cpu::ops().layer_norm(x, norm.weight.data(), bias, width, p.norm_epsilon, out);
  }
}

const float* TransformerSession::State::input_rows(const Norm& norm, std::size_t first,
                                                   std::size_t rows) noexcept {
  const float* x = hidden.data() + first * p.n_embd;
  if (!norm.is_there()) return x;
  float* out = normed.data() + first * p.n_embd;
  norm_rows(norm, x, rows - first, p.n_embd, out);
  return out;
}

void TransformerSession::State::add_output(const Norm& post, std::size_t first,
                                           std::size_t count) noexcept {
  float* x = hidden.data() + first * p.n_embd;
  float* output = normed.data();
  if (architecture.placement == NormPlacement::before_and_after)
    norm_rows(post, output, count, p.n_embd, output);
  add_to(x, output, count * p.n_embd);
  if (architecture.placement == NormPlacement::after_residual)
    norm_rows(post, x, count, p.n_embd, x);
}

void TransformerSession::State::activate(const TransformerBlock& block,
                                         std::size_t count) noexcept {
  const std::size_t size = count * p.n_ff;
  if (!block.ffn_gate) return cpu::ops().gelu_erf(up.data(), size);
  if (architecture.activation == ActivationKind::silu)
    cpu::ops().silu_multiply(gate.data(), up.data(), size);
  else
    cpu::ops().gelu_multiply(gate.data(), up.data(), size);
}

void TransformerSession::State::feed_forward(const TransformerBlock& block, std::uint32_t layer,
                                             std::size_t rows, std::size_t first) {
  const std::size_t count = rows - first;
  const float* input = input_rows(block.ffn_norm, first, rows);
  if (block.ffn_gate) {
    show_input(layer, {"ffn_gate", "ffn_up"}, input, count, p.n_embd);
    apply(*block.ffn_gate, input, count, gate.data(), threads);
  } else {
    show_input(layer, {"ffn_up"}, input, count, p.n_embd);
  }
  apply(block.ffn_up, input, count, up.data(), threads);
  activate(block, count);
  const float* product = block.ffn_gate ? gate.data() : up.data();
  show_input(layer, {"ffn_down"}, product, count, p.n_ff);
  apply(block.ffn_down, product, count, normed.data(), threads);
  add_output(block.post_ffn_norm, first, count);
}

void TransformerSession::State::show_input(std::uint32_t layer,
                                           std::initializer_list<const char*> matrices,
                                           const float* x, std::size_t rows,
                                           std::size_t columns) {
  if (observer == nullptr) return;
  std::vector<std::string> names;
  for (const char* matrix : matrices)
    names.push_back("blk." + std::to_string(layer) + "." + matrix + ".weight");
  observer->see_input(names, {x, rows * columns}, columns);
}

void TransformerSession::State::show_logits_input(std::size_t rows) {
  if (observer == nullptr) return;
  const std::string name = model.is_tied() ? "token_embd.weight" : "output.weight";
  observer->see_input({&name, 1}, {normed.data(), rows * p.n_embd}, p.n_embd);
}

void TransformerSession::State::forward(std::span<const TokenId> tokens, bool wants_all) {
  const std::size_t rows = tokens.size();
  embed(tokens);
  std::size_t first = 0;
  for (std::uint32_t layer = 0; layer < p.n_layers; ++layer) {
    // The last layer's keys and values are needed of every token, its output only where logits
    // are.
    if (layer + 1 == p.n_layers && !wants_all) first = rows - 1;
    std::vector<float> before;
    if (observer != nullptr) before.assign(hidden.data(), hidden.data() + rows * p.n_embd);
    attention_block(model.blocks()[layer], layer, rows, first);
    feed_forward(model.blocks()[layer], layer, rows, first);
    if (observer != nullptr)
      observer->see_block(layer, std::span{before}.subspan(first * p.n_embd),
                          {hidden.data() + first * p.n_embd, (rows - first) * p.n_embd});
  }
  if (model.output_norm().is_there())
    norm_rows(model.output_norm(), hidden.data() + first * p.n_embd, rows - first, p.n_embd,
              normed.data() + first * p.n_embd);
  else
    std::copy_n(hidden.data(), rows * p.n_embd, normed.data());
  position += static_cast<std::uint32_t>(rows);
}

}  // namespace hart::nn
