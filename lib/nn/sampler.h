#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nn/vocabulary.h"

namespace hart::nn {

/// How the next token is drawn. The filters apply in this order: repeat penalty, top_k, top_p,
/// min_p, temperature; a filter at its neutral value does nothing.
struct SamplerOptions {
  double temperature = 0.8;  ///< >= 0; 0 takes the most probable token, and no number is drawn
  std::uint32_t top_k = 40;  ///< keep the k most probable; 0: all
  double top_p = 0.95;       ///< keep the fewest that reach this probability; (0, 1], 1: all
  double min_p = 0.05;       ///< drop those below this share of the best; [0, 1], 0: none
  double repeat_penalty = 1.0;       ///< > 0; divides positive logits of recent tokens, 1: none
  std::uint32_t repeat_last_n = 64;  ///< how many tokens are recent; 0: none
  std::uint64_t seed = 0;
  std::uint32_t alternatives = 0;  ///< how many rejected tokens a choice reports
};

/// A token and its natural log-probability under softmax(logits), before any filter.
struct TokenLogprob {
  TokenId token;
  double logprob;
};

struct Choice {
  TokenId token;
  double logprob;
  /// The most probable tokens that were not chosen, best first, before any filter.
  std::vector<TokenLogprob> alternatives;
};

/// SplitMix64: the n-th number depends on the seed and n only, on every platform.
/// Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) noexcept : state_{seed} {}
  [[nodiscard]] std::uint64_t next() noexcept;
  /// Uniform in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double uniform() noexcept;

 private:
  std::uint64_t state_;
};

/// Draws tokens. The same options, logits and history give the same tokens. Equal logits rank
/// by ascending token id.
class Sampler {
 public:
  /// Throws Error(usage) naming the option that is out of its range.
  explicit Sampler(SamplerOptions options);

  /// Draws a token from `logits` (n_vocab) and remembers it for the repeat penalty. A logit
  /// that is -infinity or not a number is never drawn. Throws Error(data) when no logit is
  /// finite, or one is +infinity.
  [[nodiscard]] Choice sample(std::span<const float> logits);
  /// Makes `token` recent without drawing: a prompt's tokens.
  void accept(TokenId token);

 private:
  struct Candidate {
    float logit;
    TokenId token;
  };
  void penalize(std::span<const float> logits);
  void keep_best(std::size_t count);
  void filter();
  [[nodiscard]] TokenId draw();

  SamplerOptions options_;
  SplitMix64 random_;
  std::vector<TokenId> recent_;  ///< at most repeat_last_n, oldest first
  std::vector<Candidate> candidates_;
  std::vector<double> weights_;
};

/// log(sum of exp(logits)) over those that are numbers. Throws as Sampler::sample does.
[[nodiscard]] double log_sum_exp(std::span<const float> logits);

/// The `count` best tokens under softmax(logits), best first, `except` left out.
[[nodiscard]] std::vector<TokenLogprob> best_tokens(std::span<const float> logits,
                                                    std::size_t count,
                                                    std::optional<TokenId> except = {});

}  // namespace hart::nn
