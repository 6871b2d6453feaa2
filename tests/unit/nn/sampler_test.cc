#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "core/error.h"
#include "nn/sampler.h"

namespace hart::nn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Every filter at its neutral value.
SamplerOptions plain(double temperature = 1.0) {
  return {.temperature = temperature, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 11};
}

/// logits whose softmax is `probabilities`.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p) + 3));
  return logits;
}

std::map<TokenId, int> counts(SamplerOptions options, std::span<const float> logits,
                              int draws) {
  Sampler sampler{options};
  std::map<TokenId, int> seen;
  for (int i = 0; i < draws; ++i) ++seen[sampler.sample(logits).token];
  return seen;
}

std::set<TokenId> support(SamplerOptions options, std::span<const float> logits) {
  std::set<TokenId> tokens;
  for (const auto& [token, count] : counts(options, logits, 4000)) tokens.insert(token);
  return tokens;
}

TEST_CASE("SplitMix64: gives the published sequence of seed 1234567") {
  SplitMix64 random{1234567};
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("Sampler: temperature 0 takes the greatest logit, the lowest id among equals") {
  Sampler sampler{plain(0)};
  CHECK(sampler.sample(std::vector<float>{1, 5, 2, 5}).token == 1);
  CHECK(sampler.sample(std::vector<float>{-kInfinity, kNan, -3, -2}).token == 3);
}

TEST_CASE("Sampler: the same seed gives the same tokens, another seed others") {
  std::vector<float> logits(50);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i));
  SamplerOptions other = plain();
  other.seed = 12;
  Sampler a{plain()}, b{plain()}, c{other};
  int differing = 0;
  for (int i = 0; i < 100; ++i) {
    const TokenId token = a.sample(logits).token;
    CHECK(token == b.sample(logits).token);
    differing += token != c.sample(logits).token;
  }
  CHECK(differing > 50);
}

TEST_CASE("Sampler: tokens come as often as their probability says") {
  const std::vector<double> probabilities = {0.5, 0.25, 0.15, 0.1};
  const int draws = 20000;
  auto seen = counts(plain(), logits_of(probabilities), draws);
  for (TokenId token = 0; token < 4; ++token) {
    const double p = probabilities[token];
    // Five standard deviations of a binomial count.
    CHECK(std::abs(seen[token] - draws * p) < 5 * std::sqrt(draws * p * (1 - p)));
  }
}

TEST_CASE("Sampler: temperature 2 draws from the square roots of the probabilities") {
  const int draws = 20000;
  auto seen = counts(plain(2.0), logits_of({0.8, 0.2}), draws);
  const double p = std::sqrt(0.8) / (std::sqrt(0.8) + std::sqrt(0.2));
  CHECK(std::abs(seen[0] - draws * p) < 5 * std::sqrt(draws * p * (1 - p)));
}

TEST_CASE("Sampler: top_k, top_p and min_p leave the tokens they promise") {
  const std::vector<float> logits = logits_of({0.1, 0.4, 0.2, 0.3});
  SamplerOptions options = plain();
  CHECK(support(options, logits) == std::set<TokenId>{0, 1, 2, 3});
  options.top_k = 2;
  CHECK(support(options, logits) == std::set<TokenId>{1, 3});
  options = plain();
  options.top_p = 0.65;
  CHECK(support(options, logits) == std::set<TokenId>{1, 3});
  options.top_p = 0.75;
  CHECK(support(options, logits) == std::set<TokenId>{1, 2, 3});
  options.top_p = 0.01;
  CHECK(support(options, logits) == std::set<TokenId>{1});
  options = plain();
  options.min_p = 0.45;
  CHECK(support(options, logits) == std::set<TokenId>{1, 2, 3});
  options.min_p = 1;
  CHECK(support(options, logits) == std::set<TokenId>{1});
}

TEST_CASE("Sampler: top_k breaks ties by id") {
  SamplerOptions options = plain();
  options.top_k = 2;
  CHECK(support(options, std::vector<float>{1, 1, 1, 1}) == std::set<TokenId>{0, 1});
}

TEST_CASE("Sampler: the repeat penalty divides positive logits and multiplies negative ones") {
  SamplerOptions options = plain(0);
  options.repeat_penalty = 2;
  options.repeat_last_n = 1;
  Sampler sampler{options};
  const std::vector<float> logits = {4, 3, -1};
  CHECK(sampler.sample(logits).token == 0);
  CHECK(sampler.sample(logits).token == 1);  // token 0 now counts 2
  CHECK(sampler.sample(logits).token == 0);  // only the last token is recent
  const std::vector<float> negative = {-1, -1.5f};
  CHECK(sampler.sample(negative).token == 1);  // token 0 now counts -2
  sampler.accept(0);
  CHECK(sampler.sample(logits).token == 1);
}

TEST_CASE("Sampler: log-probabilities are those of the model, whatever the filters") {
  SamplerOptions options{
      .temperature = 0, .top_k = 1, .repeat_penalty = 100, .alternatives = 3};
  Sampler sampler{options};
  sampler.accept(1);
  const Choice choice = sampler.sample(logits_of({0.2, 0.5, 0.06, 0.24}));
  CHECK(choice.token == 3);
  CHECK(choice.logprob == doctest::Approx(std::log(0.24)).epsilon(1e-5));
  REQUIRE(choice.alternatives.size() == 3);
  CHECK(choice.alternatives[0].token == 1);
  CHECK(choice.alternatives[0].logprob == doctest::Approx(std::log(0.5)).epsilon(1e-5));
  CHECK(choice.alternatives[1].token == 0);
  CHECK(choice.alternatives[2].token == 2);
}

TEST_CASE("best_tokens: best first, ties by id, no more than there are") {
  const std::vector<float> logits = {1, 3, 2, 3, kNan};
  const auto best = best_tokens(logits, 10, TokenId{2});
  REQUIRE(best.size() == 3);
  CHECK(best[0].token == 1);
  CHECK(best[1].token == 3);
  CHECK(best[2].token == 0);
  CHECK(best_tokens(logits, 0).empty());
}

TEST_CASE("log_sum_exp: exact for large logits and long rows") {
  CHECK(log_sum_exp(std::vector<float>{1000, 1000}) == doctest::Approx(1000 + std::log(2)));
  CHECK(log_sum_exp(std::vector<float>(1000, -5.0f)) == doctest::Approx(-5 + std::log(1000)));
  CHECK(log_sum_exp(std::vector<float>{0, -kInfinity, kNan}) == doctest::Approx(0));
}

TEST_CASE("Sampler: refuses options out of range and logits without a finite value") {
  for (const auto& change : std::vector<void (*)(SamplerOptions&)>{
           [](SamplerOptions& o) { o.temperature = -0.1; },
           [](SamplerOptions& o) { o.temperature = std::nan(""); },
           [](SamplerOptions& o) { o.top_p = 0; }, [](SamplerOptions& o) { o.top_p = 1.01; },
           [](SamplerOptions& o) { o.min_p = -0.01; },
           [](SamplerOptions& o) { o.min_p = 1.01; },
           [](SamplerOptions& o) { o.repeat_penalty = 0; }}) {
    SamplerOptions options = plain();
    change(options);
    CHECK_THROWS_AS(Sampler{options}, Error);
  }
  Sampler sampler{plain()};
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{kNan, -kInfinity}), Error);
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{0, kInfinity}), Error);
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{}), Error);
}

}  // namespace
}  // namespace hart::nn
