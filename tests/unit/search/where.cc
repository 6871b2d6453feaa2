#include "search/where.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace {

using hart::Error;
using hart::search::parse_where;
using hart::search::where_text;
using hart::search::WhereExpression;
using hart::search::WhereValues;
using Kind = WhereExpression::Kind;
using Operator = WhereExpression::Operator;

std::string refusal(const std::string& text) {
  try {
    static_cast<void>(parse_where(text));
  } catch (const Error& error) {
    CHECK(error.fault() == hart::Fault::usage);
    return error.what();
  }
  return "accepted";
}

TEST_CASE("where: and binds before or, not before and, parentheses before all") {
  const auto shape = parse_where("name = \"a\" or kind = \"b\" and not tag = \"c\"");
  REQUIRE(shape.kind == Kind::any);
  REQUIRE(shape.parts.size() == 2);
  CHECK(shape.parts[0].field == "name");
  REQUIRE(shape.parts[1].kind == Kind::all);
  CHECK(shape.parts[1].parts[1].kind == Kind::negation);

  const auto grouped = parse_where("(name = \"a\" or kind = \"b\") and tag = \"c\"");
  REQUIRE(grouped.kind == Kind::all);
  CHECK(grouped.parts[0].kind == Kind::any);
}

TEST_CASE("where: a path into metadata has keys, quoted keys and elements") {
  CHECK(parse_where("metadata.lang = 1").path == "$.\"lang\"");
  CHECK(parse_where("metadata.a.\"b c\"[3].true = 1").path == "$.\"a\".\"b c\"[3].\"true\"");
  CHECK(refusal("metadata.\"a\\\"b\" = 1") ==
        "filter expression, at 10: a key cannot hold \" or \\");
  CHECK(refusal("metadata = 1") ==
        "filter expression, at 10: expected . and a key of the metadata, found '='");
  CHECK(refusal("metadata.a[-1] = 1") ==
        "filter expression, at 12: expected the number of an element, from 0, found '-1'");
}

TEST_CASE("where: values keep their type, and strings what they escape") {
  using Value = WhereExpression::Value;
  const auto value = [](const std::string& text) {
    return parse_where("metadata.x = " + text).values.front();
  };
  CHECK(value("true") == Value{true});
  CHECK(value("null") == Value{nullptr});
  CHECK(value("-12") == Value{std::int64_t{-12}});
  CHECK(value("1.5e-3") == Value{1.5e-3});
  CHECK(value("'it\\'s \"so\" \\\\'") == Value{std::string{"it's \"so\" \\"}});
  CHECK(value("9223372036854775807") == Value{std::int64_t{9223372036854775807}});
  CHECK(refusal("metadata.x = 9223372036854775808").starts_with("filter expression, at 14"));
  CHECK(refusal("metadata.x = 1.e.5").starts_with("filter expression, at 14"));
  CHECK(refusal("metadata.x = 12ab").starts_with("filter expression, at 14"));
  CHECK(refusal("metadata.x = 1e999").starts_with("filter expression, at 14"));
}

TEST_CASE("where: a refusal names the position and what was expected there") {
  CHECK(refusal("") ==
        "filter expression, at 1: expected a field, not, exists or (, found the end");
  CHECK(refusal("name = ") == "filter expression, at 8: expected a value, found the end");
  CHECK(refusal("name = \"a\" kind = \"b\"") ==
        "filter expression, at 12: expected and, or, or the end, found 'kind'");
  CHECK(refusal("(name = \"a\"") == "filter expression, at 12: expected ), found the end");
  CHECK(refusal("name = \"a").starts_with("filter expression, at 8: nothing closes"));
  CHECK(refusal("name ; 1") == "filter expression, at 6: nothing begins with ';'");
  CHECK(refusal("nme = \"a\"").starts_with("filter expression, at 1: expected a field (name,"));
  CHECK(refusal("name in (\"a\", )") ==
        "filter expression, at 15: expected a value, found ')'");
  CHECK(refusal("name in ()") == "filter expression, at 10: expected a value, found ')'");
  CHECK(refusal("name = \"\\n\"") ==
        "filter expression, at 10: expected \", ' or \\ after a \\");
}

TEST_CASE("where: a field is compared with what it can be alone") {
  CHECK(refusal("name = 3") == "filter expression, at 8: expected a string, found '3'");
  CHECK(refusal("version ~ \"1*\"") ==
        "filter expression, at 9: version cannot be compared by ~");
  CHECK(refusal("modality < \"text\"") ==
        "filter expression, at 10: modality cannot be compared by <");
  CHECK(refusal("modality = \"smell\"")
            .starts_with("filter expression, at 12: expected one of image, audio"));
  CHECK(refusal("created > 5") ==
        "filter expression, at 11: expected a time in quotation marks, found '5'");
  CHECK(refusal("created > \"soon\"").starts_with("filter expression, at 11: "));
  CHECK(refusal("metadata.x < true").starts_with("filter expression, at 14: expected a"));
  CHECK(refusal("name contains \"x\"") ==
        "filter expression, at 6: name cannot be compared by contains");
  CHECK(refusal("version >= 2 and size in (1, 2.5)") == "accepted");
}

TEST_CASE("where: what is too long, too deep or too wide is refused, and one less is not") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "version = 1" + std::string(depth, ')');
  };
  CHECK(refusal(nested(hart::search::kMaxWhereDepth - 1)) == "accepted");
  CHECK(refusal(nested(hart::search::kMaxWhereDepth)).find("nested deeper") !=
        std::string::npos);
  const auto wide = [](std::size_t values) {
    std::string text = "version in (1";
    for (std::size_t i = 2; i < values; ++i) text += ",1";
    return text + ")";
  };
  CHECK(refusal(wide(hart::search::kMaxWhereValues)) == "accepted");
  CHECK(refusal(wide(hart::search::kMaxWhereValues + 1)).find("more than 400") !=
        std::string::npos);
  CHECK(refusal("name = \"" + std::string(hart::search::kMaxWhereBytes, 'x') + "\"")
            .find("longer than") != std::string::npos);
  CHECK(refusal("name ~ \"" + std::string(1001, '*') + "\"").find("a pattern of more than") !=
        std::string::npos);
}

TEST_CASE("where: the text of an expression reads as the same expression") {
  for (const char* text :
       {"metadata.lang = \"en\" and (size > 10 or not name ~ \"x*\")",
        "not not exists metadata.a[0].\"b c\"", "name in (\"a\", \"b\\\"\\\\\")",
        "(name = \"a\" or name = \"b\") or (kind = \"c\" and (kind = \"d\" and tag like "
        "\"e\"))",
        "metadata.x contains null or metadata.y != 1.0 or metadata.z = -1e300",
        "not (version = 1 and version = 2)", "modality in ('text', 'code')"}) {
    CAPTURE(text);
    const auto expression = parse_where(text);
    CHECK(parse_where(where_text(expression)) == expression);
  }
  const auto expression = parse_where("metadata.a = 1 and name in ('x', 'y')");
  CHECK(where_text(expression, WhereValues::hidden) == "metadata.\"a\" = ? and name in (?, ?)");
}

}  // namespace
