#include "nn/json_schema.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "nn/grammar_automaton.h"
#include "nn/json_schema_range.h"

namespace hart::nn {
namespace {

Json schema(const std::string& text) {
  return parse_json(text, "schema");
}

bool accepts_text(const std::string& gbnf, const std::string& text) {
  const Grammar grammar = parse_grammar(gbnf);
  GrammarAutomaton automaton{grammar};
  GrammarAutomaton::State state = automaton.start();
  for (const char byte : text) state = automaton.next(state, static_cast<std::uint8_t>(byte));
  return automaton.accepts(state);
}

using Texts = std::vector<std::string>;

/// Checks which texts are in the grammar of the schema.
void check(const std::string& of, const Texts& in, const Texts& out) {
  const std::string gbnf = json_schema_to_gbnf(schema(of));
  CAPTURE(of);
  for (const std::string& text : in) CHECK_MESSAGE(accepts_text(gbnf, text), text);
  for (const std::string& text : out) CHECK_MESSAGE(!accepts_text(gbnf, text), text);
}

std::string refusal(const std::string& of) {
  try {
    (void)parse_grammar(json_schema_to_gbnf(schema(of)));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return {};
}

TEST_CASE("json_schema: any value is JSON and nothing else") {
  check("true",
        {"null", "true", "-0.5e+10", "\"\"", "\"é\\n\\u00e9\\ud83d\\ude00\"", "[]", "{}",
         "[1, [2,\n  3], {}]", "{\"a\":{\"b\": [null]},\"c\":1}"},
        {"", "01", "1.", "+1", "\"", "\"\n\"", "\"\\x\"", "\"\\ud83d\"", "\"\\ude00\"", "[1,]",
         "{\"a\"}", "{a:1}", "nul", "1e999", "[1] ", "\"\xFF\""});
  check("{}", {"1"}, {"x"});
}

TEST_CASE("json_schema: integers within bounds, every one of them and no other") {
  for (const auto& [least, most] : std::vector<std::pair<int, int>>{{0, 0},
                                                                    {0, 9},
                                                                    {0, 10},
                                                                    {1, 99},
                                                                    {7, 312},
                                                                    {99, 101},
                                                                    {-3, 4},
                                                                    {-120, -7},
                                                                    {-100, 0},
                                                                    {100, 999},
                                                                    {109, 1001}}) {
    const std::string gbnf = "root ::= " + integer_range_gbnf(least, most);
    CAPTURE(least);
    CAPTURE(most);
    for (int value = -1200; value <= 1200; ++value)
      if (accepts_text(gbnf, std::to_string(value)) != (least <= value && value <= most))
        FAIL(value);
    for (const char* text : {"-0", "00", "01", "", "-", "1.0"})
      CHECK_FALSE(accepts_text(gbnf, text));
  }
  CHECK(integer_range_gbnf(3, 2).empty());
  check(R"({"type":"integer","minimum":12})", {"12", "99", "100", "9999999999999999"},
        {"11", "0", "-12", "1"});
  check(R"({"type":"integer","maximum":-12})", {"-12", "-100"}, {"-11", "0", "12"});
  check(R"({"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":3})", {"1", "2"},
        {"0", "3"});
  check(R"({"type":"integer","minimum":0,"exclusiveMinimum":0,"maximum":2})", {"1", "2"},
        {"0"});
}

TEST_CASE("json_schema: numbers within bounds, the bounds where they count") {
  check(R"({"type":"number","minimum":0,"maximum":1})", {"0", "1", "0.5", "1.000", "0.0"},
        {"1.001", "-0.5", "-0", "2", "1e1"});
  check(R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1})", {"0.5", "0.01"},
        {"0", "0.0", "1", "1.0", "0.00"});
  check(R"({"type":"number","minimum":-2,"exclusiveMaximum":3})",
        {"-2", "-2.0", "-1.99", "-0.5", "2.99", "0"}, {"-2.01", "3", "3.0", "-3"});
  check(R"({"type":"number","exclusiveMaximum":-2})", {"-2.5", "-3", "-10.25"},
        {"-2", "-2.0", "-1", "2"});
  CHECK(refusal(R"({"type":"number","minimum":0.5})").find("#/minimum") != std::string::npos);
}

TEST_CASE("json_schema: properties come in their order, required ones always") {
  check(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"},
            "c":{"type":"boolean"}},"required":["b"]})",
        {R"({"b":null})", R"({"a": 1, "b": null})", R"({"b":null,"c":true})",
         R"({"a":1,"b":null,"c":false})", "{\n \"b\":null\n}"},
        {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"b":null,})", R"({"b":null,"d":1})",
         R"({"b":null,"b":null})", R"({"a":1 "b":null})"});
  check(R"({"type":"object","properties":{"a":{},"b":{}}})",
        {"{}", R"({"a":1})", R"({"b":1})", R"({"a":1,"b":2})"}, {R"({"b":1,"a":2})"});
  check(R"({"properties":{"q\"":{"const":1}},"required":["q\""]})", {R"({"q\"":1})"}, {"{}"});
}

TEST_CASE("json_schema: additional properties have other names than those of the schema") {
  check(R"({"type":"object","properties":{"ab":{"type":"null"},"a":{"type":"null"}},
            "additionalProperties":{"type":"integer"}})",
        {"{}", R"({"x":1})", R"({"abc":1})", R"({"ab":null,"b":2})", R"({"":1,"é":2})",
         R"({"ab":null,"a":null,"aa":3})"},
        {R"({"ab":1})", R"({"a":1})", R"({"x":null})", R"({"x":1,"ab":null})",
         R"({"\u0061":1})"});
  check(R"({"type":"object","additionalProperties":false})", {"{}", "{ }"}, {R"({"a":1})"});
  check(R"({"type":"object","required":["a"],"additionalProperties":{"type":"integer"}})",
        {R"({"a":1})", R"({"a":1,"b":2})"}, {"{}", R"({"b":2})", R"({"a":null})"});
}

TEST_CASE("json_schema: arrays have as many items, of the schemas of their places") {
  check(R"({"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3})",
        {"[1,2]", "[1, 2,3 ]"}, {"[]", "[1]", "[1,2,3,4]", "[1,null]"});
  check(R"({"type":"array","items":{"type":"integer"},"maxItems":1})", {"[]", "[1]"},
        {"[1,2]"});
  check(R"({"type":"array","prefixItems":[{"type":"null"},{"type":"integer"}]})", {"[null,1]"},
        {"[]", "[null]", "[null,1,2]", "[1,null]"});
  check(R"({"prefixItems":[{"type":"null"}],"items":{"type":"integer"},"maxItems":3})",
        {"[null]", "[null,1,2]"}, {"[null,null]", "[null,1,2,3]"});
  check(R"({"prefixItems":[{"type":"null"}],"items":false})", {"[null]"}, {"[null,1]"});
  check(R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"});
}

TEST_CASE("json_schema: strings by length count characters, escapes as one") {
  check(R"({"type":"string","minLength":2,"maxLength":3})",
        {"\"ab\"", "\"éé漢\"", R"("\n\ud83d\ude00")", R"("\u00e9\"a")"},
        {"\"a\"", "\"abcd\"", R"("\n")"});
}

TEST_CASE("json_schema: a pattern is found in the string, escapes of JSON taken out") {
  check(R"({"pattern":"^[a-c]+\\d{2,3}(x|yz)?$"})", {"\"a12\"", "\"abc123yz\""},
        {"\"a1\"", "\"d12\"", "\"a12xx\"", "\"xa12\"", "12"});
  check(R"({"pattern":"b+|^c$"})", {"\"abba\"", "\"c\"", R"("\nb")"}, {"\"cc\"", "\"\""});
  check(R"({"pattern":"^[\"\\\\\\n]{3}$"})", {R"("\"\\\n")"}, {R"("\"\"")", "\"\"\"\"\""});
  check(R"({"pattern":"^.[^a]\\S\\W(?:q)*?$"})", {R"("\"b!-")", "\"éxy-qq\""},
        {"\"xaxx\"", "\"xb -\"", R"("\nbx-")"});
  check(R"({"pattern":"^\\u00e9\\x41\\/\\.$"})", {"\"éA/.\""}, {"\"éA/x\""});
  for (const char* bad : {"(?=a)", "(?<!a)", "\\\\bx", "\\\\1", "\\\\p{L}", "a^b", "a$b",
                          "(^a)", "(a", "a)", "[a", "*", "a**", "a{2", "[b-a]", "\\\\"}) {
    CAPTURE(bad);
    CHECK(refusal(std::string{R"({"properties":{"p":{"pattern":")"} + bad + "\"}}}")
              .starts_with("json schema: #/properties/p: pattern: "));
  }
}

TEST_CASE("json_schema: formats give dates and times that exist") {
  check(R"({"format":"date"})", {"\"2024-02-29\"", "\"2023-12-31\"", "\"2000-02-29\""},
        {"\"2023-02-29\"", "\"1900-02-29\"", "\"2024-04-31\"", "\"2024-13-01\"",
         "\"2024-00-10\"", "\"24-01-01\""});
  check(R"({"format":"time"})", {"\"23:59:59Z\"", "\"00:00:00.5+02:00\""},
        {"\"24:00:00Z\"", "\"12:60:00Z\"", "\"12:00:00\""});
  check(R"({"format":"date-time"})", {"\"2024-01-31T12:00:00Z\""},
        {"\"2024-01-31 12:00:00Z\""});
  check(R"({"format":"uuid"})", {"\"123e4567-E89b-12d3-a456-426614174000\""},
        {"\"123e4567e89b12d3a456426614174000\""});
  CHECK(refusal(R"({"format":"ipv9"})") ==
        R"(json schema: #: the format "ipv9" is not supported)");
}

TEST_CASE("json_schema: enum and const are their JSON, of the type where one is said") {
  check(R"({"enum":["a",1,null,{"b":[2]}]})", {"\"a\"", "1", "null", R"({"b":[2]})"},
        {"\"b\"", "2", "{}"});
  check(R"({"enum":["a",1,2.0,null],"type":["integer","null"]})", {"1", "null", "2.0"},
        {"\"a\""});
  check(R"({"const":"a\"\\\n"})", {R"("a\"\\\n")"}, {"\"a\""});
  CHECK(refusal(R"({"enum":["a"],"type":"null"})").starts_with("json schema: #: "));
  CHECK(refusal(R"({"enum":["a"],"minLength":1})").find("'minLength'") != std::string::npos);
}

TEST_CASE("json_schema: references are followed, into a recursion too") {
  const std::string tree =
      R"({"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},
      "sub":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["v"]}},
      "$ref":"#/$defs/node"})";
  check(tree, {R"({"v":1})", R"({"v":1,"sub":[{"v":2,"sub":[]},{"v":3}]})"},
        {R"({"v":1,"sub":[{}]})", R"({"v":1,"sub":[1]})"});
  check(R"({"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#"}}]})",
        {"null", "[]", "[null,[[],null]]"}, {"[1]"});
  check(R"({"properties":{"a/b":{"type":"null"},"c":{"$ref":"#/properties/a~1b"}}})",
        {R"({"c":null})"}, {R"({"c":1})"});
  CHECK(refusal(R"({"$ref":"#/$defs/x"})").find("does not exist") != std::string::npos);
  CHECK(refusal(R"({"$ref":"other.json"})").find("points out") != std::string::npos);
  CHECK(refusal(R"({"$ref":"#"})") != "");
  CHECK(refusal(R"({"allOf":[{"$ref":"#"}]})").find("refers to itself") != std::string::npos);
  CHECK(
      refusal(R"({"properties":{"n":{"$ref":"#"}},"required":["n"]})").find("can never end") !=
      std::string::npos);
}

TEST_CASE("json_schema: allOf is one schema that holds what all say") {
  check(R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},
            {"properties":{"a":{"minimum":5},"b":{"type":"null"}},"required":["b"]}]})",
        {R"({"a":5,"b":null})"}, {R"({"a":5})", R"({"b":null})", R"({"a":4,"b":null})"});
  check(R"({"allOf":[{"properties":{"a":{}},"additionalProperties":false},
            {"properties":{"a":{"type":"null"},"b":{}}}]})",
        {"{}", R"({"a":null})"}, {R"({"b":1})", R"({"a":1})"});
  check(R"({"type":["integer","string"],"allOf":[{"type":["number","null"]},{"minimum":3}]})",
        {"3"}, {"2", "null", "\"\"", "3.5"});
  check(R"({"type":"object","properties":{"k":{"type":"null"}},
            "anyOf":[{"required":["k"]},{"properties":{"z":{"type":"integer"}},"required":["z"]}]})",
        {R"({"k":null})", R"({"z":1})", R"({"k":null,"z":1})"}, {"{}"});
  CHECK(refusal(R"({"allOf":[{"type":"null"},{"type":"string"}]})")
            .starts_with("json schema: #"));
  CHECK(refusal(R"({"allOf":[{"pattern":"a"},{"pattern":"b"}]})").find("'pattern'") !=
        std::string::npos);
}

TEST_CASE("json_schema: oneOf wants alternatives that exclude each other") {
  check(R"({"oneOf":[{"type":"integer"},{"type":"string"}]})", {"1", "\"a\""}, {"null"});
  check(R"({"oneOf":[{"enum":[1,2]},{"enum":[3]}]})", {"1", "3"}, {"4"});
  check(R"({"oneOf":[
      {"type":"object","properties":{"k":{"const":"a"},"x":{"type":"null"}},"required":["k","x"]},
      {"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]})",
        {R"({"k":"a","x":null})", R"({"k":"b"})"}, {R"({"k":"a"})", "{}"});
  for (const char* bad :
       {R"({"oneOf":[{"type":"integer"},{"type":"number"}]})",
        R"({"oneOf":[{},{"type":"null"}]})", R"({"oneOf":[{"enum":[1,2]},{"enum":[2]}]})",
        R"({"oneOf":[{"const":1},{"type":"number"}]})",
        R"({"oneOf":[{"properties":{"k":{"const":1}}},{"properties":{"k":{"const":2}}}]})"}) {
    CAPTURE(bad);
    CHECK(refusal(bad).starts_with("json schema: #/oneOf/1: it may overlap with #/oneOf/0"));
  }
}

TEST_CASE("json_schema: what is not supported is refused by its name and its place") {
  for (const char* keyword :
       {"not", "if", "then", "patternProperties", "propertyNames", "minProperties", "contains",
        "multipleOf", "dependentRequired", "unevaluatedProperties", "$anchor", "$dynamicRef",
        "nullable", "additionalItems", "no-such-keyword"}) {
    CAPTURE(keyword);
    const std::string inside = Json{{keyword, 1}}.dump();
    CHECK(refusal(R"({"properties":{"a":{"items":)" + inside + "}}}") ==
          "json schema: #/properties/a/items: the keyword '" + std::string{keyword} +
              "' is not supported");
  }
  CHECK(refusal(R"({"items":{"uniqueItems":true}})") ==
        "json schema: #/items: uniqueItems is not supported");
  for (const char* bad : {"false",
                          "3",
                          R"({"type":"objekt"})",
                          R"({"type":[]})",
                          R"({"type":1})",
                          R"({"properties":5})",
                          R"({"required":"a"})",
                          R"({"required":[1]})",
                          R"({"enum":[]})",
                          R"({"minItems":-1})",
                          R"({"minLength":"a"})",
                          R"({"minimum":"a"})",
                          R"({"anyOf":[]})",
                          R"({"anyOf":5})",
                          R"({"allOf":5})",
                          R"({"oneOf":{}})",
                          R"({"pattern":1})",
                          R"({"prefixItems":[]})",
                          R"({"minItems":3,"maxItems":2})",
                          R"({"minLength":3,"maxLength":2})",
                          R"({"minimum":3,"maximum":2})",
                          R"({"items":false,"minItems":1})",
                          R"({"additionalProperties":false,"required":["a"]})",
                          R"({"properties":{"a":false},"required":["a"]})",
                          R"({"minLength":1,"pattern":"a"})",
                          R"({"properties":{"a":{"$id":"x"}}})"}) {
    CAPTURE(bad);
    CHECK(refusal(bad).starts_with("json schema: #"));
  }
  CHECK(refusal(R"({"$id":"x","$schema":"y","title":"t","description":"d","default":1,
                    "examples":[1],"deprecated":true,"$comment":"c"})") == "");
}

}  // namespace
}  // namespace hart::nn
