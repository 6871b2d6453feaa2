#include <array>

#include "prov/cypher/parser.h"

namespace hart::prov::cypher {

namespace {

bool is_quantifier(std::string_view word) {
  return same_word(word, "all") || same_word(word, "any") || same_word(word, "none") ||
         same_word(word, "single");
}

bool is_aggregate(std::string_view word) {
  static constexpr std::array<std::string_view, 10> kNames{
      "count",          "sum",           "avg", "min", "max", "collect", "stdev", "stdevp",
      "percentilecont", "percentiledisc"};
  for (const std::string_view name : kNames)
    if (same_word(name, word)) return true;
  return false;
}

}  // namespace

ExprPtr Parser::named_atom() {
  const std::uint32_t first = at_;
  const std::string& word = peek().text;
  if (peek().kind == TokenKind::name) {
    const auto constant = [&](Value value) {
      ExprPtr expr = make(Op::literal, first);
      expr->value = std::move(value);
      ++at_;
      return finish(std::move(expr));
    };
    if (same_word(word, "true")) return constant(true);
    if (same_word(word, "false")) return constant(false);
    if (same_word(word, "null")) return constant({});
    if (same_word(word, "case")) return case_expression();
    if (same_word(word, "exists") && at_symbol("{", 1)) return exists_subquery();
    if (is_quantifier(word) && at_symbol("(", 1) && at_name(2) && at_word("IN", 3))
      return quantifier();
  }
  std::size_t ahead = 1;
  while (at_symbol(".", ahead) && at_name(ahead + 1)) ahead += 2;
  if (at_symbol("(", ahead)) return function_call();
  ExprPtr expr = make(Op::variable, first);
  expr->name = expect_name("a variable");
  return finish(std::move(expr));
}

ExprPtr Parser::case_expression() {
  ExprPtr expr = make(Op::case_, at_);
  expect_word("CASE");
  if (!at_word("WHEN")) {
    expr->flag = true;
    expr->args.push_back(expression());
  }
  if (!at_word("WHEN")) refuse("WHEN");
  while (skip_word("WHEN")) {
    expr->args.push_back(expression());
    expect_word("THEN");
    expr->args.push_back(expression());
  }
  if (skip_word("ELSE")) expr->args.push_back(expression());
  expect_word("END");
  return finish(std::move(expr));
}

ExprPtr Parser::list_atom() {
  if (at_name(1) && at_word("IN", 2)) return list_comprehension();
  // [(a)-->(b) | ...] and [p = (a)-->(b) | ...]
  const std::uint32_t start = at_;
  at_ += at_name(1) && at_symbol("=", 2) ? 3 : 1;
  const bool is_pattern = pattern_ahead();
  at_ = start;
  if (is_pattern) return pattern_comprehension();
  ExprPtr expr = make(Op::list, at_);
  expect_symbol("[");
  if (!at_symbol("]")) {
    do expr->args.push_back(expression());
    while (skip_symbol(","));
  }
  expect_symbol("]");
  return finish(std::move(expr));
}

ExprPtr Parser::list_comprehension() {
  ExprPtr expr = make(Op::list_comprehension, at_);
  expect_symbol("[");
  expr->name = expect_name("a variable");
  expect_word("IN");
  expr->args.push_back(expression());
  expr->args.push_back(skip_word("WHERE") ? expression() : nullptr);
  expr->args.push_back(skip_symbol("|") ? expression() : nullptr);
  expect_symbol("]");
  return finish(std::move(expr));
}

ExprPtr Parser::pattern_comprehension() {
  ExprPtr expr = make(Op::pattern_comprehension, at_);
  expect_symbol("[");
  expr->pattern = std::make_unique<Pattern>();
  expr->pattern->parts.push_back(pattern_part());
  expr->args.push_back(skip_word("WHERE") ? expression() : nullptr);
  expect_symbol("|");
  expr->args.push_back(expression());
  expect_symbol("]");
  return finish(std::move(expr));
}

ExprPtr Parser::quantifier() {
  ExprPtr expr = make(Op::quantifier, at_);
  expr->names.push_back(lower_case(expect_name("a quantifier")));
  expect_symbol("(");
  expr->name = expect_name("a variable");
  expect_word("IN");
  expr->args.push_back(expression());
  expr->args.push_back(skip_word("WHERE") ? expression() : nullptr);
  expect_symbol(")");
  return finish(std::move(expr));
}

ExprPtr Parser::exists_subquery() {
  ExprPtr expr = make(Op::exists, at_);
  if (++nesting_ > kMaxNesting) refuse("less nesting");
  expect_word("EXISTS");
  expect_symbol("{");
  if (at_symbol("(") || (at_name() && at_symbol("=", 1))) {
    expr->pattern = std::make_unique<Pattern>(pattern());
    expr->args.push_back(skip_word("WHERE") ? expression() : nullptr);
  } else {
    expr->query = std::make_unique<SingleQuery>(single_query(true));
  }
  expect_symbol("}");
  --nesting_;
  return finish(std::move(expr));
}

ExprPtr Parser::function_call() {
  ExprPtr expr = make(Op::call, at_);
  expr->name = expect_name("a function");
  while (skip_symbol(".")) expr->name += "." + expect_name("a function");
  if (is_aggregate(expr->name)) expr->op = Op::aggregate;
  expr->name = lower_case(expr->name);
  expect_symbol("(");
  expr->flag = skip_word("DISTINCT");
  if (expr->op == Op::aggregate && expr->name == "count" && skip_symbol("*")) {
    expr->star = true;
  } else if (!at_symbol(")")) {
    do expr->args.push_back(expression());
    while (skip_symbol(","));
  }
  expect_symbol(")");
  return finish(std::move(expr));
}

ExprPtr Parser::map_literal() {
  ExprPtr expr = make(Op::map, at_);
  expect_symbol("{");
  if (!at_symbol("}")) {
    do {
      expr->names.push_back(expect_name("a key"));
      expect_symbol(":");
      expr->args.push_back(expression());
    } while (skip_symbol(","));
  }
  expect_symbol("}");
  return finish(std::move(expr));
}

}  // namespace hart::prov::cypher
