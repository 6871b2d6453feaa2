#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "prov/cypher/parser.h"

namespace hart::prov::cypher {

namespace {

/// The magnitude of an integer literal; saturates at the largest of 64 bits.
std::uint64_t literal_magnitude(const std::string& text) {
  const bool hex = text.starts_with("0x");
  const bool octal = text.starts_with("0o");
  errno = 0;
  const char* digits = text.c_str() + (hex || octal ? 2 : 0);
  const std::uint64_t value = std::strtoull(digits, nullptr, hex ? 16 : octal ? 8 : 10);
  return errno == ERANGE ? std::numeric_limits<std::uint64_t>::max() : value;
}

/// Words that begin or join clauses and so are no variables.
bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 27> kWords{
      "MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN", "WHERE", "ORDER",  "SKIP",   "LIMIT",
      "UNION", "AND",      "OR",     "XOR",  "NOT",    "IN",    "IS",     "AS",     "ASC",
      "DESC",  "DISTINCT", "WHEN",   "THEN", "ELSE",   "END",   "CREATE", "STARTS", "ENDS"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view one) { return same_word(one, word); });
}

}  // namespace

ExprPtr Parser::make(Op op, std::uint32_t first) const {
  auto expr = std::make_unique<Expr>();
  expr->op = op;
  expr->first_token = first;
  expr->at = statement_.tokens[std::min<std::size_t>(first, statement_.tokens.size() - 1)].at;
  return expr;
}

ExprPtr Parser::finish(ExprPtr expr) const {
  expr->last_token = at_;
  for (const ExprPtr& arg : expr->args)
    if (arg) expr->depth = std::max(expr->depth, arg->depth + 1);
  if (expr->depth > kMaxDepth)
    fail_syntax(expr->at, "UnexpectedSyntax",
                "expected at most " + std::to_string(kMaxDepth) + " operators in each other");
  return expr;
}

ExprPtr Parser::binary(Op op, std::uint32_t first, ExprPtr left, ExprPtr right) const {
  ExprPtr expr = make(op, first);
  expr->at = left->at;
  expr->args.push_back(std::move(left));
  expr->args.push_back(std::move(right));
  return finish(std::move(expr));
}

ExprPtr Parser::expression() {
  if (++nesting_ > kMaxNesting) refuse("less nesting");
  ExprPtr expr = logical(Op::or_, "OR", &Parser::xor_expression);
  --nesting_;
  return expr;
}

ExprPtr Parser::logical(Op op, std::string_view word, ExprPtr (Parser::*operand)()) {
  const std::uint32_t first = at_;
  ExprPtr left = (this->*operand)();
  if (!at_word(word)) return left;
  ExprPtr expr = make(op, first);
  expr->args.push_back(std::move(left));
  while (skip_word(word)) expr->args.push_back((this->*operand)());
  return finish(std::move(expr));
}

ExprPtr Parser::xor_expression() {
  return logical(Op::xor_, "XOR", &Parser::and_expression);
}
ExprPtr Parser::and_expression() {
  return logical(Op::and_, "AND", &Parser::not_expression);
}

ExprPtr Parser::not_expression() {
  const std::uint32_t first = at_;
  if (!skip_word("NOT")) return comparison();
  if (++nesting_ > kMaxNesting) refuse("less nesting");
  ExprPtr expr = make(Op::not_, first);
  expr->args.push_back(not_expression());
  --nesting_;
  return finish(std::move(expr));
}

ExprPtr Parser::comparison() {
  static constexpr std::array<std::string_view, 6> kOperators{"=", "<>", "<", ">", "<=", ">="};
  const std::uint32_t first = at_;
  ExprPtr left = predicate();
  const auto at_operator = [&] {
    return std::any_of(kOperators.begin(), kOperators.end(),
                       [&](std::string_view symbol) { return at_symbol(symbol); });
  };
  if (!at_operator()) return left;
  ExprPtr expr = make(Op::compare, first);
  expr->args.push_back(std::move(left));
  while (at_operator()) {
    expr->names.push_back(statement_.tokens[at_++].text);
    expr->args.push_back(predicate());
  }
  return finish(std::move(expr));
}

ExprPtr Parser::predicate() {
  const std::uint32_t first = at_;
  ExprPtr left = sum();
  while (predicate_tail(left, first)) continue;
  return left;
}

bool Parser::predicate_tail(ExprPtr& left, std::uint32_t first) {
  const auto with_right = [&](Op op) {
    ExprPtr right = sum();
    left = binary(op, first, std::move(left), std::move(right));
    return true;
  };
  if (skip_word("IN")) return with_right(Op::in);
  if (skip_word("CONTAINS")) return with_right(Op::contains);
  if (skip_symbol("=~")) return with_right(Op::matches);
  if (at_word("STARTS") || at_word("ENDS")) {
    const Op op = at_word("STARTS") ? Op::starts_with : Op::ends_with;
    ++at_;
    expect_word("WITH");
    return with_right(op);
  }
  if (!skip_word("IS")) return false;
  ExprPtr expr = make(skip_word("NOT") ? Op::is_not_null : Op::is_null, first);
  expect_word("NULL");
  expr->args.push_back(std::move(left));
  left = finish(std::move(expr));
  return true;
}

ExprPtr Parser::sum() {
  const std::uint32_t first = at_;
  ExprPtr left = product();
  while (at_symbol("+") || at_symbol("-")) {
    const Op op = at_symbol("+") ? Op::add : Op::subtract;
    ++at_;
    ExprPtr right = product();
    left = binary(op, first, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::product() {
  const std::uint32_t first = at_;
  ExprPtr left = power();
  while (at_symbol("*") || at_symbol("/") || at_symbol("%")) {
    const Op op = at_symbol("*") ? Op::multiply : at_symbol("/") ? Op::divide : Op::modulo;
    ++at_;
    ExprPtr right = power();
    left = binary(op, first, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::power() {
  const std::uint32_t first = at_;
  ExprPtr left = signed_expression();
  while (skip_symbol("^")) {
    ExprPtr right = signed_expression();
    left = binary(Op::power, first, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::signed_expression() {
  const std::uint32_t first = at_;
  if (!at_symbol("-") && !at_symbol("+")) return postfix();
  const bool negative = skip_symbol("-");
  // The least integer has no positive counterpart, so the sign belongs to the literal.
  if (negative && peek().kind == TokenKind::integer &&
      literal_magnitude(peek().text) == 1ULL << 63) {
    ExprPtr expr = make(Op::literal, first);
    ++at_;
    expr->value = std::numeric_limits<std::int64_t>::min();
    return finish(std::move(expr));
  }
  if (!negative) expect_symbol("+");
  if (++nesting_ > kMaxNesting) refuse("less nesting");
  ExprPtr expr = make(negative ? Op::negate : Op::plus, first);
  expr->args.push_back(signed_expression());
  --nesting_;
  return finish(std::move(expr));
}

ExprPtr Parser::postfix() {
  const std::uint32_t first = at_;
  ExprPtr subject = atom();
  while (true) {
    if (at_symbol("[")) {
      subscript(subject, first);
    } else if (at_symbol(".")) {
      ++at_;
      ExprPtr expr = make(Op::property, first);
      expr->at = subject->at;
      expr->name = expect_name("a property's key");
      expr->args.push_back(std::move(subject));
      subject = finish(std::move(expr));
    } else if (at_symbol(":") && at_name(1) && subject->op != Op::literal) {
      ExprPtr expr = make(Op::has_labels, first);
      while (skip_symbol(":")) expr->names.push_back(expect_name("a label"));
      expr->args.push_back(std::move(subject));
      subject = finish(std::move(expr));
    } else {
      return subject;
    }
  }
}

void Parser::subscript(ExprPtr& subject, std::uint32_t first) {
  expect_symbol("[");
  ExprPtr from;
  if (!at_symbol("..")) from = expression();
  if (!skip_symbol("..")) {
    expect_symbol("]");
    subject = binary(Op::index, first, std::move(subject), std::move(from));
    return;
  }
  ExprPtr to;
  if (!at_symbol("]")) to = expression();
  expect_symbol("]");
  ExprPtr expr = make(Op::slice, first);
  expr->args.push_back(std::move(subject));
  expr->args.push_back(std::move(from));
  expr->args.push_back(std::move(to));
  subject = finish(std::move(expr));
}

ExprPtr Parser::number() {
  const Token& token = peek();
  ExprPtr expr = make(Op::literal, at_);
  if (token.kind == TokenKind::bad_number) refuse("InvalidNumberLiteral", "a number");
  if (token.kind == TokenKind::integer) {
    const std::uint64_t magnitude = literal_magnitude(token.text);
    if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      refuse("IntegerOverflow", "an integer of 64 bits");
    expr->value = static_cast<std::int64_t>(magnitude);
  } else {
    const double value = std::strtod(token.text.c_str(), nullptr);
    if (std::isinf(value)) refuse("FloatingPointOverflow", "a float of 64 bits");
    expr->value = value;
  }
  ++at_;
  return finish(std::move(expr));
}

ExprPtr Parser::atom() {
  const Token& token = peek();
  const std::uint32_t first = at_;
  switch (token.kind) {
    case TokenKind::integer:
    case TokenKind::floating:
    case TokenKind::bad_number:
      return number();
    case TokenKind::string:
    case TokenKind::parameter: {
      ExprPtr expr = make(token.kind == TokenKind::string ? Op::literal : Op::parameter, first);
      expr->name = token.text;
      if (token.kind == TokenKind::string) expr->value = token.text;
      ++at_;
      return finish(std::move(expr));
    }
    case TokenKind::name:
      if (is_reserved(token.text)) refuse("an expression");
      return named_atom();
    case TokenKind::quoted_name:
      return named_atom();
    default:
      break;
  }
  if (at_symbol("(")) return parenthesized();
  if (at_symbol("[")) return list_atom();
  if (at_symbol("{")) return map_literal();
  refuse("an expression");
}

ExprPtr Parser::parenthesized() {
  const std::uint32_t first = at_;
  if (pattern_ahead()) {
    ExprPtr expr = make(Op::pattern_predicate, first);
    expr->pattern = std::make_unique<Pattern>();
    expr->pattern->parts.emplace_back();
    expr->pattern->parts.back().at = peek().at;
    pattern_chain(expr->pattern->parts.back());
    return finish(std::move(expr));
  }
  expect_symbol("(");
  ExprPtr inner = expression();
  expect_symbol(")");
  return inner;
}

}  // namespace hart::prov::cypher
