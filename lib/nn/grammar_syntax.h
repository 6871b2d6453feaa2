#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hart::nn {

/// Code points, both ends included.
struct CodeRange {
  char32_t first;
  char32_t last;
};

/// What a rule says, as a tree at most kMaxGrammarNesting groups deep.
struct GrammarExpression {
  enum class Kind : std::uint8_t {
    characters,  ///< one character out of `ranges`
    sequence,    ///< all of `parts`, in order; none of them: the empty text
    choice,      ///< one of `parts`
    repeat,      ///< parts[0], `least` to `most` times
    rule,        ///< what rule number `rule` says
  };
  static constexpr std::uint32_t kUnbounded = UINT32_MAX;

  Kind kind = Kind::sequence;
  std::vector<CodeRange> ranges{};  ///< ascending, disjoint, not empty
  std::vector<GrammarExpression> parts{};
  std::uint32_t rule = 0;
  std::uint32_t least = 0;
  std::uint32_t most = kUnbounded;
};

struct GrammarRule {
  std::string name;
  std::size_t line = 0;  ///< where it is defined, from 1
  GrammarExpression body{};
};

/// A grammar as it was written; every rule that is referred to is there.
struct GrammarSyntax {
  std::vector<GrammarRule> rules;
  std::uint32_t root = 0;
};

inline constexpr std::size_t kMaxGrammarBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxGrammarRules = 1 << 16;
inline constexpr std::size_t kMaxGrammarNesting = 200;

/// Reads GBNF, the notation of llama.cpp's grammars: `name ::= expression`, with alternatives
/// `a | b`, groups `( )`, literals `"text"`, classes `[a-z]` and `[^"\\]`, any character `.`,
/// repetitions `* + ? {m} {m,} {m,n}`, comments from `#` to the end of the line. Escapes are
/// `\n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH`; the last three are code points. An
/// expression may go on over several lines; a rule begins on a line of its own. The rule `root`
/// is what is to be generated. Throws Error(data, "grammar, line N: ...").
[[nodiscard]] GrammarSyntax parse_gbnf(std::string_view text);

/// Throws Error(data), naming the rule and its line, when a rule is left-recursive (it could
/// call itself for ever without reading a character) or can never end.
void check_grammar(const GrammarSyntax& syntax);

}  // namespace hart::nn
