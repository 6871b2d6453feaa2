#include "core/json.h"

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"

namespace hart {
namespace {

std::string nested(int depth, const std::string& innermost) {
  return std::string(static_cast<std::size_t>(depth), '[') + innermost +
         std::string(static_cast<std::size_t>(depth), ']');
}

bool refused(const std::string& text) {
  try {
    (void)parse_json(text, "line 3");
  } catch (const Error& error) {
    CHECK(std::string{error.what()}.starts_with("line 3: "));
    return error.fault() == Fault::data;
  }
  return false;
}

TEST_CASE("json: keys keep their order through reading and writing") {
  const std::string line = R"({"type":"hit","zebra":1,"apple":[true,null,-0.5],"mid":"é"})";
  CHECK(dump_json(parse_json(line, "line")) == line);
}

TEST_CASE("json: 64-bit integers are exact") {
  const std::string line = "[18446744073709551615,-9223372036854775808]";
  CHECK(dump_json(parse_json(line, "line")) == line);
}

TEST_CASE(
    "json: malformed text, trailing text, invalid UTF-8 and numbers too large are refused") {
  for (const char* const bad : {"", "{", "{\"a\":1,}", "[1 2]", "nul", "{} {}", "'a'",
                                "\"\xff\"", "\"\xc0\xaf\"", "\"a\nb\"", "1e999", "01", "NaN"}) {
    CAPTURE(std::string{bad});
    CHECK(refused(bad));
  }
}

TEST_CASE("json: an error tells the byte at which the text goes wrong") {
  CHECK_THROWS_WITH_AS((void)parse_json("{\"a\":!}", "line 3"),
                       "line 3: malformed JSON at byte 6", Error);
}

TEST_CASE("json: 256 levels are read, 257 and a million refused") {
  CHECK_FALSE(refused(nested(256, "1")));
  CHECK(refused(nested(257, "1")));
  CHECK(refused(nested(1'000'000, "1")));
}

TEST_CASE("dump_json: one line whatever the strings hold, invalid UTF-8 replaced") {
  CHECK(dump_json(Json{{"text", "a\nb\x01"}}) == "{\"text\":\"a\\nb\\u0001\"}");
  CHECK(dump_json(Json("a\xff"
                       "b")) ==
        "\"a\xEF\xBF\xBD"
        "b\"");
}

}  // namespace
}  // namespace hart
