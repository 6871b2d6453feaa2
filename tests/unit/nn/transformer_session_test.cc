#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/error.h"
#include "llama_reference.h"
#include "nn/transformer.h"
#include "tensor/interleave.h"
#include "tiny_llama.h"

namespace hart::nn {
namespace {

using Logits = std::vector<float>;

std::vector<TokenId> random_tokens(std::size_t count, std::uint32_t n_vocab) {
  std::mt19937 random{5};
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) token = static_cast<TokenId>(random() % n_vocab);
  return tokens;
}

Logits copy(std::span<const float> logits) {
  return {logits.begin(), logits.end()};
}

Logits evaluate(const TransformerModel& model, std::span<const TokenId> tokens,
                SessionOptions options = {}) {
  TransformerSession session{model, options};
  return copy(session.evaluate(tokens));
}

/// The greatest difference from the reference, relative to the greatest reference logit.
double relative_error(TinyLlama::Shape shape, std::size_t n_tokens = 21) {
  const TinyLlama weights{shape};
  const std::vector<TokenId> tokens = random_tokens(n_tokens, shape.n_vocab);
  const Logits logits = evaluate(weights.model(), tokens, {.kv_type = KvType::f32});
  const std::vector<double> exact = LlamaReference{weights}.logits(tokens);
  double most = 0, error = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    most = std::max(most, std::abs(exact[i]));
    error = std::max(error, std::abs(logits[i] - exact[i]));
  }
  return error / most;
}

// Rounding in f32: about sqrt(n) * 2^-24 a sum, 9 sums deep, and an amplification of a few tens
// by the norms and the softmax of random weights.
constexpr double kRounding = 2e-5;

TEST_CASE("TransformerSession: logits of float weights agree with the float64 reference") {
  for (const auto dtype : {tensor::DType::f32, tensor::DType::f16, tensor::DType::bf16})
    CHECK(relative_error({.dtype = dtype}) < kRounding);
}

TEST_CASE(
    "TransformerSession: block weights differ from the reference by the activations' 8 bits") {
  for (const auto dtype : {tensor::DType::q8_0, tensor::DType::q4_0}) {
    const double error = relative_error({.dtype = dtype});
    CHECK(error < 0.05);
    CHECK(error > kRounding);
  }
}

TEST_CASE("TransformerSession: every variant of the architecture agrees with the reference") {
  CHECK(relative_error({.n_kv_heads = 1}) < kRounding);
  CHECK(relative_error({.n_kv_heads = 4}) < kRounding);
  CHECK(relative_error({.rope_dims = 8}) < kRounding);
  CHECK(relative_error({.tied = true}) < kRounding);
  CHECK(relative_error({.biases = true}) < kRounding);
  CHECK(relative_error({.rope_divisors = true}) < kRounding);
  CHECK(relative_error({.rope_factor = 4}) < kRounding);
  CHECK(relative_error(
            {.n_embd = 36, .n_heads = 6, .n_kv_heads = 3, .n_ff = 50, .rope_dims = 6}) <
        kRounding);
  CHECK(relative_error({.n_layers = 1}, 1) < kRounding);
}

TEST_CASE("TransformerSession: logits have the same bits however the prompt is divided") {
  for (const auto dtype : {tensor::DType::f32, tensor::DType::q4_0}) {
    const TinyLlama weights{{.dtype = dtype}};
    const TransformerModel model = weights.model();
    const std::vector<TokenId> tokens = random_tokens(37, weights.shape().n_vocab);
    const Logits expected = evaluate(model, tokens);
    for (const std::uint32_t batch : {1u, 2u, 7u, 16u, 36u, 37u, 1000u})
      CHECK(evaluate(model, tokens, {.batch_tokens = batch}) == expected);
    TransformerSession session{model};
    for (std::size_t at = 0; at < 36; at += 9)
      (void)session.evaluate(std::span{tokens}.subspan(at, 9));
    CHECK(copy(session.evaluate(std::span{tokens}.last(1))) == expected);
  }
}

TEST_CASE("TransformerSession: logits have the same bits whatever the threads") {
  // Wide enough that matrices and attention are in fact divided among threads.
  const TinyLlama weights{
      {.n_embd = 512, .n_layers = 1, .n_heads = 8, .n_ff = 1024, .context_length = 300}};
  const TransformerModel model = weights.model();
  const std::vector<TokenId> tokens = random_tokens(257, weights.shape().n_vocab);
  const Logits expected = evaluate(model, tokens);
  CHECK(evaluate(model, tokens, {.threads = 2}) == expected);
  CHECK(evaluate(model, tokens, {.batch_tokens = 300, .threads = 5}) == expected);
}

TEST_CASE(
    "TransformerSession: evaluate_each gives the logits that evaluate gives token by token") {
  const TinyLlama weights{{}};
  const TransformerModel model = weights.model();
  const std::vector<TokenId> tokens = random_tokens(11, weights.shape().n_vocab);
  TransformerSession one{model}, each{model, {.batch_tokens = 4}};
  std::size_t seen = 0;
  each.evaluate_each(tokens, [&](std::size_t index, std::span<const float> logits) {
    CHECK(index == seen++);
    CHECK(copy(logits) == copy(one.evaluate(std::span{tokens}.subspan(index, 1))));
  });
  CHECK(seen == tokens.size());
  CHECK(each.position() == tokens.size());
}

TEST_CASE("TransformerSession: a rewound session continues as if the rest had never been") {
  const TinyLlama weights{{}};
  const TransformerModel model = weights.model();
  const std::vector<TokenId> tokens = random_tokens(30, weights.shape().n_vocab);
  TransformerSession session{model};
  (void)session.evaluate(tokens);
  session.rewind(10);
  CHECK(session.position() == 10);
  const std::vector<TokenId> other = {3, 1, 4};
  std::vector<TokenId> joined{tokens.begin(), tokens.begin() + 10};
  joined.insert(joined.end(), other.begin(), other.end());
  CHECK(copy(session.evaluate(other)) == evaluate(model, joined));
}

TEST_CASE("TransformerSession: a full context is refused and leaves the session as it was") {
  const TinyLlama weights{{.context_length = 12}};
  const TransformerModel model = weights.model();
  TransformerSession session{model};
  CHECK(session.context_length() == 12);
  const std::vector<TokenId> tokens = random_tokens(12, weights.shape().n_vocab);
  (void)session.evaluate(std::span{tokens}.first(10));
  CHECK_THROWS_AS((void)session.evaluate(std::span{tokens}.first(3)), Error);
  CHECK(session.position() == 10);
  CHECK(session.remaining() == 2);
  CHECK(copy(session.evaluate(std::span{tokens}.last(2))) == evaluate(model, tokens));
  CHECK_THROWS_AS((void)session.evaluate(std::span{tokens}.first(1)), Error);
  CHECK(evaluate(model, tokens, {.context_length = 100}) == evaluate(model, tokens));
}

TEST_CASE("TransformerSession: refuses tokens outside the vocabulary, and none at all") {
  const TinyLlama weights{{}};
  const TransformerModel model = weights.model();
  TransformerSession session{model};
  for (const TokenId token : {-1, 40})
    CHECK_THROWS_AS((void)session.evaluate(std::vector<TokenId>{1, token}), Error);
  CHECK_THROWS_AS((void)session.evaluate({}), Error);
  CHECK(session.position() == 0);
}

}  // namespace
}  // namespace hart::nn
