// What follows an operand: attributes, subscripts, calls, filters and tests.

#include <utility>

#include "nn/template_expression_parser.h"

namespace hart::nn::jinja {

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr operand) {
  while (true) {
    if (tokens_.at_symbol(".")) {
      operand = parse_attribute(std::move(operand));
    } else if (tokens_.at_symbol("[")) {
      operand = parse_subscript(std::move(operand));
    } else if (tokens_.at_symbol("(")) {
      operand = parse_call(std::move(operand));
    } else {
      return operand;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr operand) {
  while (true) {
    if (tokens_.at_symbol("|")) {
      tokens_.next();
      operand = parse_filter(std::move(operand));
    } else if (tokens_.at_name("is")) {
      operand = parse_test(std::move(operand));
    } else if (tokens_.at_symbol("(")) {
      operand = parse_call(std::move(operand));
    } else {
      return operand;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filter_chain() {
  ExpressionPtr chain = parse_filter(nullptr);
  while (tokens_.skip_symbol("|")) chain = parse_filter(std::move(chain));
  return chain;
}

std::string ExpressionParser::parse_dotted_name(const std::string& what) {
  std::string name = tokens_.expect_name(what);
  while (tokens_.skip_symbol(".")) name += "." + tokens_.expect_name(what);
  return name;
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr operand) {
  const Position position = tokens_.current().position;
  Filter filter{std::move(operand), parse_dotted_name("the name of a filter"), {}};
  if (tokens_.at_symbol("(")) filter.arguments = parse_arguments();
  return make_expression(position, std::move(filter));
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr operand) {
  tokens_.next();
  const bool negated = tokens_.skip_name("not");
  const Position position = tokens_.current().position;
  Test test{std::move(operand), parse_dotted_name("the name of a test"), {}, negated};
  const Token& token = tokens_.current();
  const bool starts_operand =
      token.type == TokenType::name || token.type == TokenType::string ||
      token.type == TokenType::integer || token.type == TokenType::floating ||
      tokens_.at_symbol("[") || tokens_.at_symbol("{");
  const bool goes_on = tokens_.at_name("else") || tokens_.at_name("or") ||
                       tokens_.at_name("and") || tokens_.at_name("is");
  if (tokens_.at_symbol("(")) {
    test.arguments = parse_arguments();
  } else if (tokens_.at_name("is")) {
    tokens_.fail_expected("no second test after a test");
  } else if (starts_operand && !goes_on) {
    test.arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  return make_expression(position, std::move(test));
}

ExpressionPtr ExpressionParser::parse_attribute(ExpressionPtr object) {
  tokens_.next();
  const Token& token = tokens_.current();
  if (token.type == TokenType::integer) {
    ExpressionPtr index = parse_number();
    return make_expression(token.position, Subscript{std::move(object), std::move(index)});
  }
  std::string name = tokens_.expect_name("the name of an attribute");
  return make_expression(token.position, Attribute{std::move(object), std::move(name)});
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr object) {
  const Position position = tokens_.next().position;
  const auto at_bound_end = [&] { return tokens_.at_symbol(":") || tokens_.at_symbol("]"); };
  ExpressionPtr start;
  if (!tokens_.at_symbol(":")) {
    start = parse_expression();
    if (!tokens_.at_symbol(":")) {
      if (tokens_.at_symbol(",")) tokens_.fail_expected("']', as only one subscript is known");
      tokens_.expect_symbol("]");
      return make_expression(position, Subscript{std::move(object), std::move(start)});
    }
  }
  Slice slice{std::move(object), std::move(start), nullptr, nullptr};
  tokens_.expect_symbol(":");
  if (!at_bound_end()) slice.stop = parse_expression();
  if (tokens_.skip_symbol(":") && !at_bound_end()) slice.step = parse_expression();
  tokens_.expect_symbol("]");
  return make_expression(position, std::move(slice));
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr callee) {
  const Position position = callee->position;
  return make_expression(position, Call{std::move(callee), parse_arguments()});
}

ArgumentList ExpressionParser::parse_arguments() {
  ArgumentList arguments;
  tokens_.expect_symbol("(");
  while (!tokens_.at_symbol(")")) {
    parse_argument(arguments);
    if (!tokens_.skip_symbol(",")) break;
  }
  tokens_.expect_symbol(")");
  return arguments;
}

void ExpressionParser::parse_argument(ArgumentList& arguments) {
  if (arguments.named_rest) tokens_.fail_expected("')' after '**'");
  if (tokens_.skip_symbol("**")) {
    arguments.named_rest = parse_expression();
  } else if (tokens_.at_symbol("*")) {
    if (arguments.rest) tokens_.fail_expected("only one '*'");
    tokens_.next();
    arguments.rest = parse_expression();
  } else if (tokens_.at(TokenType::name) && tokens_.ahead().type == TokenType::symbol &&
             tokens_.ahead().text == "=") {
    std::string name = tokens_.next().text;
    for (const auto& [taken, value] : arguments.named)
      if (taken == name) tokens_.fail_expected("each argument once, not '" + name + "' again");
    tokens_.next();
    arguments.named.emplace_back(std::move(name), parse_expression());
  } else {
    if (!arguments.named.empty() || arguments.rest)
      tokens_.fail_expected("a named argument, as one came before");
    arguments.positional.push_back(parse_expression());
  }
}

}  // namespace hart::nn::jinja
