#include <doctest/doctest.h>

#include "cypher_fixture.h"

namespace hart::prov::cypher {
namespace {

using test::error_of;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("cypher: a syntax error names line, column and expectation") {
  CHECK(error_of("MATCH (a)\nRETURN a.") ==
        "2:10: expected a property's key, found the end of the query (SyntaxError: "
        "UnexpectedSyntax)");
  CHECK(error_of("MATCH (a RETURN a") ==
        "1:10: expected `)`, found `RETURN` (SyntaxError: UnexpectedSyntax)");
  CHECK(error_of("MATCH (a)") ==
        "1:1: expected the query to end in RETURN, not in this clause (SyntaxError: "
        "InvalidClauseComposition)");
}

TEST_CASE("cypher: names are checked before any row is read") {
  CHECK(error_of("MATCH (a) RETURN b") ==
        "1:18: `b` is not defined (SyntaxError: UndefinedVariable)");
  CHECK(error_of("MATCH (a) WITH a.x AS x RETURN a") ==
        "1:32: `a` is not defined (SyntaxError: UndefinedVariable)");
  CHECK(error_of("MATCH ()-[r]->() MATCH (r) RETURN r") ==
        "1:24: `r` is not a node (SyntaxError: VariableTypeConflict)");
  CHECK(error_of("RETURN nothing(1)") ==
        "1:8: there is no function `nothing` (SyntaxError: UnknownFunction)");
}

TEST_CASE("cypher: what reads is all that the language has outside of the scratch graph") {
  for (const char* text : {"CREATE (a)", "MATCH (a) DELETE a", "MATCH (a) SET a.x = 1 RETURN a",
                           "MERGE (a)", "CALL db.labels()", "MATCH (a) REMOVE a.x"}) {
    CAPTURE(text);
    CHECK(error_of(text) != "");
  }
}

TEST_CASE("cypher: an error of a value is data and says where") {
  const ScratchGraph empty;
  Budget budget;
  try {
    Query{"RETURN\n  1 / 0"}.run(empty, {}, budget,
                                 [](std::span<const Value>) { return true; });
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()} ==
          "2:3: division by zero (ArithmeticError: DivisionByZero)");
  }
  CHECK(error_of("RETURN 9223372036854775807 + 1") ==
        "1:8: the result does not fit in 64 bits (ArithmeticError: IntegerOverflow)");
  CHECK(error_of("RETURN -9223372036854775808 / -1").find("IntegerOverflow") !=
        std::string::npos);
  CHECK(error_of("RETURN -9223372036854775808 % -1") == "");
  CHECK(error_of("RETURN date('2015-02-30')") ==
        "1:8: day 30 is not in 1 to 28 (ArgumentError: InvalidArgumentValue)");
}

TEST_CASE("cypher: a parameter that is not given is an error of the call") {
  CHECK(error_of("MATCH (a) RETURN $p") ==
        "1:18: expected a value of $p (ParameterMissing: MissingParameter)");
}

TEST_CASE("cypher: nesting, chains, length and patterns are bounded") {
  CHECK(error_of("RETURN " + repeated("(", 90) + "1" + repeated(")", 90)) == "");
  CHECK(error_of("RETURN " + repeated("(", 20'000) + "1" + repeated(")", 20'000)) != "");
  CHECK(error_of("RETURN 1" + repeated(" + 1", 400)) == "");
  CHECK(error_of("RETURN 1" + repeated(" + 1", 10'000)) != "");
  CHECK(error_of("RETURN true" + repeated(" AND true", 5'000)) == "");
  CHECK(error_of("MATCH ()" + repeated("--()", 390) + " RETURN 1") == "");
  CHECK(error_of("MATCH ()" + repeated("--()", 4'000) + " RETURN 1") != "");
  CHECK(error_of("RETURN '" + repeated("x", 70'000) + "'") != "");
  CHECK(error_of("UNWIND [[1]] AS x" + repeated(" WITH [[[x]]] AS x", 300) + " RETURN x") ==
        "a value nests deeper than 500 lists and maps");
}

}  // namespace hart::prov::cypher
