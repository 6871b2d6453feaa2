#include "nn/grammar_automaton.h"

#include <doctest/doctest.h>

#include <optional>
#include <random>

#include "core/error.h"
#include "grammar_reference.h"
#include "nn/grammar_utf8.h"

namespace hart::nn {
namespace {

GrammarAutomaton::State after(GrammarAutomaton& automaton, const std::string& text) {
  GrammarAutomaton::State state = automaton.start();
  for (const char byte : text) state = automaton.next(state, static_cast<std::uint8_t>(byte));
  return state;
}

TEST_CASE("utf8_sequences: give the UTF-8 of the range and nothing else") {
  for (const auto& [first, last] :
       std::vector<std::pair<char32_t, char32_t>>{{0, 0x10FFFF},
                                                  {0x7F, 0x80},
                                                  {0x7FF, 0x800},
                                                  {0xD000, 0xE001},
                                                  {0xFFFF, 0x10000},
                                                  {0x41, 0x41},
                                                  {0x6F22, 0x6F22},
                                                  {0x3A9, 0x1F601},
                                                  {0xD7FF, 0xE000}}) {
    CAPTURE(static_cast<std::uint32_t>(first));
    const auto sequences = utf8_sequences(first, last);
    const auto matches = [&](const std::string& bytes) {
      int count = 0;
      for (const ByteSequences& one : sequences) {
        bool all = one.size == bytes.size();
        for (std::size_t i = 0; all && i < bytes.size(); ++i) {
          const auto byte = static_cast<std::uint8_t>(bytes[i]);
          all = one.ranges[i].first <= byte && byte <= one.ranges[i].last;
        }
        count += all;
      }
      return count;
    };
    for (char32_t value = 0; value <= 0x10FFFF; value += value < 0x11000 ? 1 : 97) {
      if (value >= 0xD800 && value <= 0xDFFF) continue;
      std::string bytes;
      formats::append_utf8(bytes, value);
      if (matches(bytes) != (first <= value && value <= last)) FAIL(static_cast<long>(value));
    }
    CHECK(matches("\xED\xA0\x80") == 0);
    CHECK(matches("\xC1\x81") == 0);
  }
}

TEST_CASE("GrammarAutomaton: accepts what the definition accepts, for random grammars") {
  std::mt19937_64 random{7};
  const std::vector<std::string> letters{"a", "b", "é", "漢"};
  int tried = 0, accepted = 0, rejected = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string gbnf = random_gbnf(random);
    const GrammarSyntax syntax = parse_gbnf(gbnf);
    std::optional<Grammar> grammar;
    try {
      grammar.emplace(syntax);
    } catch (const Error&) {
      continue;  // left-recursive or endless
    }
    ++tried;
    GrammarAutomaton automaton{*grammar};
    for (int j = 0; j < 40; ++j) {
      std::string text;
      for (std::uint64_t k = 0, n = random() % 7; k < n; ++k) text += letters[random() % 4];
      const bool expected = GrammarReference{syntax, text}.accepts();
      if (automaton.accepts(after(automaton, text)) != expected)
        FAIL(gbnf, "\n", text, " is ", expected ? "in" : "not in", " the language");
      ++(expected ? accepted : rejected);
    }
  }
  CHECK(tried > 300);
  CHECK(accepted > 1000);
  CHECK(rejected > 1000);
}

TEST_CASE("GrammarAutomaton: a state is dead exactly when nothing accepted begins so") {
  std::mt19937_64 random{8};
  const std::vector<std::string> letters{"a", "b", "é", "漢"};
  for (int i = 0; i < 400; ++i) {
    const GrammarSyntax syntax = parse_gbnf(random_gbnf(random));
    std::optional<Grammar> grammar;
    try {
      grammar.emplace(syntax);
    } catch (const Error&) {
      continue;
    }
    GrammarAutomaton automaton{*grammar};
    // From any state that is not dead, some way leads to an accepted text.
    GrammarAutomaton::State state = automaton.start();
    for (int j = 0; j < 12; ++j) {
      std::vector<GrammarAutomaton::State> next;
      for (int byte = 0; byte < 256; ++byte) {
        const auto to = automaton.next(state, static_cast<std::uint8_t>(byte));
        if (to != GrammarAutomaton::kDead) next.push_back(to);
      }
      CHECK(automaton.continues(state) == !next.empty());
      if (next.empty()) {
        CHECK(automaton.accepts(state));
        break;
      }
      state = next[random() % next.size()];
    }
  }
}

TEST_CASE("GrammarAutomaton: right recursion and loops need no more states for longer texts") {
  for (const char* gbnf : {"root ::= \"a\" root | \"\"", "root ::= (\"a\" x)*\nx ::= \"a\"?"}) {
    const Grammar grammar = parse_grammar(gbnf);
    GrammarAutomaton automaton{grammar, 1 << 16};
    const auto state = after(automaton, std::string(100, 'a'));
    CHECK(after(automaton, std::string(100'000, 'a')) == state);
    CHECK(automaton.accepts(state));
    CHECK((automaton.loops(state) >> grammar.class_of('a') & 1) == 1);
    CHECK((automaton.loops(state) >> grammar.class_of('b') & 1) == 0);
  }
}

TEST_CASE("GrammarAutomaton: an ambiguous grammar costs its distinct stacks, not its parses") {
  // 2^n ways to read n letters, two stacks.
  const Grammar grammar = parse_grammar(
      "root ::= x*\nx ::= y | z\ny ::= \"a\"\nz ::= \"a\" | \"a\" \"a\" | \"a\" \"a\" \"a\"");
  GrammarAutomaton automaton{grammar, 1 << 20};
  CHECK(automaton.accepts(after(automaton, std::string(5000, 'a'))));
  // 2^n stacks, were those of calls at one place not one.
  const Grammar pairs =
      parse_grammar("root ::= \"(\" root \")\" | \"(\" root \",\" root \")\" | \"x\"");
  GrammarAutomaton sharing{pairs, 1 << 20};
  const std::string deep(300, '('), close(300, ')');
  CHECK(sharing.accepts(after(sharing, deep + "x" + close)));
  CHECK(sharing.accepts(after(sharing, "(" + deep + "x" + close + ",x)")));
  CHECK_FALSE(sharing.accepts(after(sharing, deep + "x," + close)));
}

TEST_CASE("GrammarAutomaton: memory is bounded, and a text too deep for it is refused") {
  const Grammar nested = parse_grammar("root ::= \"[\" root? \"]\"");
  GrammarAutomaton small{nested, 1 << 20};
  GrammarAutomaton::State state = small.start();
  const auto push = [&](int depth) {
    for (int i = 0; i < depth; ++i) state = small.next(small.trim(state), '[');
  };
  push(1000);
  CHECK_FALSE(small.accepts(state));
  CHECK_THROWS_AS(push(1'000'000), Error);
  // One that forgets: there is room for any length when few stacks are alive.
  const Grammar list = parse_grammar("root ::= (\"[\" [0-9]{1,5000} \"]\")*");
  GrammarAutomaton forgetting{list, 1 << 17};
  state = forgetting.start();
  const std::uint64_t before = forgetting.generation();
  for (int i = 0; i < 9000; ++i) {
    state = forgetting.trim(state);
    state = forgetting.next(state, i % 4000 == 0 ? '[' : i % 4000 == 3999 ? ']' : '7');
    REQUIRE(state != GrammarAutomaton::kDead);
  }
  CHECK(forgetting.generation() > before);
  // Each letter may open a level: as many stacks as letters.
  const Grammar ambiguous = parse_grammar("root ::= \"a\" root root | \"a\"");
  GrammarAutomaton ways{ambiguous, 1 << 20};
  state = ways.start();
  const auto read = [&] {
    for (int i = 0; i < 100'000; ++i) state = ways.next(ways.trim(state), 'a');
  };
  CHECK_THROWS_AS(read(), Error);
}

}  // namespace
}  // namespace hart::nn
