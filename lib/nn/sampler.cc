#include "nn/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "nn/cpu/ops.h"
#include "nn/grammar_constraint.h"

namespace hart::nn {
namespace {

/// Tokens from which mirostat 1 estimates how fast probabilities fall; source below.
constexpr std::size_t kZipfTokens = 100;

void require(bool holds, const char* option, const char* range) {
  if (!holds) throw Error{Fault::usage, std::string{option} + " must be " + range};
}

void check(const SamplerOptions& o) {
  require(o.temperature >= 0 && std::isfinite(o.temperature), "temperature",
          "zero or a positive number");
  require(o.top_n_sigma >= 0 && std::isfinite(o.top_n_sigma), "top_n_sigma",
          "zero or a positive number");
  require(o.typical_p > 0 && o.typical_p <= 1, "typical_p", "above 0 and at most 1");
  require(o.top_p > 0 && o.top_p <= 1, "top_p", "above 0 and at most 1");
  require(o.min_p >= 0 && o.min_p <= 1, "min_p", "between 0 and 1");
  require(o.xtc_probability >= 0 && o.xtc_probability <= 1, "xtc_probability",
          "between 0 and 1");
  require(o.xtc_threshold >= 0 && o.xtc_threshold <= 1, "xtc_threshold", "between 0 and 1");
  require(o.repeat_penalty > 0 && std::isfinite(o.repeat_penalty), "repeat_penalty",
          "a positive number");
  require(std::isfinite(o.frequency_penalty), "frequency_penalty", "a number");
  require(std::isfinite(o.presence_penalty), "presence_penalty", "a number");
  require(o.mirostat <= 2, "mirostat", "0, 1 or 2");
  require(o.mirostat_tau > 0 && std::isfinite(o.mirostat_tau), "mirostat_tau",
          "a positive number");
  require(o.mirostat_eta > 0 && o.mirostat_eta <= 1, "mirostat_eta", "above 0 and at most 1");
}

/// The greatest logit, having seen that all may be used.
float greatest_logit(std::span<const float> logits) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float most = kImpossible;
  bool are_numbers = true;
  for (const float logit : logits) {
    are_numbers &= logit < kInfinity;  // false for what is not a number too
    most = logit > most ? logit : most;
  }
  if (!are_numbers || most == kImpossible) {
    const auto bad = std::find_if(logits.begin(), logits.end(),
                                  [](float logit) { return !(logit < kInfinity); });
    throw Error{
        Fault::data,
        "the model's logits are not finite numbers" +
            (bad == logits.end() ? std::string{}
                                 : ": that of token " + std::to_string(bad - logits.begin()))};
  }
  return most;
}

double log_sum_exp_from(std::span<const float> logits, float most) {
  std::array<float, 256> powers;
  double sum = 0;
  for (std::size_t begin = 0; begin < logits.size(); begin += powers.size()) {
    const std::size_t count = std::min(powers.size(), logits.size() - begin);
    cpu::ops().exp_minus(logits.data() + begin, most, count, powers.data());
    for (std::size_t i = 0; i < count; ++i) sum += powers[i];
  }
  return most + std::log(sum);
}

std::vector<TokenLogprob> logprobs_of(const std::vector<Candidate>& best, double total) {
  std::vector<TokenLogprob> out;
  out.reserve(best.size());
  for (const Candidate& candidate : best)
    out.push_back({candidate.token, candidate.logit - total});
  return out;
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
  if (count == 0) return {};
  const double total = log_sum_exp(logits);
  return logprobs_of(best_candidates(logits, count, kImpossible, except.value_or(-1)), total);
}

Sampler::Sampler(SamplerOptions options)
    : options_{options}, random_{options.seed}, surprise_limit_{2 * options.mirostat_tau} {
  check(options);
}

void Sampler::accept(TokenId token) {
  if (options_.repeat_last_n == 0 || !penalizes()) return;
  if (recent_.size() >= options_.repeat_last_n) {
    const auto oldest = counts_.find(recent_.front());
    if (--oldest->second == 0) counts_.erase(oldest);
    recent_.pop_front();
  }
  recent_.push_back(token);
  ++counts_[token];
}

bool Sampler::penalizes() const noexcept {
  return options_.repeat_penalty != 1 || options_.frequency_penalty != 0 ||
         options_.presence_penalty != 0;
}

Choice Sampler::sample(std::span<const float> logits) {
  // Some logit is finite, or it throws.
  return *choose(logits, nullptr);
}

std::optional<Choice> Sampler::sample(std::span<const float> logits, const TokenMask& mask) {
  return choose(logits, &mask);
}

std::optional<Choice> Sampler::choose(std::span<const float> logits, const TokenMask* mask) {
  const double total = log_sum_exp(logits);
  const std::span<const float> adjusted = adjust(logits, mask);
  TokenId token;
  if (options_.temperature == 0) {
    const auto best = best_candidates(adjusted, 1, kImpossible);
    if (best.empty()) return std::nullopt;
    token = best.front().token;
  } else {
    token = options_.mirostat != 0 ? mirostat_draw(adjusted) : filter_and_draw(adjusted);
    if (token < 0) return std::nullopt;
  }
  accept(token);
  return Choice{
      token, logits[static_cast<std::size_t>(token)] - total,
      logprobs_of(best_candidates(logits, options_.alternatives, kImpossible, token), total)};
}

/// The logits under the mask and the penalties; `logits` themselves where neither is in force.
std::span<const float> Sampler::adjust(std::span<const float> logits, const TokenMask* mask) {
  if (mask == nullptr && counts_.empty()) return logits;
  adjusted_.assign(logits.begin(), logits.end());
  penalize();
  for (std::size_t i = 0; mask != nullptr && i < adjusted_.size(); ++i)
    if (!mask->allows(static_cast<TokenId>(i))) adjusted_[i] = kImpossible;
  return adjusted_;
}

/// Source: N. Keskar et al., "CTRL", 2019; negative logits are multiplied instead, as
/// everywhere. The other two are those of OpenAI's API.
void Sampler::penalize() {
  const auto repeat = static_cast<float>(options_.repeat_penalty);
  for (const auto& [token, count] : counts_) {
    if (static_cast<std::size_t>(token) >= adjusted_.size()) continue;
    float& logit = adjusted_[static_cast<std::size_t>(token)];
    if (logit == kImpossible) continue;
    logit = logit > 0 ? logit / repeat : logit * repeat;
    logit -= static_cast<float>(count * options_.frequency_penalty + options_.presence_penalty);
  }
}

/// Source of the deviations: C. Tang et al., "Top-nσ: Not All Logits Are You Need", 2024.
TokenId Sampler::filter_and_draw(std::span<const float> logits) {
  float lowest = kImpossible;
  if (options_.top_n_sigma > 0) {
    double sum = 0, squares = 0, count = 0, most = kImpossible;
    for (const float logit : logits) {
      if (logit == kImpossible) continue;
      sum += logit, ++count;
      most = std::max<double>(most, logit);
    }
    for (const float logit : logits)
      if (logit != kImpossible) squares += (logit - sum / count) * (logit - sum / count);
    if (count > 0)
      lowest = static_cast<float>(most - options_.top_n_sigma * std::sqrt(squares / count));
  }
  candidates_.assign(logits, options_.top_k, lowest);
  if (candidates_.is_empty()) return -1;
  candidates_.keep_typical(options_.typical_p);
  candidates_.keep_top_p(options_.top_p);
  candidates_.keep_min_p(options_.min_p);
  if (options_.xtc_probability > 0 && random_.uniform() < options_.xtc_probability)
    candidates_.drop_top_choices(options_.xtc_threshold);
  return candidates_.draw(options_.temperature, random_.uniform());
}

/// Source: S. Basu et al., "Mirostat: A Neural Text Decoding Algorithm That Directly Controls
/// Perplexity", 2021.
TokenId Sampler::mirostat_draw(std::span<const float> logits) {
  candidates_.assign(logits, 0, kImpossible);
  if (candidates_.is_empty()) return -1;
  keep_unsurprising();
  const TokenId token = candidates_.draw(options_.temperature, random_.uniform());
  const std::vector<double> probability = candidates_.probabilities(options_.temperature);
  for (std::size_t i = 0; i < probability.size(); ++i)
    if (candidates_.at(i).token == token)
      surprise_limit_ -=
          options_.mirostat_eta * (-std::log2(probability[i]) - options_.mirostat_tau);
  return token;
}

/// Keeps the candidates that surprise less than the limit; version 1 estimates their number.
void Sampler::keep_unsurprising() {
  const double n_vocab = static_cast<double>(candidates_.size());
  const std::vector<double> probability = candidates_.probabilities(options_.temperature);
  if (options_.mirostat == 2) {
    std::size_t kept = 0;
    while (kept < probability.size() && -std::log2(probability[kept]) <= surprise_limit_)
      ++kept;
    candidates_.keep_best(kept);
    return;
  }
  double products = 0, squares = 0;
  for (std::size_t i = 0; i + 1 < std::min(kZipfTokens, probability.size()); ++i) {
    if (probability[i + 1] <= 0) break;
    const double t = std::log(static_cast<double>(i + 2) / static_cast<double>(i + 1));
    products += t * std::log(probability[i] / probability[i + 1]);
    squares += t * t;
  }
  const double s = squares > 0 ? products / squares : 1;
  const double epsilon = s - 1;
  const double k = std::pow(
      epsilon * std::pow(2.0, surprise_limit_) / (1 - std::pow(n_vocab, -epsilon)), 1 / s);
  // Not a number where probabilities fall exactly like 1/rank, or do not fall at all.
  candidates_.keep_best(k >= 1 && k < n_vocab ? static_cast<std::size_t>(std::lround(k))
                        : k < 1               ? 1
                                              : candidates_.size());
}

}  // namespace hart::nn
