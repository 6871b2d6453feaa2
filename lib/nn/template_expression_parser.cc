#include "nn/template_expression_parser.h"

#include <algorithm>
#include <charconv>

namespace hart::nn::jinja {
namespace {

bool is_reserved(const std::string& name) {
  static constexpr std::string_view kReserved[] = {"true",  "True", "false",
                                                   "False", "none", "None"};
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

}  // namespace

/// Counts how deep the parser calls itself.
class ExpressionParser::Nested {
 public:
  explicit Nested(ExpressionParser& parser) : parser_{parser} {
    if (parser_.depth_ >= kMaxHeight) fail_height(parser_.tokens_.current().position);
    ++parser_.depth_;
  }
  ~Nested() { --parser_.depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  ExpressionParser& parser_;
};

ExpressionPtr ExpressionParser::parse_expression(bool conditional) {
  const Nested nested{*this};
  ExpressionPtr value = parse_or();
  while (conditional && tokens_.at_name("if")) {
    const Position position = tokens_.next().position;
    ExpressionPtr test = parse_or();
    ExpressionPtr otherwise;
    if (tokens_.skip_name("else")) otherwise = parse_expression();
    value = make_expression(
        position, Conditional{std::move(test), std::move(value), std::move(otherwise)});
  }
  return value;
}

bool ExpressionParser::at_tuple_end(std::initializer_list<std::string_view> end) const {
  return tokens_.at(TokenType::print_end) || tokens_.at(TokenType::block_end) ||
         tokens_.at_symbol(")") ||
         std::any_of(end.begin(), end.end(),
                     [&](std::string_view name) { return tokens_.at_name(name); });
}

ExpressionPtr ExpressionParser::parse_tuple(bool conditional,
                                            std::initializer_list<std::string_view> end) {
  const Position position = tokens_.current().position;
  Expressions items;
  bool tuple = false;
  while (!at_tuple_end(end)) {
    items.push_back(parse_expression(conditional));
    if (!tokens_.skip_symbol(",")) break;
    tuple = true;
  }
  if (items.empty()) tokens_.fail_expected("an expression");
  if (!tuple) return std::move(items.front());
  return make_expression(position, ListLiteral{std::move(items), true});
}

ExpressionPtr ExpressionParser::parse_or() {
  ExpressionPtr left = parse_and();
  while (tokens_.at_name("or")) {
    const Position position = tokens_.next().position;
    ExpressionPtr right = parse_and();
    left = make_expression(position, Logical{false, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  ExpressionPtr left = parse_not();
  while (tokens_.at_name("and")) {
    const Position position = tokens_.next().position;
    ExpressionPtr right = parse_not();
    left = make_expression(position, Logical{true, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  if (!tokens_.at_name("not")) return parse_comparison();
  const Nested nested{*this};
  const Position position = tokens_.next().position;
  return make_expression(position, Unary{UnaryOperator::logical_not, parse_not()});
}

ExpressionPtr ExpressionParser::parse_comparison() {
  static constexpr std::pair<std::string_view, Comparator> kComparators[] = {
      {"==", Comparator::eq}, {"!=", Comparator::ne}, {"<", Comparator::lt},
      {"<=", Comparator::le}, {">", Comparator::gt},  {">=", Comparator::ge}};
  const Position position = tokens_.current().position;
  Comparison comparison{parse_sum(), {}};
  while (true) {
    const auto symbol =
        std::find_if(std::begin(kComparators), std::end(kComparators),
                     [&](const auto& each) { return tokens_.at_symbol(each.first); });
    if (symbol != std::end(kComparators)) {
      tokens_.next();
      comparison.rest.emplace_back(symbol->second, parse_sum());
    } else if (tokens_.skip_name("in")) {
      comparison.rest.emplace_back(Comparator::in, parse_sum());
    } else if (tokens_.at_name("not") && tokens_.ahead().type == TokenType::name &&
               tokens_.ahead().text == "in") {
      tokens_.next();
      tokens_.next();
      comparison.rest.emplace_back(Comparator::not_in, parse_sum());
    } else {
      break;
    }
  }
  if (comparison.rest.empty()) return std::move(comparison.first);
  return make_expression(position, std::move(comparison));
}

ExpressionPtr ExpressionParser::parse_sum() {
  ExpressionPtr left = parse_concatenation();
  while (tokens_.at_symbol("+") || tokens_.at_symbol("-")) {
    const Token& token = tokens_.next();
    const auto op = token.text == "+" ? BinaryOperator::add : BinaryOperator::subtract;
    const Position position = token.position;
    ExpressionPtr right = parse_concatenation();
    left = make_expression(position, Binary{op, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_concatenation() {
  const Position position = tokens_.current().position;
  Expressions parts;
  parts.push_back(parse_product());
  while (tokens_.skip_symbol("~")) parts.push_back(parse_product());
  if (parts.size() == 1) return std::move(parts.front());
  return make_expression(position, Concatenation{std::move(parts)});
}

ExpressionPtr ExpressionParser::parse_product() {
  static constexpr std::pair<std::string_view, BinaryOperator> kOperators[] = {
      {"*", BinaryOperator::multiply},
      {"/", BinaryOperator::divide},
      {"//", BinaryOperator::floor_divide},
      {"%", BinaryOperator::modulo}};
  ExpressionPtr left = parse_power();
  while (true) {
    const auto found =
        std::find_if(std::begin(kOperators), std::end(kOperators),
                     [&](const auto& each) { return tokens_.at_symbol(each.first); });
    if (found == std::end(kOperators)) return left;
    const Position position = tokens_.next().position;
    ExpressionPtr right = parse_power();
    left = make_expression(position, Binary{found->second, std::move(left), std::move(right)});
  }
}

ExpressionPtr ExpressionParser::parse_power() {
  ExpressionPtr left = parse_unary(true);
  while (tokens_.at_symbol("**")) {
    const Position position = tokens_.next().position;
    ExpressionPtr right = parse_unary(true);
    left = make_expression(position,
                           Binary{BinaryOperator::power, std::move(left), std::move(right)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(bool filters) {
  ExpressionPtr value;
  if (tokens_.at_symbol("-") || tokens_.at_symbol("+")) {
    const Nested nested{*this};
    const Token& token = tokens_.next();
    const auto op = token.text == "-" ? UnaryOperator::minus : UnaryOperator::plus;
    const Position position = token.position;
    value = make_expression(position, Unary{op, parse_unary(false)});
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  return filters ? parse_filters(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const Nested nested{*this};
  const Position position = tokens_.current().position;
  switch (tokens_.current().type) {
    case TokenType::name:
      return parse_name();
    case TokenType::string: {
      std::string text;
      while (tokens_.at(TokenType::string)) text += tokens_.next().text;
      return make_expression(position, Literal{Value{std::move(text)}});
    }
    case TokenType::integer:
    case TokenType::floating:
      return parse_number();
    default:
      break;
  }
  if (tokens_.at_symbol("(")) return parse_parentheses();
  if (tokens_.at_symbol("[")) return parse_list();
  if (tokens_.at_symbol("{")) return parse_dict();
  tokens_.fail_expected("an expression");
}

ExpressionPtr ExpressionParser::parse_name() {
  const Token& token = tokens_.next();
  const std::string& name = token.text;
  if (name == "true" || name == "True")
    return make_expression(token.position, Literal{Value{true}});
  if (name == "false" || name == "False")
    return make_expression(token.position, Literal{Value{false}});
  if (name == "none" || name == "None")
    return make_expression(token.position, Literal{Value::none()});
  for (Function* function : functions) {
    function->takes_varargs |= name == "varargs";
    function->takes_kwargs |= name == "kwargs";
    function->takes_caller |= name == "caller";
  }
  return make_expression(token.position, Name{name});
}

ExpressionPtr ExpressionParser::parse_number() {
  const Token& token = tokens_.next();
  const char* begin = token.text.data();
  const char* end = begin + token.text.size();
  if (token.type == TokenType::floating) {
    double value = 0;
    // Out of range becomes infinity or zero, as in Python.
    const auto [rest, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range) value = std::strtod(begin, nullptr);
    return make_expression(token.position, Literal{Value{value}});
  }
  int base = 10;
  if (token.text.size() > 1 && token.text[0] == '0') {
    const char prefix = static_cast<char>(token.text[1] | 0x20);
    base = prefix == 'x' ? 16 : (prefix == 'o' ? 8 : (prefix == 'b' ? 2 : 10));
    if (base != 10) begin += 2;
  }
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(begin, end, value, base);
  if (error != std::errc{} || rest != end)
    fail_at(token.position, "expected an integer of at most 64 bits");
  return make_expression(token.position, Literal{Value{value}});
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  const Position position = tokens_.next().position;
  Expressions items;
  bool tuple = true;
  while (!tokens_.at_symbol(")")) {
    items.push_back(parse_expression());
    tuple = tokens_.skip_symbol(",");
    if (!tuple) break;
  }
  tokens_.expect_symbol(")");
  if (items.size() == 1 && !tuple) return std::move(items.front());
  return make_expression(position, ListLiteral{std::move(items), true});
}

ExpressionPtr ExpressionParser::parse_list() {
  const Position position = tokens_.next().position;
  Expressions items;
  while (!tokens_.at_symbol("]")) {
    items.push_back(parse_expression());
    if (!tokens_.skip_symbol(",")) break;
  }
  tokens_.expect_symbol("]");
  return make_expression(position, ListLiteral{std::move(items), false});
}

ExpressionPtr ExpressionParser::parse_dict() {
  const Position position = tokens_.next().position;
  DictLiteral dict;
  while (!tokens_.at_symbol("}")) {
    ExpressionPtr key = parse_expression();
    tokens_.expect_symbol(":");
    dict.entries.emplace_back(std::move(key), parse_expression());
    if (!tokens_.skip_symbol(",")) break;
  }
  tokens_.expect_symbol("}");
  return make_expression(position, std::move(dict));
}

Target ExpressionParser::parse_one_target(bool namespaces) {
  const Nested nested{*this};
  if (tokens_.skip_symbol("(")) {
    Target tuple = parse_target({}, namespaces);
    tokens_.expect_symbol(")");
    return tuple;
  }
  Target target;
  const Position position = tokens_.current().position;
  target.name = tokens_.expect_name("a name to assign to");
  if (is_reserved(target.name)) fail_at(position, "expected a name that can be assigned to");
  if (namespaces && tokens_.skip_symbol("."))
    target.attribute = tokens_.expect_name("an attribute of the namespace");
  return target;
}

Target ExpressionParser::parse_target(std::initializer_list<std::string_view> end,
                                      bool namespaces) {
  Target first = parse_one_target(namespaces);
  if (!tokens_.at_symbol(",")) return first;
  Target tuple;
  tuple.unpack.push_back(std::move(first));
  while (tokens_.skip_symbol(",")) {
    if (at_tuple_end(end) || tokens_.at_symbol("=")) break;
    tuple.unpack.push_back(parse_one_target(namespaces));
  }
  return tuple;
}

}  // namespace hart::nn::jinja
