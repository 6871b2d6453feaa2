#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "core/error.h"
#include "nn/grammar_constraint.h"
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
  CHECK(sampler.sample(std::vector<float>{-kInfinity, -4, -3, -2}).token == 3);
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
  const std::vector<float> logits = {1, 3, 2, 3, -kInfinity};
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
  CHECK(log_sum_exp(std::vector<float>{0, -kInfinity}) == doctest::Approx(0));
}

/// The token drawn with the other filters off; probabilities 0.4, 0.3, 0.2, 0.1.
std::set<TokenId> support_of(const std::function<void(SamplerOptions&)>& change) {
  SamplerOptions options = plain();
  change(options);
  return support(options, logits_of({0.4, 0.3, 0.2, 0.1}));
}

TEST_CASE("Sampler: typical_p keeps what surprises about as much as expected") {
  // The entropy is 1.28: 0.3 (1.20) is nearest, then 0.2 (1.61), 0.4 (0.92), 0.1 (2.30).
  CHECK(support_of([](auto& o) { o.typical_p = 0.3; }) == std::set<TokenId>{1});
  CHECK(support_of([](auto& o) { o.typical_p = 0.45; }) == std::set<TokenId>{1, 2});
  CHECK(support_of([](auto& o) { o.typical_p = 0.7; }) == std::set<TokenId>{0, 1, 2});
  CHECK(support_of([](auto& o) { o.typical_p = 1; }) == std::set<TokenId>{0, 1, 2, 3});
}

TEST_CASE("Sampler: top_n_sigma keeps what is within so many deviations of the best") {
  const std::vector<float> logits = {4, 2, 0, -2};  // mean 1, deviation sqrt(5)
  SamplerOptions options = plain();
  options.top_n_sigma = 0.8;  // above 4 - 1.79
  CHECK(support(options, logits) == std::set<TokenId>{0});
  options.top_n_sigma = 0.9;
  CHECK(support(options, logits) == std::set<TokenId>{0, 1});
  options.top_n_sigma = 1.8;
  CHECK(support(options, logits) == std::set<TokenId>{0, 1, 2});
  CHECK(support(options, std::vector<float>{1, 1}) == std::set<TokenId>{0, 1});
}

TEST_CASE("Sampler: xtc leaves the least probable of the top choices, as often as it is told") {
  const auto always = [](double threshold) {
    return support_of([&](auto& o) { o.xtc_probability = 1, o.xtc_threshold = threshold; });
  };
  CHECK(always(0.15) == std::set<TokenId>{2, 3});
  CHECK(always(0.25) == std::set<TokenId>{1, 2, 3});
  CHECK(always(0.35) == std::set<TokenId>{0, 1, 2, 3});
  CHECK(always(0.6) == std::set<TokenId>{0, 1, 2, 3});
  SamplerOptions options = plain();
  options.xtc_probability = 0.25;
  options.xtc_threshold = 0.15;
  const int draws = 20000;
  auto seen = counts(options, logits_of({0.4, 0.3, 0.2, 0.1}), draws);
  const double p = 0.75 * 0.4;
  CHECK(std::abs(seen[0] - draws * p) < 5 * std::sqrt(draws * p * (1 - p)));
}

TEST_CASE("Sampler: frequency counts each time that a token is recent, presence once") {
  SamplerOptions options = plain(0);
  options.frequency_penalty = 1;
  options.repeat_last_n = 3;
  Sampler frequency{options};
  const std::vector<float> logits = {5, 3.5f, 0};
  CHECK(frequency.sample(logits).token == 0);
  CHECK(frequency.sample(logits).token == 0);  // 4
  CHECK(frequency.sample(logits).token == 1);  // 3
  CHECK(frequency.sample(logits).token == 0);  // the first has left the window: 4 against 2.5
  options.frequency_penalty = 0;
  options.presence_penalty = 2;
  Sampler presence{options};
  CHECK(presence.sample(logits).token == 0);
  CHECK(presence.sample(logits).token == 1);  // 3 against 3.5
  CHECK(presence.sample(logits).token == 0);  // 3 against 1.5
  CHECK(presence.sample(logits).token == 0);  // still 3, however often
  options.repeat_last_n = 0;
  Sampler forgetful{options};
  for (int i = 0; i < 3; ++i) CHECK(forgetful.sample(logits).token == 0);
}

TEST_CASE("Sampler: steps apply in the order that is documented") {
  // Penalties first: the best is no longer among the two that top_k keeps.
  SamplerOptions options = plain();
  options.top_k = 1;
  options.presence_penalty = 10;
  Sampler sampler{options};
  sampler.accept(0);
  CHECK(sampler.sample(logits_of({0.4, 0.3, 0.2, 0.1})).token == 1);
  // top_k before top_p: of the two that are left the first has 0.57.
  CHECK(support_of([](auto& o) { o.top_k = 2, o.top_p = 0.55; }) == std::set<TokenId>{0});
  CHECK(support_of([](auto& o) { o.top_p = 0.55; }) == std::set<TokenId>{0, 1});
  // Temperature last: flattened, all would pass min_p.
  CHECK(support_of([](auto& o) { o.min_p = 0.6, o.temperature = 50; }) ==
        std::set<TokenId>{0, 1});
}

TEST_CASE("Sampler: mirostat holds the mean surprise near what is aimed at") {
  std::vector<float> logits(2000);
  for (std::size_t i = 0; i < logits.size(); ++i)
    logits[i] = -1.2f * std::log(static_cast<float>(i) + 1);
  for (const std::uint32_t version : {1u, 2u})
    for (const double tau : {2.0, 4.0}) {
      SamplerOptions options = plain();
      options.mirostat = version;
      options.mirostat_tau = tau;
      Sampler sampler{options};
      double surprise = 0;
      const int draws = 3000;
      for (int i = 0; i < draws; ++i) surprise -= sampler.sample(logits).logprob / std::log(2);
      CAPTURE(version);
      CAPTURE(tau);
      // Measured before truncation, the surprise is a little more than what it controls.
      CHECK(surprise / draws > tau * 0.9);
      CHECK(surprise / draws < tau * 1.6);
      Sampler again{options}, same{options};
      for (int i = 0; i < 50; ++i)
        CHECK(again.sample(logits).token == same.sample(logits).token);
    }
}

TEST_CASE("Sampler: a mask leaves what it allows, and the log-probabilities as they are") {
  TokenMask mask{4};
  mask.allow(2);
  mask.allow(3);
  const std::vector<float> logits = logits_of({0.4, 0.3, 0.2, 0.1});
  for (const double temperature : {0.0, 1.0}) {
    Sampler sampler{plain(temperature)};
    std::set<TokenId> seen;
    for (int i = 0; i < 200; ++i) {
      const auto choice = sampler.sample(logits, mask);
      REQUIRE(choice);
      seen.insert(choice->token);
      CHECK(choice->logprob ==
            doctest::Approx(std::log(choice->token == 2 ? 0.2 : 0.1)).epsilon(1e-5));
    }
    CHECK(seen == (temperature == 0 ? std::set<TokenId>{2} : std::set<TokenId>{2, 3}));
    CHECK_FALSE(sampler.sample(logits, TokenMask{4}));
    CHECK_FALSE(sampler.sample(std::vector<float>{1, 2, -kInfinity, -kInfinity}, mask));
  }
  SamplerOptions options = plain();
  options.mirostat = 2;
  CHECK_FALSE(Sampler{options}.sample(logits, TokenMask{4}));
}

TEST_CASE("Sampler: refuses options out of range and logits without a finite value") {
  for (const auto& change : std::vector<void (*)(SamplerOptions&)>{
           [](SamplerOptions& o) { o.temperature = -0.1; },
           [](SamplerOptions& o) { o.temperature = std::nan(""); },
           [](SamplerOptions& o) { o.top_p = 0; }, [](SamplerOptions& o) { o.top_p = 1.01; },
           [](SamplerOptions& o) { o.min_p = -0.01; },
           [](SamplerOptions& o) { o.min_p = 1.01; },
           [](SamplerOptions& o) { o.typical_p = 0; },
           [](SamplerOptions& o) { o.top_n_sigma = -1; },
           [](SamplerOptions& o) { o.xtc_probability = 1.1; },
           [](SamplerOptions& o) { o.xtc_threshold = -0.1; },
           [](SamplerOptions& o) { o.frequency_penalty = std::nan(""); },
           [](SamplerOptions& o) { o.presence_penalty = kInfinity; },
           [](SamplerOptions& o) { o.mirostat = 3; },
           [](SamplerOptions& o) { o.mirostat_tau = 0; },
           [](SamplerOptions& o) { o.mirostat_eta = 1.1; },
           [](SamplerOptions& o) { o.repeat_penalty = 0; }}) {
    SamplerOptions options = plain();
    change(options);
    CHECK_THROWS_AS(Sampler{options}, Error);
  }
  Sampler sampler{plain()};
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{-kInfinity, -kInfinity}), Error);
  CHECK_THROWS_WITH((void)sampler.sample(std::vector<float>{0, 1, kNan}),
                    "the model's logits are not finite numbers: that of token 2");
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{0, kInfinity}), Error);
  CHECK_THROWS_AS((void)sampler.sample(std::vector<float>{}), Error);
}

}  // namespace
}  // namespace hart::nn
