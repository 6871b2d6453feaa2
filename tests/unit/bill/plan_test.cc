#include "bill/plan.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "bill/plan_book.h"
#include "core/error.h"
#include "fixture.h"

namespace hart::bill {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("plan: what is written as JSON reads back with the same content") {
  const RatePlan plan = parse_plan(test::kPlan);
  CHECK(plan.operations[0].base_rate_micros == 2);
  CHECK(plan.multipliers[3].value_e4 == 12'500);
  Json json = plan_json(plan);
  const RatePlan again = parse_plan(dump_json(json));
  CHECK(plan_content_hash(again) == plan_content_hash(plan));
  CHECK(again.effective_from == plan.effective_from);
}

TEST_CASE("plan: the content hash depends on all that decides a price and on nothing else") {
  const Hash256 hash = plan_content_hash(parse_plan(test::kPlan));
  CHECK(plan_content_hash(parse_plan(replaced(test::kPlan, "2026-01-01", "2027-01-01"))) ==
        hash);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"0.000002", "0.000003"},
           {"USD", "EUR"},
           {"\"search\"", "\"searches\""},
           {"\"query\"", "\"token\""},
           {"{\">\": 500}", "{\">\": 501}"},
           {"\"value\": \"2\"", "\"value\": \"3\""},
           {"grounding", "complexity"}}) {
    CAPTURE(from);
    CHECK(plan_content_hash(parse_plan(replaced(test::kPlan, from, to))) != hash);
  }
}

TEST_CASE("plan: the content hash is that of the encoding in hart-receipt(5)") {
  const RatePlan plan = parse_plan(
      R"({"name":"p","currency":"USD","operations":[{"operation":"search","unit":"query",)"
      R"("base_rate":"0.0005"}],"multipliers":[{"type":"grounding",)"
      R"("criteria":{"evidence":{">=":1}},"value":"2"}]})");
  // Computed from the specification by a program of its own.
  CHECK(to_hex(plan_content_hash(plan)) ==
        "faae1beee489b0703572b4e68b706edccbf44cca5334db9ed92ac9c0d2cf79dc");
}

TEST_CASE("plan: what is wrong is refused by name") {
  for (const auto& [from, to, named] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"\"name\": \"test\", ", "", "name"},
           {"USD", "usd", "currency"},
           {"USD", "XXX", "currency"},
           {"2026-01-01", "soon", "soon"},
           {"\"0.000002\"", "0.000002", "base_rate"},
           {"0.000002", "-0.000002", "negative"},
           {"0.000002", "0.0000021", "decimal places"},
           {"\"value\": \"2\"", "\"value\": \"2.00001\"", "decimal places"},
           {"\"complexity\"", "\"weather\"", "weather"},
           {"\"base_rate\"", "\"baserate\"", "baserate"},
           {"\"criteria\"", "\"criterion\"", "criterion"},
           {"\"multipliers\"", "\"multiplier\"", "multiplier"},
           {"\"operation\": \"search\", \"unit\": \"query\"",
            "\"operation\": \"generate_text\", \"unit\": \"token\"", "twice"},
           {"{\">\": 500}", "{\"over\": 500}", "over"}}) {
    CAPTURE(from);
    CAPTURE(to);
    try {
      (void)parse_plan(replaced(test::kPlan, from, to));
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::data);
      CHECK(std::string{error.what()}.find(named) != std::string::npos);
    }
  }
  CHECK_THROWS_AS((void)parse_plan("{"), Error);
  CHECK_THROWS_AS((void)parse_plan("[]"), Error);
  CHECK_THROWS_AS((void)parse_plan(R"({"name":"n","currency":"USD","operations":[]})"), Error);
}

TEST_CASE("plan: the shipped sample plan is valid") {
  std::ifstream file{std::string{HART_SHARE} + "/plans/sample-plan.json"};
  std::ostringstream text;
  text << file.rdbuf();
  const RatePlan plan = parse_plan(text.str());
  CHECK(plan.operations.size() >= 3);
}

TEST_CASE("plan book: before the first start there is no plan, from then on the latest holds") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  const auto apply = [&](const char* from, const char* rate) {
    return apply_plan(
        store,
        parse_plan(replaced(replaced(test::kPlan, "2026-01-01", from), "0.000002", rate)),
        false);
  };
  CHECK(apply("2026-03-01", "0.000003").plan.version == 1);
  CHECK(apply("2026-01-01", "0.000002").plan.version == 2);
  CHECK(apply("2026-03-01", "0.000004").plan.version == 3);
  const PlanBook book{store};
  CHECK(book.at(parse_time("2026-01-01") - 1) == nullptr);
  REQUIRE(book.at(parse_time("2026-01-01")) != nullptr);
  CHECK(book.at(parse_time("2026-01-01"))->operations[0].base_rate_micros == 2);
  CHECK(book.at(parse_time("2026-03-01") - 1)->operations[0].base_rate_micros == 2);
  CHECK(book.at(parse_time("2026-03-01"))->operations[0].base_rate_micros == 4);
}

TEST_CASE("plan book: applying the same plan twice changes nothing the second time") {
  const test::ScratchStore scratch{test::bill_modules()};
  store::Store store = scratch.open();
  const RatePlan plan = parse_plan(test::kPlan);
  CHECK(apply_plan(store, plan, true).changed);
  CHECK(PlanBook{store}.plans().empty());
  CHECK(apply_plan(store, plan, false).changed);
  CHECK_FALSE(apply_plan(store, plan, false).changed);
  RatePlan now = plan;
  now.effective_from.reset();
  CHECK_FALSE(apply_plan(store, now, false).changed);
  CHECK(PlanBook{store}.plans().size() == 1);
}

TEST_CASE("plan book: a tenant is billed in one currency, and has its own plans") {
  const test::ScratchStore scratch{test::bill_modules()};
  scratch.add_tenant("other");
  store::Store store = scratch.open();
  test::apply_test_plan(store);
  const RatePlan euros = parse_plan(replaced(test::kPlan, "USD", "EUR"));
  CHECK_THROWS_AS((void)apply_plan(store, euros, false), Error);
  store::Store other = scratch.open("other");
  CHECK(PlanBook{other}.plans().empty());
  CHECK(apply_plan(other, euros, false).plan.version == 1);
}

}  // namespace
}  // namespace hart::bill
