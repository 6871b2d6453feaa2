#include "bill/criteria.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hart::bill {
namespace {

UsageRecord with(const char* attributes) {
  UsageRecord record;
  record.source = "test";
  record.event_id = "e";
  record.operation = "generate_text";
  record.unit = "token";
  record.attributes = Json::parse(attributes);
  return record;
}

bool matches(const char* criteria, const char* attributes) {
  const UsageRecord record = with(attributes);
  return Criteria{Json::parse(criteria), "criteria"}.matches(usage_event(record));
}

TEST_CASE("criteria: the empty object always holds") {
  CHECK(matches("{}", "{}"));
  const UsageRecord record = with("{}");
  CHECK(Criteria{}.matches(usage_event(record)));
}

TEST_CASE("criteria: both sides of each limit") {
  CHECK_FALSE(matches(R"({"n": {">": 500}})", R"({"n": 500})"));
  CHECK(matches(R"({"n": {">": 500}})", R"({"n": 501})"));
  CHECK(matches(R"({"n": {">": 500}})", R"({"n": 500.5})"));
  CHECK(matches(R"({"n": {">=": 500}})", R"({"n": 500})"));
  CHECK_FALSE(matches(R"({"n": {">=": 500}})", R"({"n": 499})"));
  CHECK(matches(R"({"n": {"<": 500}})", R"({"n": 499})"));
  CHECK_FALSE(matches(R"({"n": {"<": 500}})", R"({"n": 500})"));
  CHECK(matches(R"({"n": {"<=": 500}})", R"({"n": 500})"));
  CHECK_FALSE(matches(R"({"n": {"<=": 500}})", R"({"n": 501})"));
}

TEST_CASE("criteria: equality, inequality and membership") {
  CHECK(matches(R"({"m": "a"})", R"({"m": "a"})"));
  CHECK_FALSE(matches(R"({"m": "a"})", R"({"m": "b"})"));
  CHECK(matches(R"({"m": {"!=": "a"}})", R"({"m": "b"})"));
  CHECK_FALSE(matches(R"({"m": {"!=": "a"}})", R"({"m": "a"})"));
  CHECK(matches(R"({"m": {"in": ["a", "b"]}})", R"({"m": "b"})"));
  CHECK_FALSE(matches(R"({"m": {"in": []}})", R"({"m": "b"})"));
  CHECK(matches(R"({"b": true})", R"({"b": true})"));
  CHECK_FALSE(matches(R"({"b": true})", R"({"b": 1})"));
}

TEST_CASE("criteria: all keys and all operators must hold") {
  const char* both = R"({"a": {">": 1, "<": 5}, "b": "x"})";
  CHECK(matches(both, R"({"a": 3, "b": "x"})"));
  CHECK_FALSE(matches(both, R"({"a": 5, "b": "x"})"));
  CHECK_FALSE(matches(both, R"({"a": 3, "b": "y"})"));
  CHECK_FALSE(matches(both, R"({"a": 3})"));
}

TEST_CASE("criteria: a missing or null attribute satisfies only exists: false") {
  for (const char* attributes : {"{}", R"({"m": null})"}) {
    CHECK_FALSE(matches(R"({"m": {"!=": "a"}})", attributes));
    CHECK_FALSE(matches(R"({"m": {"<": 1}})", attributes));
    CHECK(matches(R"({"m": {"exists": false}})", attributes));
    CHECK_FALSE(matches(R"({"m": {"exists": true}})", attributes));
  }
  CHECK(matches(R"({"m": {"exists": true}})", R"({"m": 0})"));
}

TEST_CASE("criteria: values of different kinds are unequal and not ordered") {
  CHECK_FALSE(matches(R"({"n": {">": 5}})", R"({"n": "9"})"));
  CHECK_FALSE(matches(R"({"n": {"<": 5}})", R"({"n": "1"})"));
  CHECK(matches(R"({"n": {"!=": 5}})", R"({"n": "5"})"));
  CHECK_FALSE(matches(R"({"n": 5})", R"({"n": [5]})"));
  CHECK(matches(R"({"n": {"exists": true}})", R"({"n": [5]})"));
}

TEST_CASE("criteria: whole numbers are compared exactly beyond what a double can tell apart") {
  CHECK_FALSE(matches(R"({"n": 9007199254740993})", R"({"n": 9007199254740992})"));
  CHECK(matches(R"({"n": {">": 9007199254740992}})", R"({"n": 9007199254740993})"));
  CHECK(matches(R"({"n": 3})", R"({"n": 3.0})"));
}

TEST_CASE("criteria: what is wrong is named by its place") {
  try {
    (void)Criteria{Json::parse(R"({"a/b": {"~": 1}})"), "plan: /multipliers/0/criteria"};
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(std::string{error.what()}.find("/multipliers/0/criteria/a~1b") != std::string::npos);
  }
}

TEST_CASE("criteria: operation and unit are those of the record, whatever its attributes say") {
  CHECK(matches(R"({"operation": "generate_text"})", R"({"operation": "search"})"));
  CHECK(matches(R"({"unit": {"in": ["token"]}})", "{}"));
}

TEST_CASE("criteria: what is no predicate is refused") {
  for (const char* bad :
       {"[]", "3", R"({"a": null})", R"({"a": []})", R"({"a": {}})", R"({"a": {"~": 1}})",
        R"({"a": {">": true}})", R"({"a": {"in": 3}})", R"({"a": {"in": [[1]]}})",
        R"({"a": {"exists": 1}})", R"({"a": {"=": {}}})"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS((Criteria{Json::parse(bad), "criteria"}), Error);
  }
}

}  // namespace
}  // namespace hart::bill
