#include "bill/usage_event.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hart::bill {
namespace {

UsageRecord parse(const char* text) {
  return parse_usage_event(Json::parse(text));
}

constexpr const char* kOwn =
    R"({"source":"app","id":"e1","operation":"search","units":"2.5","unit":"query",)"
    R"("time":"2026-11-05T10:00:00Z","attributes":{"model":"m"},"unknown":1})";

TEST_CASE("usage event: our own form") {
  const UsageRecord record = parse(kOwn);
  CHECK(record.source == "app");
  CHECK(record.event_id == "e1");
  CHECK(record.operation == "search");
  CHECK(record.units_micros == 2'500'000);
  CHECK(record.unit == "query");
  CHECK(record.time == parse_time("2026-11-05T10:00:00Z"));
  CHECK(record.attributes == Json{{"model", "m"}});
}

TEST_CASE("usage event: a CloudEvents envelope says the same") {
  const UsageRecord record =
      parse(R"({"specversion":"1.0","source":"app","id":"e1","type":"search",)"
            R"("time":"2026-11-05T10:00:00Z","datacontenttype":"application/json",)"
            R"("data":{"units":2.5,"unit":"query","model":"m"}})");
  const UsageRecord own = parse(kOwn);
  CHECK(record.source == own.source);
  CHECK(record.event_id == own.event_id);
  CHECK(record.operation == own.operation);
  CHECK(record.units_micros == own.units_micros);
  CHECK(record.unit == own.unit);
  CHECK(record.time == own.time);
  CHECK(record.attributes == own.attributes);
}

TEST_CASE("usage event: units are exact whether a number or a text") {
  const auto units = [](const std::string& value) {
    return parse((R"({"source":"a","id":1,"operation":"o","unit":"u","units":)" + value + "}")
                     .c_str())
        .units_micros;
  };
  CHECK(units("3") == 3'000'000);
  CHECK(units("3.0") == 3'000'000);
  CHECK(units("0.1") == 100'000);
  CHECK(units("\"0.000001\"") == 1);
  CHECK(units("-2") == -2'000'000);
  CHECK_THROWS_AS((void)units("\"0.0000001\""), Error);
  CHECK_THROWS_AS((void)units("0.00000012"), Error);
  CHECK_THROWS_AS((void)units("1e30"), Error);
  CHECK_THROWS_AS((void)units("null"), Error);
  CHECK_THROWS_AS((void)units("true"), Error);
}

TEST_CASE("usage event: without a time it is left open, a whole number is an id") {
  const UsageRecord record =
      parse(R"({"source":"a","id":17,"operation":"o","unit":"u","units":1})");
  CHECK(record.time == 0);
  CHECK(record.event_id == "17");
  CHECK(record.attributes.empty());
}

TEST_CASE("usage event: what is missing or of the wrong kind is refused") {
  for (const char* bad :
       {"[]", "{}", R"({"source":"a","id":1,"operation":"o","unit":"u"})",
        R"({"source":"","id":1,"operation":"o","unit":"u","units":1})",
        R"({"source":"a","id":1.5,"operation":"o","unit":"u","units":1})",
        R"({"source":"a","id":1,"operation":3,"unit":"u","units":1})",
        R"({"source":"a","id":1,"operation":"o","unit":"u","units":1,"time":"yesterday"})",
        R"({"source":"a","id":1,"operation":"o","unit":"u","units":1,"attributes":[]})",
        R"({"specversion":"0.3","source":"a","id":1,"type":"o","data":{"units":1,"unit":"u"}})",
        R"({"specversion":"1.0","source":"a","id":1,"type":"o"})",
        R"({"specversion":"1.0","source":"a","id":1,"type":"o","data":"x"})"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)parse(bad), Error);
  }
}

}  // namespace
}  // namespace hart::bill
