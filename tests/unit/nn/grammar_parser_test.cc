#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "nn/grammar.h"
#include "nn/grammar_automaton.h"

namespace hart::nn {
namespace {

bool accepts(const std::string& gbnf, const std::string& text) {
  const Grammar grammar = parse_grammar(gbnf);
  GrammarAutomaton automaton{grammar};
  GrammarAutomaton::State state = automaton.start();
  for (const char byte : text) state = automaton.next(state, static_cast<std::uint8_t>(byte));
  return automaton.accepts(state);
}

std::string refusal(const std::string& gbnf) {
  try {
    (void)parse_grammar(gbnf);
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return {};
}

TEST_CASE("parse_gbnf: literals and their escapes are the characters they name") {
  CHECK(accepts(R"(root ::= "a\"\\\n\t\r\x41\u00e9\U0001F600[")",
                "a\"\\\n\t\rA\u00e9\U0001F600["));
  CHECK(accepts(R"(root ::= "\xE9")", "\u00e9"));
  CHECK(accepts("root ::= \"漢字\"", "漢字"));
  CHECK(accepts("root ::= \"\"", ""));
  CHECK_FALSE(accepts("root ::= \"ab\"", "a"));
  CHECK_FALSE(accepts("root ::= \"ab\"", "abc"));
}

TEST_CASE("parse_gbnf: classes take ranges, negation, escapes, and - at either end") {
  for (const char* text : {"b", "-", "9", "]", "\u00ff"})
    CHECK(accepts(R"(root ::= [-a-c0-9\]\u00e0-\u00ff])", text));
  CHECK_FALSE(accepts(R"(root ::= [-a-c0-9\]\u00e0-\u00ff])", "d"));
  CHECK(accepts("root ::= [a-]", "-"));
  CHECK(accepts("root ::= [a^]", "^"));
  for (const char* text : {"b", "\u00e9", "\n", "\U0010FFFF"})
    CHECK(accepts("root ::= [^a漢]", text));
  for (const char* text : {"a", "漢", "", "bb", "\xED\xA0\x80", "\xC0\xAF", "\x80"})
    CHECK_FALSE(accepts("root ::= [^a漢]", text));
  CHECK(accepts("root ::= .", "\n"));
  CHECK_FALSE(accepts("root ::= .", "\xFF"));
}

TEST_CASE("parse_gbnf: repetitions bind to the item before them, a literal as a whole") {
  CHECK(accepts("root ::= \"ab\"*", "abab"));
  CHECK_FALSE(accepts("root ::= \"ab\"*", "abb"));
  CHECK(accepts("root ::= \"a\" \"b\"+", "abbb"));
  CHECK_FALSE(accepts("root ::= \"a\"+", ""));
  for (int n = 0; n < 8; ++n) {
    CAPTURE(n);
    const std::string text(static_cast<std::size_t>(n), 'a');
    CHECK(accepts("root ::= \"a\"{3}", text) == (n == 3));
    CHECK(accepts("root ::= \"a\"{3,}", text) == (n >= 3));
    CHECK(accepts("root ::= \"a\" {3,5}", text) == (n >= 3 && n <= 5));
    CHECK(accepts("root ::= (\"a\" | \"aa\" \"\"){2}", text) == (n >= 2 && n <= 4));
    CHECK(accepts("root ::= \"a\"{0}", text) == (n == 0));
    CHECK(accepts("root ::= (\"a\"?){2}*", text));
  }
}

TEST_CASE("parse_gbnf: comments, line ends and rules in any order stand where they may") {
  const std::string grammar =
      "# a comment\n"
      "root ::= # another\n"
      "  item   # \"not a literal\n"
      "  | (\n"
      "    other\n"
      "    # inside\n"
      "    | \"c\"\n"
      "  ) \"!\"\n"
      "\r\n"
      "other\n  ::= \"b\"\n"
      "item ::= \"a\"";
  CHECK(accepts(grammar, "a"));
  CHECK(accepts(grammar, "b!"));
  CHECK(accepts(grammar, "c!"));
  CHECK_FALSE(accepts(grammar, "b"));
  CHECK(accepts("root ::= \"a\" |", ""));
}

TEST_CASE("parse_gbnf: what is wrong is refused with its line") {
  CHECK(refusal("root ::= \"a\"\nx ::= y\n") == "grammar, line 2: rule 'y' is not defined");
  CHECK(refusal("x ::= \"a\"\n") == "grammar: there is no rule 'root'");
  CHECK(refusal("").find("no rule 'root'") != std::string::npos);
  CHECK(refusal("root ::= \"a\"\n\nroot ::= \"b\"") ==
        "grammar, line 3: rule 'root' is already defined in line 1");
  CHECK(refusal("root ::= \"a") == "grammar, line 1: the text that begins here is not closed");
  CHECK(refusal("root ::= (\n\"a\"\n") ==
        "grammar, line 1: the group that begins here is not closed");
  for (const char* bad : {"root ::= [a",
                          "root ::= []",
                          "root ::= [b-a]",
                          "root ::= \"\\q\"",
                          "root ::= \"\\u12\"",
                          "root ::= \"\\uD800\"",
                          "root ::= \"\\U00110000\"",
                          "root ::= \"a\"{2,1}",
                          "root ::= \"a\"{",
                          "root ::= \"a\"{x}",
                          "root ::= \"a\"{2",
                          "root ::= \"a\"{9999999}",
                          "root ::= )",
                          "root \"a\"",
                          "::= \"a\"",
                          "root ::= a ::= \"b\"",
                          "root ::= \"\xFF\"",
                          "root ::= *",
                          "root ::= \"a\" | $",
                          "root ::= [\\U00000000-\\U0010FFFF] [^\\U00000000-\\U0010FFFF]",
                          "root ::= \"a\"*****"}) {
    CAPTURE(bad);
    CHECK(refusal(bad).starts_with("grammar, line 1: "));
  }
  CHECK(refusal("root ::= " + std::string(10'000, '(') + "\"a\"" + std::string(10'000, ')')) ==
        "grammar, line 1: groups are nested too deep");
}

TEST_CASE("check_grammar: left recursion is refused, plain, through others and hidden") {
  CHECK(refusal("root ::= root \"a\" | \"b\"") ==
        "grammar, line 1: rule 'root' is left-recursive");
  CHECK(refusal("root ::= \"x\" a\na ::= b \"a\"\nb ::= \"c\" | (a)+")
            .find("is left-recursive") != std::string::npos);
  CHECK(refusal("root ::= n root | \"b\"\nn ::= \"a\"?") ==
        "grammar, line 1: rule 'root' is left-recursive");
  CHECK(refusal("root ::= \"a\"* root | \"b\"") ==
        "grammar, line 1: rule 'root' is left-recursive");
  CHECK(refusal("root ::= \"a\" root | \"b\"").empty());
  CHECK(refusal("root ::= n \"a\" root | \"b\"\nn ::= \"a\"?").empty());
}

TEST_CASE("check_grammar: a rule that can never end is refused") {
  CHECK(refusal("root ::= \"a\"\nx ::= \"b\" x") == "grammar, line 2: rule 'x' can never end");
  CHECK(refusal("root ::= \"a\" y\ny ::= \"(\" root \")\"").find("can never end") !=
        std::string::npos);
  CHECK(refusal("root ::= \"a\" root?").empty());
}

TEST_CASE("Grammar: repetitions of repetitions are refused before they fill the memory") {
  CHECK(accepts("root ::= ((\"a\" \"b\"){0,1000} \"c\"){0,1000}", "abcababcc"));
  CHECK(refusal("root ::= \"ab\"{1000000} \"c\"{1000000}") ==
        "grammar: it is too large when its repetitions are written out");
}

}  // namespace
}  // namespace hart::nn
