#include "bill/rating.h"

#include <doctest/doctest.h>

#include "core/decimal.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

/// A price and what it makes of the units.
struct Rated {
  Price price;
  std::int64_t total_micros = 0;
};

Rated rate(const RatePlan* plan, const UsageRecord& usage) {
  Rated rated;
  price_of(plan, usage_event(usage), rated.price);
  rated.total_micros = rated_total(rated.price, usage.units_micros);
  return rated;
}

Rated rate_with(const Json& attributes, std::int64_t units_micros = 1'000'000'000) {
  static const RatePlan plan = parse_plan(test::kPlan);
  UsageRecord usage = test::sample_usage("e", units_micros);
  usage.attributes = attributes;
  return rate(&plan, usage);
}

TEST_CASE("rating: base rate × complexity × content type × grounding × units") {
  // 1000 tokens at 0.000002.
  CHECK(rate_with(Json::object()).total_micros == 2'000);
  CHECK(rate_with({{"tokens_in", 501}}).total_micros == 4'000);
  CHECK(rate_with({{"content_type", "code"}}).total_micros == 1'600);
  CHECK(rate_with({{"evidence", 3}}).total_micros == 2'500);
  // 0.000002 × 2 × 0.8 × 1.25 × 1000 = 0.004
  const Rated all = rate_with({{"tokens_in", 501}, {"content_type", "code"}, {"evidence", 3}});
  CHECK(all.total_micros == 4'000);
  CHECK(all.price.multipliers_e4 == std::array<std::int64_t, 3>{20'000, 8'000, 12'500});
  CHECK(all.price.currency == "USD");
  CHECK(all.price.rated);
}

TEST_CASE("rating: of one type the first multiplier that matches applies") {
  CHECK(rate_with({{"tokens_in", 501}}).price.multipliers_e4[0] == 20'000);
  CHECK(rate_with({{"tokens_in", 500}}).price.multipliers_e4[0] == 15'000);
  CHECK(rate_with({{"tokens_in", 100}}).price.multipliers_e4[0] == 10'000);
}

TEST_CASE("rating: the total is rounded once, half to even") {
  // 0.000002 × 0.25 = 0.0000005, and × 0.75 = 0.0000015.
  CHECK(rate_with(Json::object(), 250'000).total_micros == 0);
  CHECK(rate_with(Json::object(), 750'000).total_micros == 2);
  CHECK(rate_with(Json::object(), 250'001).total_micros == 1);
  // Rounding 0.0000005 before the multiplier 2 would give 0.
  CHECK(rate_with({{"tokens_in", 501}}, 250'000).total_micros == 1);
  CHECK(rate_with(Json::object(), -750'000).total_micros == -2);
}

TEST_CASE("rating: without a plan, or a rate for the operation and unit, the price is 0") {
  const UsageRecord usage = test::sample_usage("e", 5'000'000);
  const Rated no_plan = rate(nullptr, usage);
  CHECK_FALSE(no_plan.price.rated);
  CHECK(no_plan.total_micros == 0);
  CHECK(no_plan.price.currency == kNoCurrency);

  const RatePlan plan = parse_plan(test::kPlan);
  for (const bool other_unit : {false, true}) {
    UsageRecord unknown = usage;
    (other_unit ? unknown.unit : unknown.operation) = "unknown";
    const Rated rating = rate(&plan, unknown);
    CHECK_FALSE(rating.price.rated);
    CHECK(rating.total_micros == 0);
  }
}

TEST_CASE("rating: a total out of range is an error and no wrong number") {
  RatePlan plan = parse_plan(test::kPlan);
  plan.operations[0].base_rate_micros = INT64_MAX;
  CHECK(rate(&plan, test::sample_usage("e", 1'000'000)).total_micros == INT64_MAX);
  CHECK_THROWS_AS((void)rate(&plan, test::sample_usage("e", 2'000'000)), Error);
}

TEST_CASE("rating: the short way and the long one agree where both can go") {
  std::uint64_t state = 7;
  const auto random = [&](std::int64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::int64_t>((state >> 11) % static_cast<std::uint64_t>(below));
  };
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t rate_micros = random(2'000'000);
    const std::array<std::int64_t, 3> factors{random(40'000), random(40'000), random(40'000)};
    const std::int64_t units = random(4'000'000'000) - 2'000'000'000;
    const std::array<DecimalFactor, 5> exact{
        {{rate_micros, 6}, {factors[0], 4}, {factors[1], 4}, {factors[2], 4}, {units, 6}}};
    CHECK(rated_total(rate_micros, factors, units) == multiply_decimals(exact, 6, "test"));
  }
}

TEST_CASE("rating: the arithmetic is shown as it was done") {
  const Rated rated = rate_with({{"tokens_in", 501}, {"evidence", 3}}, 1'500'000);
  CHECK(arithmetic(rated.price, 1'500'000) == "0.000002 × 2 × 1 × 1.25 × 1.5 = 0.000008");
}

}  // namespace
}  // namespace hart::bill
