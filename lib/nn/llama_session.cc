#include <algorithm>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "nn/cpu/ops.h"
#include "nn/kv_cache.h"
#include "nn/linear.h"
#include "nn/llama.h"
#include "nn/rope.h"
#include "nn/zeroed_floats.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

/// Multiply-adds of attention below which another thread costs more than it saves.
constexpr std::size_t kAttentionGrain = std::size_t{1} << 20;

void add_rows(float* x, const float* y, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) x[i] += y[i];
}

std::uint32_t session_context(const LlamaModel& model, const SessionOptions& options) {
  return options.context_length == 0 ? model.parameters().context_length
                                     : options.context_length;
}

}  // namespace

/// Scratch arrays are (batch, width), one row a token of the batch.
struct LlamaSession::State {
  State(const LlamaModel& the_model, const SessionOptions& options)
      : model{the_model},
        p{the_model.parameters()},
        context_length{session_context(the_model, options)},
        batch{std::clamp<std::uint32_t>(options.batch_tokens, 1, context_length)},
        threads{options.threads},
        cache{p.n_layers, p.n_kv_heads, p.head_dim, context_length},
        hidden{rows_of(p.n_embd)},
        normed{rows_of(p.n_embd)},
        query{rows_of(p.q_dim())},
        key{rows_of(p.kv_dim())},
        value{rows_of(p.kv_dim())},
        mixed{rows_of(p.q_dim())},
        gate{rows_of(p.n_ff)},
        up{rows_of(p.n_ff)},
        logits{rows_of(p.n_vocab)},
        cosines{rows_of(p.rope_dims / 2)},
        sines{rows_of(p.rope_dims / 2)},
        scores{p.n_heads * cache.padded_length()} {}

  [[nodiscard]] std::size_t rows_of(std::size_t width) const noexcept { return batch * width; }

  void check(std::span<const TokenId> tokens) const;
  void forward(std::span<const TokenId> tokens, bool wants_all);
  void embed(std::span<const TokenId> tokens);
  void attention_block(const LlamaBlock& block, std::uint32_t layer, std::size_t rows,
                       std::size_t first);
  void attend(std::uint32_t layer, std::size_t first, std::size_t rows);
  void attend_heads(std::uint32_t layer, std::size_t first, std::size_t rows, std::size_t head,
                    std::size_t heads_end) noexcept;
  void feed_forward(const LlamaBlock& block, std::uint32_t layer, std::size_t rows,
                    std::size_t first);
  void norm_rows(const std::vector<float>& weight, std::size_t first,
                 std::size_t rows) noexcept;
  void show_input(std::uint32_t layer, std::initializer_list<const char*> matrices,
                  const float* x, std::size_t rows, std::size_t columns);
  void show_logits_input(std::size_t rows);

  const LlamaModel& model;
  const LlamaParameters p;
  const std::uint32_t context_length;
  const std::uint32_t batch;
  const unsigned threads;
  std::uint32_t position = 0;  ///< of the first token of the batch
  LlamaObserver* observer = nullptr;
  KvCache cache;
  ZeroedFloats hidden, normed, query, key, value, mixed, gate, up, logits, cosines, sines;
  ZeroedFloats scores;  ///< (n_heads, padded context)
};

void LlamaSession::State::check(std::span<const TokenId> tokens) const {
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

void LlamaSession::State::embed(std::span<const TokenId> tokens) {
  const std::size_t pairs = p.rope_dims / 2;
  const tensor::TensorView& table = model.token_embd();
  const std::size_t row_bytes = table.bytes.size() / p.n_vocab;
  for (std::size_t row = 0; row < tokens.size(); ++row) {
    tensor::dequantize_row(
        table.dtype,
        table.bytes.subspan(static_cast<std::size_t>(tokens[row]) * row_bytes, row_bytes),
        {hidden.data() + row * p.n_embd, p.n_embd});
    rope_angles(model.rope_frequencies(), position + static_cast<std::uint32_t>(row),
                cosines.data() + row * pairs, sines.data() + row * pairs);
  }
}

void LlamaSession::State::norm_rows(const std::vector<float>& weight, std::size_t first,
                                    std::size_t rows) noexcept {
  for (std::size_t row = first; row < rows; ++row)
    cpu::ops().rms_norm(hidden.data() + row * p.n_embd, weight.data(), p.n_embd, p.rms_epsilon,
                        normed.data() + row * p.n_embd);
}

void LlamaSession::State::show_input(std::uint32_t layer,
                                     std::initializer_list<const char*> matrices,
                                     const float* x, std::size_t rows, std::size_t columns) {
  if (observer == nullptr) return;
  std::vector<std::string> names;
  for (const char* matrix : matrices)
    names.push_back("blk." + std::to_string(layer) + "." + matrix + ".weight");
  observer->see_input(names, {x, rows * columns}, columns);
}

void LlamaSession::State::show_logits_input(std::size_t rows) {
  if (observer == nullptr) return;
  const std::string name = model.is_tied() ? "token_embd.weight" : "output.weight";
  observer->see_input({&name, 1}, {normed.data(), rows * p.n_embd}, p.n_embd);
}

void LlamaSession::State::attend_heads(std::uint32_t layer, std::size_t first, std::size_t rows,
                                       std::size_t head, std::size_t heads_end) noexcept {
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(p.head_dim));
  const std::uint32_t group = p.n_heads / p.n_kv_heads;
  for (; head < heads_end; ++head) {
    const auto kv_head = static_cast<std::uint32_t>(head) / group;
    const float* keys = cache.keys(layer, kv_head);
    const float* values = cache.values(layer, kv_head);
    for (std::size_t row = first; row < rows; ++row) {
      const std::size_t at = row * p.q_dim() + head * p.head_dim;
      cpu::ops().attend(query.data() + at, keys, values, position + row + 1, p.head_dim, scale,
                        scores.data() + head * cache.padded_length(), mixed.data() + at);
    }
  }
}

void LlamaSession::State::attend(std::uint32_t layer, std::size_t first, std::size_t rows) {
  const std::size_t work = 2 * (rows - first) * (position + rows) * p.head_dim;
  const std::size_t grain = std::max<std::size_t>(1, kAttentionGrain / work);
  if (threads <= 1 || grain >= p.n_heads) return attend_heads(layer, first, rows, 0, p.n_heads);
  parallel_for(p.n_heads, grain, threads, [&](std::size_t begin, std::size_t end) {
    attend_heads(layer, first, rows, begin, end);
  });
}

void LlamaSession::State::attention_block(const LlamaBlock& block, std::uint32_t layer,
                                          std::size_t rows, std::size_t first) {
  const std::size_t pairs = p.rope_dims / 2;
  norm_rows(block.attn_norm, 0, rows);
  show_input(layer, {"attn_q", "attn_k", "attn_v"}, normed.data(), rows, p.n_embd);
  apply(block.attn_k, normed.data(), rows, key.data(), threads);
  apply(block.attn_v, normed.data(), rows, value.data(), threads);
  apply(block.attn_q, normed.data() + first * p.n_embd, rows - first,
        query.data() + first * p.q_dim(), threads);
  for (std::size_t row = 0; row < rows; ++row) {
    const float* cosine = cosines.data() + row * pairs;
    const float* sine = sines.data() + row * pairs;
    float* row_key = key.data() + row * p.kv_dim();
    rotate_pairs(row_key, p.n_kv_heads, p.head_dim, pairs, cosine, sine);
    cache.store(layer, position + static_cast<std::uint32_t>(row), row_key,
                value.data() + row * p.kv_dim());
    if (row >= first)
      rotate_pairs(query.data() + row * p.q_dim(), p.n_heads, p.head_dim, pairs, cosine, sine);
  }
  attend(layer, first, rows);
  show_input(layer, {"attn_output"}, mixed.data() + first * p.q_dim(), rows - first, p.q_dim());
  apply(block.attn_output, mixed.data() + first * p.q_dim(), rows - first, normed.data(),
        threads);
  add_rows(hidden.data() + first * p.n_embd, normed.data(), (rows - first) * p.n_embd);
}

void LlamaSession::State::feed_forward(const LlamaBlock& block, std::uint32_t layer,
                                       std::size_t rows, std::size_t first) {
  const std::size_t count = rows - first;
  norm_rows(block.ffn_norm, first, rows);
  const float* input = normed.data() + first * p.n_embd;
  show_input(layer, {"ffn_gate", "ffn_up"}, input, count, p.n_embd);
  apply(block.ffn_gate, input, count, gate.data(), threads);
  apply(block.ffn_up, input, count, up.data(), threads);
  for (std::size_t row = 0; row < count; ++row)
    cpu::ops().silu_multiply(gate.data() + row * p.n_ff, up.data() + row * p.n_ff, p.n_ff);
  show_input(layer, {"ffn_down"}, gate.data(), count, p.n_ff);
  apply(block.ffn_down, gate.data(), count, normed.data(), threads);
  add_rows(hidden.data() + first * p.n_embd, normed.data(), count * p.n_embd);
}

void LlamaSession::State::forward(std::span<const TokenId> tokens, bool wants_all) {
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
  norm_rows(model.output_norm(), first, rows);
  position += static_cast<std::uint32_t>(rows);
}

LlamaSession::LlamaSession(const LlamaModel& model, SessionOptions options)
    : state_{std::make_unique<State>(model, options)} {}
LlamaSession::~LlamaSession() = default;
LlamaSession::LlamaSession(LlamaSession&&) noexcept = default;
LlamaSession& LlamaSession::operator=(LlamaSession&&) noexcept = default;

std::span<const float> LlamaSession::evaluate(std::span<const TokenId> tokens) {
  State& s = *state_;
  s.check(tokens);
  std::size_t rows = 0;
  for (; !tokens.empty(); tokens = tokens.subspan(rows)) {
    rows = std::min<std::size_t>(s.batch, tokens.size());
    s.forward(tokens.first(rows), false);
  }
  apply(s.model.output(), s.normed.data() + (rows - 1) * s.p.n_embd, 1, s.logits.data(),
        s.threads);
  return {s.logits.data(), s.p.n_vocab};
}

void LlamaSession::evaluate_each(std::span<const TokenId> tokens, const EachLogits& each) {
  State& s = *state_;
  s.check(tokens);
  for (std::size_t index = 0; !tokens.empty();) {
    const std::size_t rows = std::min<std::size_t>(s.batch, tokens.size());
    s.forward(tokens.first(rows), true);
    s.show_logits_input(rows);
    apply(s.model.output(), s.normed.data(), rows, s.logits.data(), s.threads);
    for (std::size_t row = 0; row < rows; ++row, ++index)
      each(index, {s.logits.data() + row * s.p.n_vocab, s.p.n_vocab});
    tokens = tokens.subspan(rows);
  }
}

std::uint32_t LlamaSession::position() const noexcept {
  return state_->position;
}
std::uint32_t LlamaSession::context_length() const noexcept {
  return state_->context_length;
}

void LlamaSession::observe(LlamaObserver* observer) noexcept {
  state_->observer = observer;
}

void LlamaSession::rewind(std::uint32_t position) noexcept {
  state_->position = std::min(position, state_->position);
}

}  // namespace hart::nn
