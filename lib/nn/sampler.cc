#include "nn/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "nn/cpu/ops.h"

namespace hart::nn {
namespace {

void require(bool holds, const char* option, const char* range) {
  if (!holds) throw Error{Fault::usage, std::string{option} + " must be " + range};
}

/// Ranks by logit, best first, and by id among equals.
template <typename Candidate>
bool ranks_before(const Candidate& a, const Candidate& b) noexcept {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

/// The greatest logit. Throws when there is none to choose.
float greatest_logit(std::span<const float> logits) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float most = -kInfinity;
  for (const float logit : logits) most = logit > most ? logit : most;
  if (most == kInfinity || most == -kInfinity)
    throw Error{Fault::data, "the model's logits are not finite numbers"};
  return most;
}

double log_sum_exp_from(std::span<const float> logits, float most) {
  std::array<float, 256> powers;
  double sum = 0;
  for (std::size_t begin = 0; begin < logits.size(); begin += powers.size()) {
    const std::size_t count = std::min(powers.size(), logits.size() - begin);
    cpu::ops().exp_minus(logits.data() + begin, most, count, powers.data());
    for (std::size_t i = 0; i < count; ++i)
      if (!std::isnan(logits[begin + i])) sum += powers[i];
  }
  return most + std::log(sum);
}

}  // namespace

std::uint64_t SplitMix64::next() noexcept {
  state_ += 0x9E3779B97F4A7C15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double SplitMix64::uniform() noexcept {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double log_sum_exp(std::span<const float> logits) {
  return log_sum_exp_from(logits, greatest_logit(logits));
}

std::vector<TokenLogprob> best_tokens(std::span<const float> logits, std::size_t count,
                                      std::optional<TokenId> except) {
  struct Candidate {
    float logit;
    TokenId token;
  };
  std::vector<Candidate> best;  // a heap whose front ranks last
  const auto before = ranks_before<Candidate>;
  for (std::size_t i = 0; count > 0 && i < logits.size(); ++i) {
    const Candidate candidate{logits[i], static_cast<TokenId>(i)};
    if (candidate.token == except || std::isnan(candidate.logit)) continue;
    if (best.size() == count) {
      if (!before(candidate, best.front())) continue;
      std::pop_heap(best.begin(), best.end(), before);
      best.pop_back();
    }
    best.push_back(candidate);
    std::push_heap(best.begin(), best.end(), before);
  }
  std::sort_heap(best.begin(), best.end(), before);
  const double total = best.empty() ? 0 : log_sum_exp(logits);
  std::vector<TokenLogprob> out;
  for (const Candidate& candidate : best)
    out.push_back({candidate.token, candidate.logit - total});
  return out;
}

Sampler::Sampler(SamplerOptions options) : options_{options}, random_{options.seed} {
  require(options.temperature >= 0 && std::isfinite(options.temperature), "temperature",
          "zero or a positive number");
  require(options.top_p > 0 && options.top_p <= 1, "top_p", "above 0 and at most 1");
  require(options.min_p >= 0 && options.min_p <= 1, "min_p", "between 0 and 1");
  require(options.repeat_penalty > 0 && std::isfinite(options.repeat_penalty), "repeat_penalty",
          "a positive number");
}

void Sampler::accept(TokenId token) {
  if (options_.repeat_last_n == 0) return;
  if (recent_.size() >= options_.repeat_last_n) recent_.erase(recent_.begin());
  recent_.push_back(token);
}

Choice Sampler::sample(std::span<const float> logits) {
  const double total = log_sum_exp(logits);
  penalize(logits);
  TokenId token;
  if (options_.temperature == 0) {
    keep_best(1);
    token = candidates_.front().token;
  } else {
    filter();
    token = draw();
  }
  accept(token);
  return {token, logits[token] - total, best_tokens(logits, options_.alternatives, token)};
}

/// Source: N. Keskar et al., "CTRL", 2019; negative logits are multiplied instead, as
/// everywhere.
void Sampler::penalize(std::span<const float> logits) {
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool can_be_drawn = logits[i] > -std::numeric_limits<float>::infinity();
    if (can_be_drawn) candidates_.push_back({logits[i], static_cast<TokenId>(i)});
  }
  if (options_.repeat_penalty == 1.0) return;
  std::vector<TokenId> penalized = recent_;
  std::sort(penalized.begin(), penalized.end());
  const auto penalty = static_cast<float>(options_.repeat_penalty);
  for (Candidate& candidate : candidates_)
    if (std::binary_search(penalized.begin(), penalized.end(), candidate.token))
      candidate.logit =
          candidate.logit > 0 ? candidate.logit / penalty : candidate.logit * penalty;
}

/// Leaves the `count` best candidates, in order.
void Sampler::keep_best(std::size_t count) {
  count = std::min(count, candidates_.size());
  const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(candidates_.begin(), end, candidates_.end(), ranks_before<Candidate>);
  candidates_.erase(end, candidates_.end());
}

/// Source: A. Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020 (top_p);
/// M. Nguyen et al., "Turning Up the Heat: Min-p Sampling", 2024.
void Sampler::filter() {
  keep_best(options_.top_k == 0 ? candidates_.size() : options_.top_k);
  const float most = candidates_.front().logit;
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    weights_.push_back(std::exp(static_cast<double>(candidate.logit) - most));
    total += weights_.back();
  }
  std::size_t kept = candidates_.size();
  if (options_.top_p < 1) {
    double sum = 0;
    for (kept = 0; kept < candidates_.size() && sum < options_.top_p * total; ++kept)
      sum += weights_[kept];
  }
  // The best weighs 1, so it always passes.
  while (weights_[kept - 1] < options_.min_p) --kept;
  candidates_.resize(kept);
}

TokenId Sampler::draw() {
  const float most = candidates_.front().logit;
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    const double difference = static_cast<double>(candidate.logit) - most;
    total += std::exp(difference / options_.temperature);
    weights_.push_back(total);
  }
  const double point = random_.uniform() * total;
  const auto chosen = std::upper_bound(weights_.begin(), weights_.end(), point);
  const auto last = static_cast<std::ptrdiff_t>(candidates_.size()) - 1;
  return candidates_[std::min(chosen - weights_.begin(), last)].token;
}

}  // namespace hart::nn
