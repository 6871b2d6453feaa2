#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "tiny_llama.h"

namespace hart::nn {

/// The llama forward pass in float64, written straight from its formulas: no cache, no batches,
/// nothing shared with the code under test.
class LlamaReference {
 public:
  explicit LlamaReference(const TinyLlama& weights) : w_{weights}, s_{weights.shape()} {}

  /// Logits after the last token.
  [[nodiscard]] std::vector<double> logits(const std::vector<TokenId>& tokens) const {
    Rows x;
    const Row table = w_.values("token_embd.weight");
    for (const TokenId token : tokens)
      x.emplace_back(table.begin() + token * s_.n_embd,
                     table.begin() + (token + 1) * s_.n_embd);
    for (std::uint32_t layer = 0; layer < s_.n_layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      attention(x, prefix);
      for (Row& row : x) feed_forward(row, prefix);
    }
    const Row last = norm(x.back(), "output_norm");
    return linear(last, s_.tied ? "token_embd" : "output");
  }

 private:
  using Row = std::vector<double>;
  using Rows = std::vector<Row>;

  [[nodiscard]] Row norm(const Row& x, const std::string& name) const {
    const Row weight = w_.values(name + ".weight");
    double squares = 0;
    for (const double value : x) squares += value * value;
    Row out;
    for (std::size_t i = 0; i < x.size(); ++i)
      out.push_back(x[i] / std::sqrt(squares / static_cast<double>(x.size()) + 1e-5) *
                    weight[i]);
    return out;
  }

  [[nodiscard]] Row linear(const Row& x, const std::string& name) const {
    const Row weight = w_.values(name + ".weight"), bias = w_.values(name + ".bias");
    Row out(weight.size() / x.size());
    for (std::size_t row = 0; row < out.size(); ++row) {
      out[row] = bias.empty() ? 0 : bias[row];
      for (std::size_t i = 0; i < x.size(); ++i) out[row] += weight[row * x.size() + i] * x[i];
    }
    return out;
  }

  void rotate(Row& x, std::size_t position) const {
    const Row divisors = w_.values("rope_freqs.weight");
    const std::size_t head_dim = s_.n_embd / s_.n_heads;
    for (std::size_t head = 0; head < x.size(); head += head_dim)
      for (std::size_t i = 0; i < s_.rope_dims / 2; ++i) {
        double angle = position * std::pow(10000.0, -2.0 * i / s_.rope_dims);
        if (!divisors.empty()) angle /= divisors[i];
        if (s_.rope_factor != 0) angle /= s_.rope_factor;
        const double a = x[head + 2 * i], b = x[head + 2 * i + 1];
        x[head + 2 * i] = a * std::cos(angle) - b * std::sin(angle);
        x[head + 2 * i + 1] = a * std::sin(angle) + b * std::cos(angle);
      }
  }

  void attention(Rows& x, const std::string& prefix) const {
    Rows queries, keys, values;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Row normed = norm(x[t], prefix + "attn_norm");
      queries.push_back(linear(normed, prefix + "attn_q"));
      keys.push_back(linear(normed, prefix + "attn_k"));
      values.push_back(linear(normed, prefix + "attn_v"));
      rotate(queries.back(), t);
      rotate(keys.back(), t);
    }
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Row added = linear(mix(queries[t], keys, values, t), prefix + "attn_output");
      for (std::size_t i = 0; i < added.size(); ++i) x[t][i] += added[i];
    }
  }

  [[nodiscard]] Row mix(const Row& query, const Rows& keys, const Rows& values,
                        std::size_t last) const {
    const std::size_t head_dim = s_.n_embd / s_.n_heads, group = s_.n_heads / s_.n_kv_heads;
    Row out(query.size());
    for (std::size_t head = 0; head < s_.n_heads; ++head) {
      const std::size_t q = head * head_dim, kv = head / group * head_dim;
      Row weights;
      double total = 0;
      for (std::size_t t = 0; t <= last; ++t) {
        double score = 0;
        for (std::size_t i = 0; i < head_dim; ++i) score += query[q + i] * keys[t][kv + i];
        weights.push_back(std::exp(score / std::sqrt(static_cast<double>(head_dim))));
        total += weights.back();
      }
      for (std::size_t t = 0; t <= last; ++t)
        for (std::size_t i = 0; i < head_dim; ++i)
          out[q + i] += weights[t] / total * values[t][kv + i];
    }
    return out;
  }

  void feed_forward(Row& x, const std::string& prefix) const {
    const Row normed = norm(x, prefix + "ffn_norm");
    Row gate = linear(normed, prefix + "ffn_gate");
    const Row up = linear(normed, prefix + "ffn_up");
    for (std::size_t i = 0; i < gate.size(); ++i) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
    const Row added = linear(gate, prefix + "ffn_down");
    for (std::size_t i = 0; i < added.size(); ++i) x[i] += added[i];
  }

  const TinyLlama& w_;
  const TinyLlama::Shape s_;
};

}  // namespace hart::nn
