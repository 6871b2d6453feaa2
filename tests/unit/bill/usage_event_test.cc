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

TEST_CASE("usage event: what a time says beyond microseconds is cut off") {
  const TimeUs time = parse_time("2026-11-05T10:00:00.123456Z");
  CHECK(parse_event_time("2026-11-05T10:00:00.123456Z") == time);
  CHECK(parse_event_time("2026-11-05T10:00:00.123456999Z") == time);
  CHECK(parse_event_time("2026-11-05T12:00:00.1234569+02:00") == time);
  CHECK(parse_event_time("2026-11-05") == parse_time("2026-11-05"));
  CHECK_THROWS_AS((void)parse_event_time("2026-11-05T10:00:00.123456789"), Error);
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

/// Both ways of reading must say the same, or refuse the same.
void check_read(const std::string& line) {
  CAPTURE(line);
  UsageEventReader reader;
  std::string slow_error;
  UsageRecord record;
  try {
    const Json value = parse_json(line, "malformed line");
    if (!value.is_object()) throw Error{Fault::data, "the line is not a JSON object"};
    record = parse_usage_event(value);
  } catch (const Error& error) {
    slow_error = error.what();
  }
  if (!slow_error.empty()) {
    CHECK_THROWS_WITH_AS((void)reader.read(line), slow_error.c_str(), Error);
    return;
  }
  const UsageEvent& event = reader.read(line);
  CHECK(event.source == record.source);
  CHECK(event.event_id == record.event_id);
  CHECK(event.operation == record.operation);
  CHECK(event.unit == record.unit);
  CHECK(event.units_micros == record.units_micros);
  CHECK(event.time == record.time);
  CHECK(parse_json(event.attributes_json, "attributes") == record.attributes);
  const UsageEvent slow = usage_event(record);
  REQUIRE(event.attributes.size() == slow.attributes.size());
  for (std::size_t i = 0; i < slow.attributes.size(); ++i) {
    CHECK(event.attributes[i].key == slow.attributes[i].key);
    CHECK(event.attributes[i].value.kind == slow.attributes[i].value.kind);
    CHECK(event.attributes[i].value.integer == slow.attributes[i].value.integer);
    CHECK(event.attributes[i].value.real == slow.attributes[i].value.real);
    CHECK(event.attributes[i].value.boolean == slow.attributes[i].value.boolean);
    CHECK(event.attributes[i].value.text == slow.attributes[i].value.text);
  }
}

TEST_CASE("usage event reader: reads and refuses what the reader of everything does") {
  const std::string own = kOwn;
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = own;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  check_read(own);
  for (const char* units :
       {"3", "3.0", "0.1", "-2", "1e3", "1E-3", "0.0000001", "\"1\"", "\"x\"", "null", "true",
        "[]", "01", "9999999999999999999999", "-0"})
    check_read(with("\"2.5\"", units));
  for (const char* id : {"17", "-3", "1.5", "1e3", "\"\"", "\"a\\u00e9\\n\"", "null", "{}",
                         "99999999999999999999"})
    check_read(with("\"e1\"", id));
  for (const char* value :
       {"1", "-1", "1.50", "1e5", "18446744073709551615", "1e400", "true", "false", "null",
        "[1,2]", "{\"a\": [1, {\"b\": null}]}", "\"caf\u00e9\"", "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"", "tru", "\"open", "\"\\x\""})
    check_read(with("\"m\"", value));
  for (const char* attributes : {"{}", "{ \"a\" : 1 , \"b\" : \"x y\" }", "{\"a\":1,\"a\":2}",
                                 "null", "[]", "7", "{\"a\\\"b\":1}", "{\"\":1}", "{\"a\":1,}"})
    check_read(with("{\"model\":\"m\"}", attributes));
  for (const char* text :
       {"", " ", "{", "[]", "7", "{}", "{}{}", "nul", "{\"source\":\"a\"} x"})
    check_read(text);
  check_read(own + own);
  check_read("  " + own + "\t ");
  check_read(with("\"unknown\":1", "\"unknown\":[1]"));
  check_read(with("\"unknown\":1", "\"source\":\"b\""));
  check_read(with("\"unknown\":1", "\"type\":\"b\""));
  check_read(with("\"unknown\":1", "\"specversion\":\"1.0\""));
  for (const char* time : {"yesterday", "2026-11-05T10:00:00.123456789Z",
                           "2026-11-05T10:00:00.1234567+02:00", "2026-11-05T10:00:00.1234567"})
    check_read(with("2026-11-05T10:00:00Z", time));
  for (const char* name : {"app", "e1", "search", "query"})
    check_read(with(name, std::string{"\\u0000"} + name));
  const std::string cloud = R"({"specversion":"1.0","source":"app","id":"e1","type":"search",)"
                            R"("data":{"units":2.5,"unit":"query","model":"m"}})";
  check_read(cloud);
  std::string outside = cloud;
  outside.replace(outside.find("\"unit\":\"query\","), 15, "");
  outside.insert(1, "\"unit\":\"query\",");
  check_read(outside);
}

TEST_CASE("usage event reader: keeps the id as it was written") {
  UsageEventReader reader;
  (void)reader.read(kOwn);
  CHECK(reader.id_json() == "\"e1\"");
  (void)reader.read(R"({"source":"a","id":17,"operation":"o","unit":"u","units":1})");
  CHECK(reader.id_json() == "17");
}

}  // namespace
}  // namespace hart::bill
