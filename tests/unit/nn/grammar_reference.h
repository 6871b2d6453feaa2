#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "formats/utf8.h"
#include "nn/grammar_syntax.h"

namespace hart::nn {

/// Matches by the definition, over code points: the set of places where an expression that
/// begins at a place can end. Slow, and for grammars without left recursion only.
class GrammarReference {
 public:
  GrammarReference(const GrammarSyntax& syntax, const std::string& text)
      : syntax_{syntax}, text_{formats::to_utf32(text)} {}

  [[nodiscard]] bool accepts() const {
    return ends(syntax_.rules[syntax_.root].body, 0).contains(text_.size());
  }

 private:
  using Places = std::set<std::size_t>;
  using Kind = GrammarExpression::Kind;

  [[nodiscard]] const Places& ends(const GrammarExpression& expression, std::size_t at) const {
    const auto key = std::pair{&expression, at};
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    return known_[key] = find_ends(expression, at);
  }

  [[nodiscard]] Places find_ends(const GrammarExpression& expression, std::size_t at) const {
    switch (expression.kind) {
      case Kind::characters:
        for (const CodeRange& range : expression.ranges)
          if (at < text_.size() && range.first <= text_[at] && text_[at] <= range.last)
            return {at + 1};
        return {};
      case Kind::rule:
        return ends(syntax_.rules[expression.rule].body, at);
      case Kind::choice: {
        Places all;
        for (const GrammarExpression& part : expression.parts) add(ends(part, at), all);
        return all;
      }
      case Kind::sequence: {
        Places places{at};
        for (const GrammarExpression& part : expression.parts) places = after(part, places);
        return places;
      }
      case Kind::repeat:
        return repeated(expression, at);
    }
    return {};
  }

  static void add(const Places& some, Places& all) { all.insert(some.begin(), some.end()); }

  [[nodiscard]] Places after(const GrammarExpression& part, const Places& places) const {
    Places next;
    for (const std::size_t place : places) add(ends(part, place), next);
    return next;
  }

  [[nodiscard]] Places repeated(const GrammarExpression& expression, std::size_t at) const {
    Places places{at};
    for (std::uint32_t i = 0; i < expression.least; ++i)
      places = after(expression.parts.front(), places);
    Places all = places;
    // More rounds than there are characters add nothing.
    for (std::uint32_t i = expression.least; i < expression.most && i <= text_.size() + 1;
         ++i) {
      places = after(expression.parts.front(), places);
      add(places, all);
    }
    return all;
  }

  const GrammarSyntax& syntax_;
  std::u32string text_;
  mutable std::map<std::pair<const GrammarExpression*, std::size_t>, Places> known_;
};

/// A grammar of a few rules over the letters a, b, é and 漢, as GBNF: it may be left-recursive
/// or endless.
inline std::string random_gbnf(std::mt19937_64& random) {
  const auto pick = [&](std::uint64_t n) { return random() % n; };
  const std::vector<std::string> characters{"\"a\"",  "\"b\"",        "\"é\"",       "\"漢\"",
                                            "[ab]",   "[^a]",         "[a-b漢]",     ".",
                                            "\"ab\"", "\"\\u00e9a\"", "[^b\\u6f22]", "\"\""};
  const std::vector<std::string> rules{"root", "x", "y", "z"};
  const auto item = [&](std::size_t rule, const auto& self, int depth) -> std::string {
    std::string out;
    const std::uint64_t kind = pick(10);
    if (kind < 5 || depth > 2) {
      out = characters[pick(characters.size())];
    } else if (kind < 8) {
      // Later rules mostly, so that many grammars are not left-recursive.
      out = rules[pick(8) == 0 ? pick(4) : std::min<std::size_t>(3, rule + 1 + pick(2))];
      if (out == rules[rule] && rule == 3) out = "\"b\"";
    } else {
      out = "(" + self(rule, self, depth + 1) + (pick(2) == 0 ? " | " : " ") +
            self(rule, self, depth + 1) + ")";
    }
    const std::vector<std::string> repeats{"",  "",  "",    "",     "*",
                                           "+", "?", "{2}", "{1,}", "{0,2}"};
    return out + repeats[pick(repeats.size())];
  };
  std::string text;
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    text += rules[rule] + " ::= ";
    for (std::uint64_t i = 0, n = 1 + pick(3); i < n; ++i) {
      if (i > 0) text += " | ";
      for (std::uint64_t j = 0, m = 1 + pick(3); j < m; ++j) text += item(rule, item, 0) + " ";
    }
    text += "\n";
  }
  return text;
}

}  // namespace hart::nn
