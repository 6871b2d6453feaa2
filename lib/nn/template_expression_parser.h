#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "nn/template_ast.h"
#include "nn/template_token_stream.h"

namespace hart::nn::jinja {

/// Parses expressions by Jinja's grammar, whose precedence differs from Python's in places:
/// `~` binds tighter than `+`, and a filter tighter than any operator but the unary ones.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_{tokens} {}

  /// One expression; without `conditional`, `if` is left to the statement around it.
  [[nodiscard]] ExpressionPtr parse_expression(bool conditional = true);
  /// One expression, or several with commas between them: a tuple. `end_names` may follow.
  [[nodiscard]] ExpressionPtr parse_tuple(bool conditional = true,
                                          std::initializer_list<std::string_view> end = {});
  /// `upper | trim(…)` at the head of a filter block: the innermost operand is null.
  [[nodiscard]] ExpressionPtr parse_filter_chain();
  [[nodiscard]] Target parse_target(std::initializer_list<std::string_view> end,
                                    bool namespaces);

  /// The functions being parsed, innermost last: a body that says `caller` makes all that it
  /// stands in take one.
  std::vector<Function*> functions;

 private:
  class Nested;

  [[nodiscard]] ExpressionPtr parse_or();
  [[nodiscard]] ExpressionPtr parse_and();
  [[nodiscard]] ExpressionPtr parse_not();
  [[nodiscard]] ExpressionPtr parse_comparison();
  [[nodiscard]] ExpressionPtr parse_sum();
  [[nodiscard]] ExpressionPtr parse_concatenation();
  [[nodiscard]] ExpressionPtr parse_product();
  [[nodiscard]] ExpressionPtr parse_power();
  [[nodiscard]] ExpressionPtr parse_unary(bool filters);
  [[nodiscard]] ExpressionPtr parse_primary();
  [[nodiscard]] ExpressionPtr parse_name();
  [[nodiscard]] ExpressionPtr parse_number();
  [[nodiscard]] ExpressionPtr parse_parentheses();
  [[nodiscard]] ExpressionPtr parse_list();
  [[nodiscard]] ExpressionPtr parse_dict();
  [[nodiscard]] ExpressionPtr parse_postfix(ExpressionPtr operand);
  [[nodiscard]] ExpressionPtr parse_filters(ExpressionPtr operand);
  [[nodiscard]] ExpressionPtr parse_filter(ExpressionPtr operand);
  [[nodiscard]] ExpressionPtr parse_test(ExpressionPtr operand);
  [[nodiscard]] ExpressionPtr parse_attribute(ExpressionPtr object);
  [[nodiscard]] ExpressionPtr parse_subscript(ExpressionPtr object);
  [[nodiscard]] ExpressionPtr parse_call(ExpressionPtr callee);
  [[nodiscard]] ArgumentList parse_arguments();
  void parse_argument(ArgumentList& arguments);
  [[nodiscard]] std::string parse_dotted_name(const std::string& what);
  [[nodiscard]] Target parse_one_target(bool namespaces);
  [[nodiscard]] bool at_tuple_end(std::initializer_list<std::string_view> end) const;

  TokenStream& tokens_;
  unsigned depth_ = 0;
};

}  // namespace hart::nn::jinja
