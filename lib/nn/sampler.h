#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "nn/sampler_candidates.h"
#include "nn/vocabulary.h"

namespace hart::nn {

class TokenMask;

/// How the next token is drawn. In this order: the mask of a grammar; repeat, frequency and
/// presence penalty; top_n_sigma, top_k, typical_p, top_p, min_p, xtc; temperature; the draw.
/// With mirostat: mask, penalties, temperature, mirostat, the draw. A step at its neutral value
/// does nothing.
struct SamplerOptions {
  double temperature = 0.8;  ///< >= 0; 0 takes the most probable token, and no number is drawn
  double top_n_sigma = 0;    ///< drop those further below the best than n deviations; 0: none
  std::uint32_t top_k = 40;  ///< keep the k most probable; 0: all
  double typical_p = 1;      ///< keep the most typical that reach this; (0, 1], 1: all
  double top_p = 0.95;       ///< keep the fewest that reach this probability; (0, 1], 1: all
  double min_p = 0.05;       ///< drop those below this share of the best; [0, 1], 0: none
  double xtc_probability = 0;    ///< how often the top choices are excluded; [0, 1]
  double xtc_threshold = 0.1;    ///< the probability of a top choice; [0, 1], above 0.5: none
  double repeat_penalty = 1.0;   ///< > 0; divides positive logits of recent tokens, 1: none
  double frequency_penalty = 0;  ///< subtracted for each time that a token is recent
  double presence_penalty = 0;   ///< subtracted once when it is
  std::uint32_t repeat_last_n = 64;  ///< how many tokens are recent; 0: none
  std::uint32_t mirostat = 0;        ///< its version, 1 or 2; 0: none
  double mirostat_tau = 5;           ///< the surprise aimed at, in bits; > 0
  double mirostat_eta = 0.1;         ///< how fast it is approached; (0, 1]
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
/// by ascending token id. Copying one copies its history and where its numbers stand.
class Sampler {
 public:
  /// Throws Error(usage) naming the option that is out of its range.
  explicit Sampler(SamplerOptions options);

  /// Draws a token from `logits` (n_vocab) and makes it recent. A logit of -infinity is never
  /// drawn. Throws Error(data) when a logit is +infinity or not a number, or when all are
  /// -infinity.
  [[nodiscard]] Choice sample(std::span<const float> logits);
  /// The same among the tokens that `mask` allows; nothing when none of them can be drawn.
  [[nodiscard]] std::optional<Choice> sample(std::span<const float> logits,
                                             const TokenMask& mask);
  /// Makes `token` recent without drawing: a prompt's tokens.
  void accept(TokenId token);

 private:
  [[nodiscard]] std::optional<Choice> choose(std::span<const float> logits,
                                             const TokenMask* mask);
  [[nodiscard]] bool penalizes() const noexcept;
  [[nodiscard]] std::span<const float> adjust(std::span<const float> logits,
                                              const TokenMask* mask);
  void penalize();
  [[nodiscard]] TokenId filter_and_draw(std::span<const float> logits);
  [[nodiscard]] TokenId mirostat_draw(std::span<const float> logits);
  void keep_unsurprising();

  SamplerOptions options_;
  SplitMix64 random_;
  std::deque<TokenId> recent_;                         ///< at most repeat_last_n, oldest first
  std::unordered_map<TokenId, std::uint32_t> counts_;  ///< how often a token is recent
  std::vector<float> adjusted_;
  CandidateList candidates_;
  double surprise_limit_;  ///< mirostat's mu, in bits
};

/// log(sum of exp(logits)), -infinity counting nothing. Throws as Sampler::sample does.
[[nodiscard]] double log_sum_exp(std::span<const float> logits);

/// The `count` best tokens under softmax(logits), best first, `except` left out. Throws as
/// Sampler::sample does.
[[nodiscard]] std::vector<TokenLogprob> best_tokens(std::span<const float> logits,
                                                    std::size_t count,
                                                    std::optional<TokenId> except = {});

}  // namespace hart::nn
