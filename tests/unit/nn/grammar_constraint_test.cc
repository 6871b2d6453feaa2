#include "nn/grammar_constraint.h"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "grammar_reference.h"
#include "nn/json_schema.h"
#include "nn/sampler.h"

namespace hart::nn {
namespace {

/// All bytes, and pieces of several characters, some of which begin or end inside one. The last
/// two tokens end a generation; one before them has no text.
struct Pieces {
  std::vector<std::string> texts;
  std::vector<TokenId> ends;

  explicit Pieces(std::vector<std::string> more = {}) {
    for (int byte = 0; byte < 256; ++byte) texts.emplace_back(1, static_cast<char>(byte));
    texts.insert(texts.end(), more.begin(), more.end());
    texts.insert(texts.end(), {"", "", ""});
    ends = {static_cast<TokenId>(texts.size() - 2), static_cast<TokenId>(texts.size() - 1)};
  }
};

/// The mask by its definition: every token's bytes on their own.
TokenMask mask_by_definition(const Grammar& grammar, const Pieces& pieces,
                             const std::string& text) {
  GrammarAutomaton automaton{grammar};
  TokenMask mask{pieces.texts.size()};
  const auto read = [&](GrammarAutomaton::State state, const std::string& bytes) {
    for (const char byte : bytes)
      state = automaton.next(state, static_cast<std::uint8_t>(byte));
    return state;
  };
  const GrammarAutomaton::State state = read(automaton.start(), text);
  for (std::size_t token = 0; token < pieces.texts.size(); ++token)
    if (!pieces.texts[token].empty() &&
        read(state, pieces.texts[token]) != GrammarAutomaton::kDead)
      mask.allow(static_cast<TokenId>(token));
  if (automaton.accepts(state))
    for (const TokenId end : pieces.ends) mask.allow(end);
  return mask;
}

std::vector<TokenId> allowed(const TokenMask& mask, std::size_t n) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < n; ++i)
    if (mask.allows(static_cast<TokenId>(i))) tokens.push_back(static_cast<TokenId>(i));
  return tokens;
}

TEST_CASE("TokenTrie: every token with a text stands once, under its bytes") {
  const Pieces pieces{{"abc", "ab", "abd", "abc", "b\xC3"}};
  const TokenTrie trie{pieces.texts, pieces.ends};
  std::string path;
  std::set<TokenId> seen;
  const auto nodes = trie.nodes();
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    path.resize(nodes[i].depth - 1u);
    path += static_cast<char>(nodes[i].byte);
    for (auto t = nodes[i].first_token; t < nodes[i + 1].first_token; ++t) {
      CHECK(trie.piece(trie.tokens()[t]) == path);
      CHECK(seen.insert(trie.tokens()[t]).second);
    }
    for (std::uint32_t below = static_cast<std::uint32_t>(i) + 1; below < nodes[i].end; ++below)
      CHECK(nodes[below].depth > nodes[i].depth);
    CHECK(nodes[nodes[i].end].depth <= nodes[i].depth);
  }
  CHECK(seen.size() == pieces.texts.size() - 3);
  CHECK(trie.ends_generation(pieces.ends[0]));
  CHECK_FALSE(trie.ends_generation(0));
}

TEST_CASE(
    "GrammarConstraint: its masks are those of one token at a time, for random grammars") {
  std::mt19937_64 random{11};
  const Pieces pieces{{"ab", "ba", "aab", "é", "aé", "\xC3",
                       "\xA9"
                       "a",
                       "漢", "a\xE6\xBC", "\xBC\xA2",
                       "\xA2"
                       "b",
                       "abababab", "bbbbbbbbbb", "漢漢漢", "\xFF"}};
  const TokenTrie trie{pieces.texts, pieces.ends};
  int grammars = 0, masks = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string gbnf = random_gbnf(random);
    std::optional<Grammar> grammar;
    try {
      grammar.emplace(parse_gbnf(gbnf));
    } catch (const Error&) {
      continue;
    }
    ++grammars;
    GrammarConstraint constraint{*grammar, trie};
    for (int run = 0; run < 2; ++run) {
      constraint.reset();
      std::string text;
      for (int step = 0; step < 8; ++step, ++masks) {
        const TokenMask mask = constraint.mask();
        if (!(mask == mask_by_definition(*grammar, pieces, text))) FAIL(gbnf, " after ", text);
        const std::vector<TokenId> tokens = allowed(mask, pieces.texts.size());
        if (tokens.empty()) break;
        const TokenId token = tokens[random() % tokens.size()];
        constraint.accept(token);
        if (trie.ends_generation(token)) break;
        text += pieces.texts[static_cast<std::size_t>(token)];
      }
    }
  }
  CHECK(grammars > 50);
  CHECK(masks > 300);
}

TEST_CASE("GrammarConstraint: a long piece within a string is allowed as its bytes are") {
  // Long common beginnings, so that whole subtrees are allowed at once, but for a few.
  std::vector<std::string> more;
  for (char a = 'a'; a < 'g'; ++a)
    for (char b = 'a'; b < 'g'; ++b)
      for (const char* end : {"", "x", "\"", "\\", "\n", "é", "\\n", "\","})
        more.push_back(std::string("word") + a + b + end);
  const Pieces pieces{more};
  const TokenTrie trie{pieces.texts, pieces.ends};
  const Grammar grammar = parse_grammar(json_schema_to_gbnf(Json(true)));
  GrammarConstraint constraint{grammar, trie};
  std::string text;
  for (const char next : std::string{"{\"some \\u00e9 text\": [\"wordaa"}) {
    CHECK(constraint.mask() == mask_by_definition(grammar, pieces, text));
    constraint.accept(static_cast<unsigned char>(next));
    text += next;
  }
  CHECK(constraint.mask() == mask_by_definition(grammar, pieces, text));
}

TEST_CASE("GrammarConstraint: a generation may end exactly where the text is complete") {
  const Pieces pieces;
  const TokenTrie trie{pieces.texts, pieces.ends};
  const Grammar grammar = parse_grammar("root ::= \"é\" \"b\"?");
  GrammarConstraint constraint{grammar, trie};
  const auto may_end = [&] { return constraint.mask().allows(pieces.ends[0]); };
  CHECK_FALSE(may_end());
  CHECK_THROWS_AS(constraint.accept(pieces.ends[0]), Error);
  CHECK_THROWS_AS(constraint.accept('b'), Error);
  CHECK_THROWS_AS(constraint.accept(256), Error);  // no text
  constraint.accept(0xC3);
  CHECK_FALSE(may_end());
  CHECK_FALSE(constraint.is_complete());
  constraint.accept(0xA9);
  CHECK(may_end());
  CHECK(constraint.is_complete());
  CHECK_FALSE(constraint.is_final());
  constraint.accept('b');
  CHECK(constraint.is_final());
  CHECK(allowed(constraint.mask(), pieces.texts.size()) == pieces.ends);
  constraint.accept(pieces.ends[1]);
  constraint.reset();
  CHECK_FALSE(constraint.is_complete());
}

/// Draws a text from random logits, the sampler told what may come; nothing at `most` tokens.
std::optional<std::string> drawn(const Grammar& grammar, const TokenTrie& trie,
                                 std::uint64_t seed, int most) {
  GrammarConstraint constraint{grammar, trie};
  Sampler sampler{{.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .seed = seed}};
  std::mt19937_64 random{seed};
  std::string text;
  for (int i = 0; i < most && !constraint.is_final(); ++i) {
    std::vector<float> logits(trie.vocab_size());
    for (float& logit : logits) logit = static_cast<float>(random() % 1000) / 200;
    for (const char close : {'"', '}', ']'}) logits[static_cast<unsigned char>(close)] += 4;
    const auto choice = sampler.sample(logits, constraint.mask());
    REQUIRE(choice);
    constraint.accept(choice->token);
    if (trie.ends_generation(choice->token)) return text;
    text += trie.piece(choice->token);
  }
  if (!constraint.is_complete()) return std::nullopt;
  return text;
}

TEST_CASE(
    "GrammarConstraint: whatever the logits, what is drawn under the JSON grammar is JSON") {
  const Pieces pieces{{"\":", "{\"", "},", "[[", "true", " \"", "12", "0.5", "e+", "null,",
                       "\\u", "\\ud83d", "\\\"", "é", "\xF0\x9F", "ab\"}"}};
  const TokenTrie trie{pieces.texts, pieces.ends};
  const Grammar grammar = parse_grammar(json_schema_to_gbnf(Json(true)));
  int complete = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto text = drawn(grammar, trie, seed, 200);
    if (!text) continue;
    ++complete;
    CAPTURE(*text);
    CHECK_NOTHROW((void)parse_json(*text, "drawn"));
  }
  CHECK(complete > 200);
}

}  // namespace
}  // namespace hart::nn
