#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>

#include "core/json.h"
#include "cypher_fixture.h"
#include "prov/cypher/temporal.h"
#include "prov/export/escape.h"
#include "prov/export/export.h"
#include "prov/export/neo4j_csv.h"
#include "prov/export/svg_text.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

using cypher::List;
using cypher::Map;
using cypher::Value;

std::string in_cypher(const Value& value) {
  std::string out;
  append_cypher(out, value);
  return out;
}

std::string in_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

template <typename Append> std::string appended(Append append, std::string_view text) {
  std::string out;
  append(out, text);
  return out;
}

std::string random_text(std::mt19937& random, unsigned alphabet) {
  std::string text;
  for (unsigned n = random() % 30; n > 0; --n) text += static_cast<char>(random() % alphabet);
  return text;
}

TEST_CASE("export: a value written in Cypher is the same value when it is read again") {
  const double largest = std::numeric_limits<double>::max();
  const std::vector<Value> values{
      true,
      std::int64_t{-7},
      std::numeric_limits<std::int64_t>::max(),
      std::numeric_limits<std::int64_t>::min(),
      0.1,
      -1e-300,
      1e22,
      largest,
      "it's a \\ \"back`slash\"\n\t\x01\x7F",
      List{std::int64_t{1}, std::int64_t{2}},
      List{},
      List{"a;b", "c"},
      cypher::parse_temporal(cypher::TemporalKind::datetime, "2026-11-22T09:30:00.5+01:00"),
      cypher::parse_temporal(cypher::TemporalKind::date, "2024-02-29"),
      cypher::parse_temporal(cypher::TemporalKind::localtime, "23:59"),
      cypher::parse_duration("P1Y2M-3DT4.5S")};
  const cypher::ScratchGraph empty;
  for (const Value& value : values) {
    const std::string literal = in_cypher(value);
    CAPTURE(literal);
    CHECK(cypher::test::rows_of(empty, "RETURN " + literal + " = $value AS same",
                                {{"value", value}})
              .at(0) == "true");
  }
  CHECK(in_cypher(std::numeric_limits<double>::infinity()) == "(1.0/0.0)");
  CHECK(in_cypher(-std::numeric_limits<double>::infinity()) == "(-1.0/0.0)");
  CHECK(in_cypher(std::numeric_limits<double>::quiet_NaN()) == "(0.0/0.0)");
}

TEST_CASE("export: what a property of Neo4j cannot hold is JSON in a string") {
  CHECK(in_cypher(Map{{"a", std::int64_t{1}}}) == "'{\"a\":1}'");
  CHECK(in_cypher(List{List{std::int64_t{1}}}) == "'[[1]]'");
  CHECK(in_cypher(List{std::int64_t{1}, "a"}) == "'[1,\"a\"]'");
  CHECK(in_cypher(List{Value{}}) == "'[null]'");
  CHECK(in_cypher(cypher::Node{7}) == "'{\"node\":7}'");
  CHECK(in_json(cypher::Path{{1, 2}, {{5, 1, 2, 0}}}) ==
        "{\"nodes\":[1,2],\"relationships\":[5]}");
  CHECK(in_json(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  std::string map;
  append_cypher(map, cypher::PropertyRow{{"odd key", true}, {"gone", Value{}}, {"a", 1.0}});
  CHECK(map == "{a: 1.0, `odd key`: true}");
}

TEST_CASE("export: any bytes become JSON that is read back as their UTF-8") {
  std::mt19937 random{1};
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random_text(random, i % 2 == 0 ? 128 : 256);
    const std::string json = appended(append_json_string, text);
    CAPTURE(json);
    std::string clean;
    append_utf8_text(clean, text);
    // dump_json knows UTF-8 by other code; what it kept was right, and every byte of ASCII is.
    CHECK(Json::parse(json).get<std::string>() == clean);
    if (i % 2 == 0) CHECK(clean == text);
    CHECK(Json::parse(dump_json(clean)).get<std::string>() == clean);
  }
}

TEST_CASE("export: broken UTF-8 is replaced once for each maximal part") {
  const auto clean = [](std::string_view text) { return appended(append_utf8_text, text); };
  CHECK(clean("\xC3(") == "\uFFFD(");
  CHECK(clean("\xE2\x82") == "\uFFFD");
  CHECK(clean("\xF0\x9F\x98 ") == "\uFFFD ");
  CHECK(clean("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(clean("\xC0\xAF") == "\uFFFD\uFFFD");
  CHECK(clean("\xF4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(clean("\u00e9\u4e2d\U0001F600") == "\u00e9\u4e2d\U0001F600");
}

TEST_CASE("export: each format escapes what would end its literals") {
  CHECK(appended(append_xml, "<a b=\"1\">&\r\n\t\x01\uFFFE") ==
        "&lt;a b=&quot;1&quot;&gt;&amp;&#13;&#10;&#9;\uFFFD\uFFFD");
  CHECK(appended(append_csv_field, "a\"b\r\n") == "\"a\"\"b\r\n\"");
  CHECK(appended(append_cypher_name, "plain_1") == "plain_1");
  CHECK(appended(append_cypher_name, "1st `\\u0060") == "`1st ``\\u005Cu0060`");
  CHECK(appended(append_dot_string, "a\\N \"&amp;\"\n") == "\"a\\\\N \\\"&amp;amp;\\\"\\n\"");
  CHECK(appended(append_provn_string, "a\"\\\n") == "\"a\\\"\\\\\\n\"");
  CHECK(appended(append_local_name, "-a/b:c.") == "%2Da/b%3Ac%2E");
}

TEST_CASE("neo4j csv: a column has the narrowest type that holds all of its values") {
  const ColumnType integer = column_type(std::int64_t{1});
  const ColumnType floating = column_type(1.5);
  CHECK(integer.name() == "long");
  CHECK(wider(integer, floating).name() == "double");
  CHECK(wider(floating, integer).name() == "double");
  CHECK(wider(integer, column_type(true)).name() == "string");
  CHECK(column_type(List{"a", "b"}).name() == "string[]");
  CHECK(column_type(List{"a;b"}).name() == "string");
  CHECK(column_type(List{""}).name() == "string");
  CHECK(column_type(List{}).name() == "string");
  CHECK(wider(column_type(List{std::int64_t{1}}), column_type(List{1.5})).name() == "double[]");
  CHECK(wider(column_type(List{std::int64_t{1}}), integer).name() == "string");
  CHECK(column_type(cypher::parse_temporal(cypher::TemporalKind::date, "2026-01-01")).name() ==
        "date");
}

TEST_CASE("svg text: lines keep within the width, and what is left out is shown") {
  const std::string text = "one two three four five six seven eight nine ten";
  const auto lines = wrap_text(text, 8, 3);
  REQUIRE(lines.size() == 3);
  for (const std::string& line : lines) CHECK(text_width(line) <= 8);
  CHECK(lines[2].ends_with("\u2026"));
  CHECK(wrap_text("short", 8, 3) == std::vector<std::string>{"short"});
  CHECK(wrap_text("a\n\nb", 8, 9) == std::vector<std::string>{"a", "b"});
  CHECK(wrap_text("", 8, 3).empty());
  std::string joined;
  for (const std::string& line : wrap_text(std::string(100, 'x'), 8, 100)) {
    CHECK(text_width(line) <= 8);
    joined += line;
  }
  CHECK(joined == std::string(100, 'x'));
  // Four bytes each, wider than any letter: no character is cut.
  for (const std::string& line : wrap_text("\U0001F600\U0001F600\U0001F600\U0001F600", 2, 2)) {
    std::string clean;
    append_utf8_text(clean, line);
    CHECK(clean == line);
  }
}

}  // namespace
}  // namespace hart::prov::exports
