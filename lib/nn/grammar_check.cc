#include <algorithm>
#include <functional>

#include "core/error.h"
#include "nn/grammar_syntax.h"

namespace hart::nn {
namespace {

using Kind = GrammarExpression::Kind;
using Facts = std::vector<bool>;  ///< one a rule

void each_rule_in(const GrammarExpression& expression,
                  const std::function<void(std::uint32_t)>& see) {
  if (expression.kind == Kind::rule) see(expression.rule);
  for (const GrammarExpression& part : expression.parts) each_rule_in(part, see);
}

/// True when `expression` can be the empty text, or (with `characters_too`) any text at all,
/// where the rules that are known to be so are `facts`.
bool holds(const GrammarExpression& expression, const Facts& facts, bool characters_too) {
  const auto part_holds = [&](const GrammarExpression& part) {
    return holds(part, facts, characters_too);
  };
  const auto& parts = expression.parts;
  switch (expression.kind) {
    case Kind::characters:
      return characters_too;
    case Kind::sequence:
      return std::all_of(parts.begin(), parts.end(), part_holds);
    case Kind::choice:
      return std::any_of(parts.begin(), parts.end(), part_holds);
    case Kind::repeat:
      return expression.least == 0 || part_holds(parts.front());
    case Kind::rule:
      return facts[expression.rule];
  }
  return false;
}

/// The least fixed point of `holds` over all rules.
Facts facts_of(const GrammarSyntax& syntax, bool characters_too) {
  const std::size_t n = syntax.rules.size();
  std::vector<std::vector<std::uint32_t>> users(n);
  std::vector<std::uint32_t> work;
  for (std::uint32_t i = 0; i < n; ++i) {
    each_rule_in(syntax.rules[i].body, [&](std::uint32_t used) { users[used].push_back(i); });
    work.push_back(i);
  }
  Facts facts(n, false);
  while (!work.empty()) {
    const std::uint32_t rule = work.back();
    work.pop_back();
    if (facts[rule] || !holds(syntax.rules[rule].body, facts, characters_too)) continue;
    facts[rule] = true;
    work.insert(work.end(), users[rule].begin(), users[rule].end());
  }
  return facts;
}

/// Calls `see` with each rule that may be called before a character is read.
void each_first_rule(const GrammarExpression& expression, const Facts& nullable,
                     const std::function<void(std::uint32_t)>& see) {
  if (expression.kind == Kind::rule) see(expression.rule);
  for (const GrammarExpression& part : expression.parts) {
    each_first_rule(part, nullable, see);
    if (expression.kind == Kind::sequence && !holds(part, nullable, false)) return;
  }
}

[[noreturn]] void refuse(const GrammarRule& rule, const char* why) {
  throw Error{Fault::data, "grammar, line " + std::to_string(rule.line) + ": rule '" +
                               rule.name + "' " + why};
}

/// Takes away, again and again, the rules that begin with none of those left: what remains
/// reaches a circle.
void refuse_left_recursion(const GrammarSyntax& syntax) {
  const std::size_t n = syntax.rules.size();
  const Facts nullable = facts_of(syntax, false);
  std::vector<std::vector<std::uint32_t>> firsts(n), users(n);
  std::vector<std::uint32_t> ready;
  std::vector<std::size_t> open(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    each_first_rule(syntax.rules[i].body, nullable, [&](std::uint32_t first) {
      firsts[i].push_back(first);
      users[first].push_back(i);
    });
    open[i] = firsts[i].size();
    if (open[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::uint32_t rule = ready.back();
    ready.pop_back();
    for (const std::uint32_t user : users[rule])
      if (--open[user] == 0) ready.push_back(user);
  }
  for (std::uint32_t rule = 0; rule < n; ++rule) {
    if (open[rule] == 0) continue;
    std::vector<bool> met(n, false);
    while (!met[rule]) {
      met[rule] = true;
      for (const std::uint32_t first : firsts[rule])
        if (open[first] > 0) {
          rule = first;
          break;
        }
    }
    refuse(syntax.rules[rule], "is left-recursive");
  }
}

}  // namespace

void check_grammar(const GrammarSyntax& syntax) {
  refuse_left_recursion(syntax);
  const Facts productive = facts_of(syntax, true);
  for (std::size_t i = 0; i < productive.size(); ++i)
    if (!productive[i]) refuse(syntax.rules[i], "can never end");
}

}  // namespace hart::nn
