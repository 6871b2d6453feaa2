#include "bill/charges.h"

#include <doctest/doctest.h>

#include <random>

#include "bill/estimate.h"
#include "bill/exact.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

/// A plan of one operation `o` in units `u`, with more keys of the operation and of the plan.
RatePlan plan_of(const std::string& operation, const std::string& more = "") {
  return parse_plan(R"({"name": "p", "currency": "USD", "effective_from": "2026-01-01", )" +
                    more + R"("operations": [{"operation": "o", "unit": "u", )" + operation +
                    "}]}");
}

UsageRecord use(std::int64_t units_micros, const char* time = "2026-11-05") {
  UsageRecord usage = test::sample_usage("e", units_micros);
  usage.operation = "o";
  usage.unit = "u";
  usage.time = parse_time(time);
  return usage;
}

/// What one month of a plan costs, in cents.
std::int64_t cents(const RatePlan& plan, const std::vector<UsageRecord>& events) {
  const PlanBook book{plan};
  Estimate estimate{book};
  for (const UsageRecord& usage : events) {
    const UsageEvent event = usage_event(usage);
    (void)estimate.add(event, usage.time);
  }
  const auto months = estimate.invoices();
  REQUIRE(months.size() == 1);
  std::int64_t sum = 0;
  for (const InvoiceLine& line : months[0].lines) {
    CHECK(line.amount_micros % 10'000 == 0);
    sum += line.amount_micros;
  }
  CHECK(sum == months[0].total_micros);
  return months[0].total_micros / 10'000;
}

std::int64_t cents_of_units(const RatePlan& plan, std::int64_t units) {
  return cents(plan, {use(units * 1'000'000)});
}

constexpr const char* kSteps =
    R"("steps": [{"up_to": "5", "rate": "7"}, {"up_to": "10", "rate": "6.50"}, {"rate": "6"}]})";

// Source: Stripe's documentation, "Tiered pricing"; its table of five seats at 7, five at 6.50
// and the rest at 6.
TEST_CASE("charges: graduated and volume tiers of the public example") {
  const RatePlan graduated =
      plan_of(std::string{R"("tiers": {"mode": "graduated", )"} + kSteps);
  const RatePlan volume = plan_of(std::string{R"("tiers": {"mode": "volume", )"} + kSteps);
  struct Case {
    std::int64_t units, graduated, volume;
  };
  for (const Case& c :
       {Case{1, 700, 700}, Case{5, 3500, 3500}, Case{6, 4150, 3900}, Case{10, 6750, 6500},
        Case{11, 7350, 6600}, Case{20, 12750, 12000}, Case{25, 15750, 15000}}) {
    CAPTURE(c.units);
    CHECK(cents_of_units(graduated, c.units) == c.graduated);
    CHECK(cents_of_units(volume, c.units) == c.volume);
  }
}

std::string tiers_json(const char* mode, const char* steps) {
  return R"("tiers": {"mode": ")" + std::string{mode} + R"(", "steps": [)" + steps + "]}";
}

// The numbers of the examples in other systems' documentation, each with its page; the tiers
// are theirs, in our words.
TEST_CASE("charges: what the documentation of other systems works out comes out here") {
  struct Published {
    const char* source;
    std::string operation;
    std::int64_t units, cents;
  };
  const char* const api_calls =
      R"({"up_to": "1000", "rate": "0.10"}, {"up_to": "10000", "rate": "0.05"}, {"rate": "0.01"})";
  const char* const forum =
      R"({"up_to": "100", "rate": "4"}, {"up_to": "500", "rate": "3"}, {"rate": "2"})";
  const char* const percentages =
      R"({"up_to": "1000", "rate": "0.01", "flat_fee": "200"},
         {"up_to": "10000", "rate": "0.02", "flat_fee": "300"},
         {"rate": "0.03", "flat_fee": "400"})";
  const char* const slabs =
      R"({"up_to": "250", "rate": "1"}, {"up_to": "500", "rate": "2"}, {"rate": "3"})";
  const char* const slab_fees =
      R"({"up_to": "250", "rate": "0", "flat_fee": "10"},
         {"up_to": "500", "rate": "0", "flat_fee": "20"}, {"rate": "0", "flat_fee": "30"})";
  const std::string million_tokens =
      R"("tiers": {"mode": "package", "package_size": "1000000", "steps": [{"rate": "1.25"}]})";
  const Published examples[] = {
      {"getlago.com, charge models, volume",
       tiers_json("volume", R"({"up_to": "10000", "rate": "0.0010", "flat_fee": "10"},
                               {"up_to": "50000", "rate": "0.0008", "flat_fee": "10"},
                               {"up_to": "100000", "rate": "0.0006", "flat_fee": "10"},
                               {"rate": "0.0004", "flat_fee": "10"})"),
       65'000, 4'900},
      {"getlago.com, charge models, package",
       R"("included_units": "100",
          "tiers": {"mode": "package", "package_size": "100", "steps": [{"rate": "5"}]})",
       201, 1'000},
      // Of 500, then 550 and then 4 000: 205, 306 and 80 more.
      {"getlago.com, charge models, graduated percentage", tiers_json("graduated", percentages),
       500, 20'500},
      {"the same", tiers_json("graduated", percentages), 1'050, 51'100},
      {"the same", tiers_json("graduated", percentages), 5'050, 59'100},
      {"community.getlago.com, volume pricing model", tiers_json("volume", forum), 400,
       120'000},
      {"the same, graduated", tiers_json("graduated", forum), 400, 130'000},
      {"zuplo.com (OpenMeter), pricing models", R"("base_rate": "0.001")", 100'000, 10'000},
      {"the same, graduated", tiers_json("graduated", api_calls), 15'000, 60'000},
      {"the same, volume", tiers_json("volume", api_calls), 15'000, 15'000},
      {"useautumn.com, graduated pricing",
       tiers_json("graduated", R"({"up_to": "1000", "rate": "0.01"},
                                  {"up_to": "10000", "rate": "0.008"}, {"rate": "0.005"})"),
       15'000, 10'700},
      {"chargebee.com, package pricing", million_tokens, 10, 125},
      {"the same", million_tokens, 1'000'000, 125},
      {"the same", million_tokens, 1'500'000, 250},
      {"docs.zuora.com, tiered with overage pricing",
       tiers_json("graduated", R"({"up_to": "100", "rate": "0"}, {"rate": "2"})"), 130, 6'000},
      {"docs.oracle.com, liquidity management, slab amount by unit",
       tiers_json("graduated", slabs), 1'000, 225'000},
      {"the same, variable amount by unit", tiers_json("volume", slabs), 1'000, 300'000},
      {"the same, slab amount", tiers_json("graduated", slab_fees), 1'000, 6'000},
      {"the same, variable amount", tiers_json("volume", slab_fees), 1'000, 3'000},
      {"docs.flexprice.io, package size in a tier",
       R"("tiers": {"mode": "package", "package_size": "1000", "steps": [{"rate": "1"}]})",
       4'500, 500},
  };
  for (const Published& example : examples) {
    CAPTURE(example.source);
    CAPTURE(example.units);
    CHECK(cents_of_units(plan_of(example.operation), example.units) == example.cents);
  }
}

TEST_CASE("charges: flat fees are charged once for each tier that is reached") {
  const char* steps =
      R"("steps": [{"up_to": "5", "rate": "5", "flat_fee": "10"}, {"rate": "2", "flat_fee": "20"}]})";
  const RatePlan graduated = plan_of(std::string{R"("tiers": {"mode": "graduated", )"} + steps);
  const RatePlan volume = plan_of(std::string{R"("tiers": {"mode": "volume", )"} + steps);
  CHECK(cents_of_units(graduated, 5) == 3500);
  CHECK(cents_of_units(graduated, 6) == 5700);
  CHECK(cents_of_units(volume, 5) == 3500);
  CHECK(cents_of_units(volume, 6) == 3200);
}

TEST_CASE("charges: a begun package is a whole one") {
  const RatePlan plan = plan_of(
      R"("tiers": {"mode": "package", "package_size": "100", "steps": [{"rate": "0.50", "flat_fee": "1"}]})");
  CHECK(cents_of_units(plan, 1) == 150);
  CHECK(cents_of_units(plan, 100) == 150);
  CHECK(cents_of_units(plan, 101) == 200);
  CHECK(cents(plan, {use(100'000'001)}) == 200);
}

TEST_CASE("charges: a quantity between the units of two tiers belongs to the upper one") {
  const RatePlan plan = plan_of(std::string{R"("tiers": {"mode": "volume", )"} + kSteps);
  CHECK(cents(plan, {use(5'000'000)}) == 3500);
  CHECK(cents(plan, {use(5'000'001)}) == 3250);  // 5.000001 × 6.50
}

TEST_CASE("charges: nothing used is free, or a first fee and a minimum, as the plan says") {
  const std::string operation =
      R"("minimum": "12", "tiers": {"mode": "graduated", "steps": [{"rate": "1", "flat_fee": "9"}]})";
  // An event of no units is usage; its quantity reaches no tier.
  CHECK(cents(plan_of(operation), {use(0)}) == 1200);
  CHECK(cents(plan_of(operation, R"("zero_usage": "charge", )"), {use(0)}) == 1200);
  const PlanBook none{plan_of(operation)};
  const PlanBook charge{plan_of(operation, R"("zero_usage": "charge", )")};
  const Period month = month_period("2026-11");
  CHECK(period_lines(none, month, {}, {}, 2).empty());
  const auto lines = period_lines(charge, month, {}, {}, 2);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].amount_micros == 9'000'000);
  CHECK(lines[1].amount_micros == 3'000'000);
}

TEST_CASE("charges: included units are free, multipliers count before them") {
  const std::string operation = R"("base_rate": "0.10", "included_units": "100")";
  CHECK(cents_of_units(plan_of(operation), 100) == 0);
  CHECK(cents_of_units(plan_of(operation), 101) == 10);
  const RatePlan doubled =
      plan_of(operation, R"("multipliers": [{"type": "complexity", "value": "2"}], )");
  CHECK(cents_of_units(doubled, 50) == 0);
  CHECK(cents_of_units(doubled, 51) == 20);
}

TEST_CASE("charges: minimum, maximum, discounts and taxes in their order") {
  CHECK(cents_of_units(plan_of(R"("base_rate": "1", "minimum": "5")"), 3) == 500);
  CHECK(cents_of_units(plan_of(R"("base_rate": "1", "minimum": "5")"), 7) == 700);
  CHECK(cents_of_units(plan_of(R"("base_rate": "1", "maximum": "5")"), 7) == 500);
  // 200, less 10 % of 200, less 10 % of 180, less 50: 112; at most 100; and 19 % tax on that.
  const RatePlan plan =
      plan_of(R"("base_rate": "1")",
              R"("maximum": "100", "taxes": [{"name": "VAT", "percent": "19"}],
                 "discounts": [{"name": "fixed", "amount": "50"}, {"name": "a", "percent": "10"},
                               {"name": "b", "percent": "10"}], )");
  CHECK(cents_of_units(plan, 200) == 11900);
  // A fixed discount takes no more than there is.
  CHECK(cents_of_units(plan, 10) == 0);
}

std::int64_t discounted_cents(const std::string& discounts,
                              const std::vector<std::pair<const char*, std::int64_t>>& uses) {
  const RatePlan plan = parse_plan(
      R"({"name": "p", "currency": "USD", "effective_from": "2026-01-01", "operations": [
          {"operation": "a", "unit": "u", "base_rate": "1"},
          {"operation": "b", "unit": "u", "base_rate": "1"}], "discounts": [)" +
      discounts + "]}");
  std::vector<UsageRecord> events;
  events.reserve(uses.size());
  for (const auto& [operation, cents_used] : uses) {
    events.push_back(use(cents_used * 10'000));
    events.back().operation = operation;
  }
  return cents(plan, events);
}

TEST_CASE("charges: each discount takes of what the ones before left, and no more") {
  const std::string tenth = R"({"name": "all", "percent": "10"})";
  const std::string half = R"({"name": "half", "operation": "a", "percent": "50"})";
  const std::string all_a = R"({"name": "a", "operation": "a", "percent": "100"})";
  const std::string all_b = R"({"name": "b", "operation": "b", "percent": "100"})";
  // 100, less 10, less half of 90; and 100, less 50, less a tenth of 50.
  CHECK(discounted_cents(tenth + "," + half, {{"a", 10'000}}) == 4'500);
  CHECK(discounted_cents(half + "," + tenth, {{"a", 10'000}}) == 4'500);
  CHECK(discounted_cents(tenth + "," + all_a, {{"a", 10'000}}) == 0);
  CHECK(discounted_cents(tenth + "," + all_a, {{"a", 10'000}, {"b", 10'000}}) == 9'000);
  // A tenth of 10 cents is one of them, a tenth of 5 none: the last takes 4.
  CHECK(discounted_cents(tenth + "," + all_a + "," + all_b, {{"a", 5}, {"b", 5}}) == 0);
  CHECK(discounted_cents(R"({"name": "all", "amount": "50"},
                            {"name": "a", "operation": "a", "amount": "80"})",
                         {{"a", 10'000}}) == 0);
  // What one operation gives back is not another's to take.
  CHECK(discounted_cents(all_b, {{"a", -5'000}, {"b", 10'000}}) == -5'000);
}

TEST_CASE("charges: a line is rounded once, half to even") {
  const RatePlan plan = plan_of(R"("included_units": "1", "base_rate": "0.005")");
  CHECK(cents_of_units(plan, 2) == 0);  // 0.005
  CHECK(cents_of_units(plan, 4) == 2);  // 0.015
  CHECK(cents_of_units(plan, 6) == 2);  // 0.025
  // 0.0149999999999 would be 0.02 by way of six places.
  const RatePlan fine = plan_of(R"("included_units": "0.000001", "base_rate": "0.000001")");
  CHECK(cents(fine, {use(14'999'999'901)}) == 1);
}

TEST_CASE("charges: the same usage in any order and any pieces costs the same by the period") {
  std::mt19937_64 random{11};
  const RatePlan plan = plan_of(std::string{R"("tiers": {"mode": "graduated", )"} + kSteps);
  for (int round = 0; round < 50; ++round) {
    std::vector<UsageRecord> events;
    std::int64_t sum = 0;
    for (int i = 0; i < 12; ++i) {
      events.push_back(use(static_cast<std::int64_t>(random() % 3'000'000)));
      sum += events.back().units_micros;
    }
    const std::int64_t whole = cents(plan, {use(sum)});
    CHECK(cents(plan, events) == whole);
    std::ranges::shuffle(events, random);
    CHECK(cents(plan, events) == whole);
  }
}

TEST_CASE("charges: more units never cost less by graduated tiers") {
  const RatePlan plan = plan_of(std::string{R"("tiers": {"mode": "graduated", )"} + kSteps);
  std::int64_t before = 0;
  for (std::int64_t units = 0; units <= 20'000'000; units += 250'000) {
    const std::int64_t now = cents(plan, {use(units)});
    CHECK(now >= before);
    before = now;
  }
}

TEST_CASE("charges: the shares of the parts of a period sum to the whole") {
  std::mt19937_64 random{3};
  const Period month = month_period("2026-11");
  for (int round = 0; round < 500; ++round) {
    std::vector<TimeUs> cuts{month.start, month.end};
    for (int i = 0; i < 4; ++i)
      cuts.push_back(
          month.start +
          static_cast<TimeUs>(random() % static_cast<std::uint64_t>(month.end - month.start)));
    std::ranges::sort(cuts);
    const int places = static_cast<int>(random() % 7);
    std::int64_t unit = 1;
    for (int i = places; i < 6; ++i) unit *= 10;
    const std::int64_t fee = static_cast<std::int64_t>(random() % 1'000'000) * unit;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const std::int64_t share = prorated(fee, {month, {cuts[i], cuts[i + 1]}, places}, places);
      CHECK(share >= 0);
      CHECK(share % unit == 0);
      sum += share;
    }
    CHECK(sum == fee);
  }
}

TEST_CASE("charges: plans that share a month charge their parts of its fees") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  const auto apply = [&](const char* from, const char* fee) {
    (void)apply_plan(
        store,
        parse_plan(std::string{R"({"name": "p", "currency": "USD", "proration": )"} +
                   R"("time", "zero_usage": "charge", "effective_from": ")" + from +
                   R"(", "operations": [{"operation": "o", "unit": "u", "tiers":
        {"mode": "volume", "steps": [{"rate": "1", "flat_fee": ")" +
                   fee + R"("}]}}]})"),
        false);
  };
  apply("2026-01-01", "30");
  apply("2026-11-11", "60");
  const auto lines = period_lines(PlanBook{store}, month_period("2026-11"), {}, {}, 2);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].amount_micros == 10'000'000);  // 10 of 30 days
  CHECK(lines[1].amount_micros == 40'000'000);
}

TEST_CASE("charges: a charge out of range is an error and no wrong number") {
  const RatePlan plan =
      plan_of(R"("tiers": {"mode": "graduated", "steps": [{"rate": "9000000000000"}]})");
  const PlanBook book{plan};
  Estimate estimate{book};
  const UsageRecord usage = use(9'000'000'000'000'000'000);
  const UsageEvent event = usage_event(usage);
  (void)estimate.add(event, usage.time);
  CHECK_THROWS_AS((void)estimate.invoices(), Error);
}

TEST_CASE("exact: division rounds half to even on both sides of 0") {
  for (const auto& [dividend, divisor, quotient] :
       std::vector<std::array<int, 3>>{{5, 10, 0},
                                       {15, 10, 2},
                                       {25, 10, 2},
                                       {-5, 10, 0},
                                       {-15, 10, -2},
                                       {-25, 10, -2},
                                       {14, 10, 1},
                                       {16, 10, 2},
                                       {-14, 10, -1},
                                       {-16, 10, -2},
                                       {1, 3, 0},
                                       {2, 3, 1}})
    CHECK(divide_half_even(dividend, divisor) == quotient);
  CHECK(format_wide(-1'250'000, 6) == "-1.25");
  CHECK(format_wide(0, 18) == "0");
  CHECK(format_wide(Wide{7} * power_of_ten(18), 18) == "7");
}

TEST_CASE("currency: the places of ISO 4217, and no others") {
  CHECK(minor_unit_places("USD") == 2);
  CHECK(minor_unit_places("JPY") == 0);
  CHECK(minor_unit_places("KWD") == 3);
  CHECK(minor_unit_places("CLF") == 4);
  for (const char* none : {"XXX", "XAU", "usd", "US", "USDD", "", "D E"})
    CHECK_FALSE(minor_unit_places(none));
}

}  // namespace
}  // namespace hart::bill
