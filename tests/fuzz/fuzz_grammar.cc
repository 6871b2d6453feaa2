// Any text is refused as bad data or is a grammar: as GBNF, and as a JSON schema that becomes
// one. A grammar leads on from every state that is not dead, allows exactly the tokens whose
// bytes it can read, and what a JSON schema allows is JSON.

#include <memory>
#include <optional>
#include <random>

#include "core/bytes.h"
#include "core/error.h"
#include "core/json.h"
#include "fuzz_check.h"
#include "nn/grammar_constraint.h"
#include "nn/json_schema.h"

namespace {

using namespace hart;
using nn::GrammarAutomaton;

constexpr std::size_t kMemory = std::size_t{8} << 20;

const std::vector<std::string> kPieces{
    "a",   "b",    "\"",   "{",        "}",        "[",    "]",    ":",  ",",
    "0",   "1",    "\\",   "n",        "é",        "\xC3", "\xA9", "ab", "{\"",
    "\":", "true", "null", "\xF0\x9F", "\x98\x80", " ",    "\n",   ""};

std::optional<nn::Grammar> grammar_of(std::string_view text, bool is_schema) {
  try {
    return nn::parse_grammar(is_schema ? nn::json_schema_to_gbnf(parse_json(text, "schema"))
                                       : std::string{text});
  } catch (const Error& error) {
    HART_FUZZ_CHECK(error.fault() == Fault::data);
    return std::nullopt;
  }
}

/// Goes a random way of some bytes; the text, where it ends in the language.
std::optional<std::string> random_text(GrammarAutomaton& automaton, std::mt19937_64& random) {
  std::string text;
  GrammarAutomaton::State state = automaton.start();
  for (int i = 0; i < 60; ++i) {
    state = automaton.trim(state);
    if (automaton.accepts(state) && random() % 3 == 0) return text;
    std::vector<std::uint8_t> ways;
    for (int byte = 0; byte < 256; ++byte)
      if (automaton.next(state, static_cast<std::uint8_t>(byte)) != GrammarAutomaton::kDead)
        ways.push_back(static_cast<std::uint8_t>(byte));
    HART_FUZZ_CHECK(automaton.continues(state) == !ways.empty());
    HART_FUZZ_CHECK(!ways.empty() || automaton.accepts(state));
    if (ways.empty()) return text;
    const std::uint8_t byte = ways[random() % ways.size()];
    state = automaton.next(state, byte);
    text += static_cast<char>(byte);
  }
  if (!automaton.accepts(state)) return std::nullopt;
  return text;
}

void check_masks(const nn::Grammar& grammar, std::mt19937_64& random) {
  static const nn::TokenTrie trie{kPieces, {static_cast<nn::TokenId>(kPieces.size() - 1)}};
  nn::GrammarConstraint constraint{grammar, trie};
  GrammarAutomaton automaton{grammar, kMemory};
  GrammarAutomaton::State state = automaton.start();
  const auto after = [&](const std::string& piece) {
    GrammarAutomaton::State to = state;
    for (const char byte : piece) to = automaton.next(to, static_cast<std::uint8_t>(byte));
    return to;
  };
  for (int step = 0; step < 6; ++step) {
    const nn::TokenMask& mask = constraint.mask();
    std::vector<nn::TokenId> allowed;
    for (std::size_t i = 0; i + 1 < kPieces.size(); ++i) {
      const bool reads = after(kPieces[i]) != GrammarAutomaton::kDead;
      HART_FUZZ_CHECK(mask.allows(static_cast<nn::TokenId>(i)) == reads);
      if (reads) allowed.push_back(static_cast<nn::TokenId>(i));
    }
    HART_FUZZ_CHECK(mask.allows(static_cast<nn::TokenId>(kPieces.size() - 1)) ==
                    automaton.accepts(state));
    if (allowed.empty()) return;
    const nn::TokenId token = allowed[random() % allowed.size()];
    constraint.accept(token);
    state = after(kPieces[static_cast<std::size_t>(token)]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = as_text({data, size});
  for (const bool is_schema : {false, true}) {
    const auto grammar = grammar_of(text, is_schema);
    if (!grammar || grammar->size() > 20'000) continue;
    std::mt19937_64 random{size};
    try {
      GrammarAutomaton automaton{*grammar, kMemory};
      for (int i = 0; i < 3; ++i) {
        const auto found = random_text(automaton, random);
        if (found && is_schema) (void)parse_json(*found, "text");
      }
      if (random() % 4 == 0) check_masks(*grammar, random);
    } catch (const Error& error) {
      // Out of the memory that it was given; what is no JSON says so otherwise.
      HART_FUZZ_CHECK(std::string_view{error.what()}.find("memory") != std::string::npos ||
                      std::string_view{error.what()}.find("MiB") != std::string::npos);
    }
  }
  return 0;
}
