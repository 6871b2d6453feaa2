#include <algorithm>
#include <string>

#include "core/error.h"
#include "nn/linear.h"
#include "nn/transformer_state.h"

namespace hart::nn {

TransformerSession::TransformerSession(const TransformerModel& model, SessionOptions options)
    : state_{std::make_unique<State>(model, options)} {}
TransformerSession::~TransformerSession() = default;
TransformerSession::TransformerSession(TransformerSession&&) noexcept = default;
TransformerSession& TransformerSession::operator=(TransformerSession&&) noexcept = default;

namespace {

/// The logits of `rows` rows of normalised states.
void compute_logits(const TransformerModel& model, const float* states, std::size_t rows,
                    float* logits, unsigned threads) {
  apply(model.output(), states, rows, logits, threads);
  const float cap = model.parameters().logit_softcap;
  if (cap != 0) cpu::ops().softcap(logits, cap, rows * model.parameters().n_vocab);
}

}  // namespace

std::span<const float> TransformerSession::evaluate(std::span<const TokenId> tokens) {
  State& s = *state_;
  s.check_causal();
  s.check(tokens);
  std::size_t rows = 0;
  for (; !tokens.empty(); tokens = tokens.subspan(rows)) {
    rows = std::min<std::size_t>(s.batch, tokens.size());
    s.forward(tokens.first(rows), false);
  }
  compute_logits(s.model, s.normed.data() + (rows - 1) * s.p.n_embd, 1, s.logits.data(),
                 s.threads);
  return {s.logits.data(), s.p.n_vocab};
}

void TransformerSession::evaluate_each(std::span<const TokenId> tokens, const EachRow& each) {
  State& s = *state_;
  s.check_causal();
  s.check(tokens);
  for (std::size_t index = 0; !tokens.empty();) {
    const std::size_t rows = std::min<std::size_t>(s.batch, tokens.size());
    s.forward(tokens.first(rows), true);
    s.show_logits_input(rows);
    compute_logits(s.model, s.normed.data(), rows, s.logits.data(), s.threads);
    for (std::size_t row = 0; row < rows; ++row, ++index)
      each(index, {s.logits.data() + row * s.p.n_vocab, s.p.n_vocab});
    tokens = tokens.subspan(rows);
  }
}

void TransformerSession::evaluate_states(std::span<const TokenId> tokens, const EachRow& each) {
  State& s = *state_;
  if (!s.architecture.is_causal) s.position = 0;
  s.check(tokens);
  for (std::size_t index = 0; !tokens.empty();) {
    const std::size_t rows = std::min<std::size_t>(s.batch, tokens.size());
    s.forward(tokens.first(rows), true);
    for (std::size_t row = 0; row < rows; ++row, ++index)
      each(index, {s.normed.data() + row * s.p.n_embd, s.p.n_embd});
    tokens = tokens.subspan(rows);
  }
}

std::uint32_t TransformerSession::position() const noexcept {
  return state_->position;
}
std::uint32_t TransformerSession::context_length() const noexcept {
  return state_->context_length;
}

void TransformerSession::observe(TransformerObserver* observer) noexcept {
  state_->observer = observer;
}

void TransformerSession::rewind(std::uint32_t position) noexcept {
  state_->position = std::min(position, state_->position);
}

ByteBuffer TransformerSession::snapshot(std::uint32_t positions) const {
  ByteBuffer bytes(state_->cache.bytes_of(positions));
  state_->cache.copy_out(positions, bytes.data());
  return bytes;
}

void TransformerSession::restore(ByteView bytes, std::uint32_t positions) {
  State& s = *state_;
  if (positions > s.context_length)
    throw Error{Fault::data, std::to_string(positions) + " tokens do not fit a context of " +
                                 std::to_string(s.context_length)};
  if (bytes.size() != s.cache.bytes_of(positions))
    throw Error{Fault::data, "the state of " + std::to_string(positions) + " tokens takes " +
                                 std::to_string(s.cache.bytes_of(positions)) + " bytes, not " +
                                 std::to_string(bytes.size())};
  s.cache.copy_in(positions, bytes.data());
  s.position = positions;
}

}  // namespace hart::nn
