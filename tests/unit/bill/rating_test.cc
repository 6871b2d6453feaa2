#include "bill/rating.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

Rating rate_with(const Json& attributes, std::int64_t units_micros = 1'000'000'000) {
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
  const Rating all = rate_with({{"tokens_in", 501}, {"content_type", "code"}, {"evidence", 3}});
  CHECK(all.total_micros == 4'000);
  CHECK(all.multipliers_e4 == std::array<std::int64_t, 3>{20'000, 8'000, 12'500});
  CHECK(all.currency == "USD");
  CHECK(all.rated);
}

TEST_CASE("rating: of one type the first multiplier that matches applies") {
  CHECK(rate_with({{"tokens_in", 501}}).multipliers_e4[0] == 20'000);
  CHECK(rate_with({{"tokens_in", 500}}).multipliers_e4[0] == 15'000);
  CHECK(rate_with({{"tokens_in", 100}}).multipliers_e4[0] == 10'000);
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
  const Rating no_plan = rate(nullptr, usage);
  CHECK_FALSE(no_plan.rated);
  CHECK(no_plan.total_micros == 0);
  CHECK(no_plan.currency == kNoCurrency);

  const RatePlan plan = parse_plan(test::kPlan);
  for (const bool other_unit : {false, true}) {
    UsageRecord unknown = usage;
    (other_unit ? unknown.unit : unknown.operation) = "unknown";
    const Rating rating = rate(&plan, unknown);
    CHECK_FALSE(rating.rated);
    CHECK(rating.total_micros == 0);
  }
}

TEST_CASE("rating: a total out of range is an error and no wrong number") {
  RatePlan plan = parse_plan(test::kPlan);
  plan.operations[0].base_rate_micros = INT64_MAX;
  CHECK(rate(&plan, test::sample_usage("e", 1'000'000)).total_micros == INT64_MAX);
  CHECK_THROWS_AS((void)rate(&plan, test::sample_usage("e", 2'000'000)), Error);
}

}  // namespace
}  // namespace hart::bill
