#include "nn/activation_statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "llama_reference.h"
#include "tiny_llama.h"

namespace hart::nn {
namespace {

std::vector<TokenId> some_tokens(std::size_t count) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<TokenId>((i * 17 + 3) % 40));
  return tokens;
}

/// Of embeddings of two numbers.
TransformerParameters parameters(std::uint32_t n_layers) {
  TransformerParameters p;
  p.n_embd = 2;
  p.n_layers = n_layers;
  return p;
}

TEST_CASE(
    "statistics: norms are root mean squares by column, shared by those who share inputs") {
  ActivationStatistics statistics{parameters(1)};
  const std::vector<std::string> names{"q", "k"};
  statistics.see_input(names, std::vector<float>{3, 1, 4, -1}, 2);
  statistics.see_input(names, std::vector<float>{0, 1}, 2);
  CHECK(statistics.column_norms("q")[0] == doctest::Approx(5 / std::sqrt(3.0)));
  CHECK(statistics.column_norms("q")[1] == doctest::Approx(1));
  CHECK(statistics.column_norms("k") == statistics.column_norms("q"));
  CHECK(statistics.column_norms("v").empty());
}

TEST_CASE("statistics: a block's influence is how far it turns the hidden state") {
  ActivationStatistics statistics{parameters(3)};
  const std::vector<float> state{1, 0, 0, 2};
  statistics.see_block(0, state, std::vector<float>{5, 0, 0, 1});  // the same direction
  statistics.see_block(1, state, std::vector<float>{0, 3, 0, 1});  // one of two at right angles
  statistics.see_block(2, state, std::vector<float>{-1, 0, 0, -1});  // the opposite
  CHECK(statistics.block_influence(0) == doctest::Approx(0));
  CHECK(statistics.block_influence(1) == doctest::Approx(0.5));
  CHECK(statistics.block_influence(2) == doctest::Approx(2));
  CHECK(statistics.tokens() == 2);
}

TEST_CASE("statistics: every matrix of the model is seen, and watching changes no logits") {
  const TinyLlama weights{{}};
  const TransformerModel model = weights.model();
  const std::vector<TokenId> tokens = some_tokens(20);
  TransformerSession plain{model}, watched{model};
  ActivationStatistics statistics{model.parameters()};
  watched.observe(&statistics);
  std::vector<float> expected, found;
  const auto into = [](std::vector<float>& all) {
    return [&all](std::size_t, std::span<const float> logits) {
      all.insert(all.end(), logits.begin(), logits.end());
    };
  };
  plain.evaluate_each(tokens, into(expected));
  watched.evaluate_each(tokens, into(found));
  CHECK(found == expected);
  CHECK(statistics.tokens() == 20);
  for (unsigned layer = 0; layer < 3; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up"})
      CHECK(statistics.column_norms(prefix + name + ".weight").size() == 64);
    CHECK(statistics.column_norms(prefix + "ffn_down.weight").size() == 96);
    CHECK(statistics.block_influence(layer) > 0);
  }
  CHECK(statistics.column_norms("output.weight").size() == 64);
  CHECK(statistics.column_norms("token_embd.weight").empty());
}

TEST_CASE("statistics: the first block's query input is the normed embedding") {
  const TinyLlama weights{{}};
  const TransformerModel model = weights.model();
  const std::vector<TokenId> tokens{7, 7, 9};
  const ActivationStatistics statistics = observe_activations(model, tokens, 1);
  const auto table = weights.values("token_embd.weight");
  const auto norm = weights.values("blk.0.attn_norm.weight");
  std::vector<double> squares(64);
  for (const TokenId token : tokens) {
    const double* row = table.data() + token * 64;
    const double mean = std::inner_product(row, row + 64, row, 0.0) / 64;
    for (std::size_t i = 0; i < 64; ++i)
      squares[i] += std::pow(row[i] / std::sqrt(mean + 1e-5) * norm[i], 2);
  }
  const auto norms = statistics.column_norms("blk.0.attn_q.weight");
  for (std::size_t i = 0; i < 64; ++i)
    CHECK(norms[i] == doctest::Approx(std::sqrt(squares[i] / 3)).epsilon(1e-5));
}

TEST_CASE("statistics: a text longer than the context is seen in windows, by any threads") {
  const TinyLlama weights{{}};  // its context is 64 tokens
  const TransformerModel model = weights.model();
  const ActivationStatistics one = observe_activations(model, some_tokens(150), 1);
  const ActivationStatistics two = observe_activations(model, some_tokens(150), 2);
  CHECK(one.tokens() == 150);
  CHECK(one.block_influence(1) == two.block_influence(1));
  CHECK(one.column_norms("blk.2.ffn_down.weight") == two.column_norms("blk.2.ffn_down.weight"));
  CHECK_THROWS_AS(static_cast<void>(observe_activations(model, {}, 1)), Error);
}

}  // namespace
}  // namespace hart::nn
