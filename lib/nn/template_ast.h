#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nn/template_lexer.h"
#include "nn/template_value.h"

/// The tree of a parsed chat template.
namespace hart::nn::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;
using Expressions = std::vector<ExpressionPtr>;

struct ArgumentList {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr rest;        ///< after `*`, or null
  ExpressionPtr named_rest;  ///< after `**`, or null
};

struct Literal {
  Value value;
};
struct Name {
  std::string name;
};
struct ListLiteral {
  Expressions items;
  bool tuple;
};
struct DictLiteral {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};
struct Attribute {
  ExpressionPtr object;
  std::string name;
};
struct Subscript {
  ExpressionPtr object, index;
};
/// The bounds may be null.
struct Slice {
  ExpressionPtr object, start, stop, step;
};
enum class UnaryOperator { minus, plus, logical_not };
struct Unary {
  UnaryOperator op;
  ExpressionPtr operand;
};
enum class BinaryOperator { add, subtract, multiply, divide, floor_divide, modulo, power };
struct Binary {
  BinaryOperator op;
  ExpressionPtr left, right;
};
/// `and`, or else `or`.
struct Logical {
  bool conjunction;
  ExpressionPtr left, right;
};
enum class Comparator { eq, ne, lt, le, gt, ge, in, not_in };
/// `a < b < c` holds when both comparisons do; each operand is evaluated once.
struct Comparison {
  ExpressionPtr first;
  std::vector<std::pair<Comparator, ExpressionPtr>> rest;
};
/// `a ~ b ~ c`.
struct Concatenation {
  Expressions parts;
};
/// `otherwise` may be null: undefined then.
struct Conditional {
  ExpressionPtr test, then, otherwise;
};
struct Call {
  ExpressionPtr callee;
  ArgumentList arguments;
};
/// The operand is null at the head of a filter block: what the block holds is filtered.
struct Filter {
  ExpressionPtr operand;
  std::string name;
  ArgumentList arguments;
};
struct Test {
  ExpressionPtr operand;
  std::string name;
  ArgumentList arguments;
  bool negated;
};

using ExpressionNode =
    std::variant<Literal, Name, ListLiteral, DictLiteral, Attribute, Subscript, Slice, Unary,
                 Binary, Logical, Comparison, Concatenation, Conditional, Call, Filter, Test>;

struct Expression {
  Position position;
  ExpressionNode node;
  unsigned height;  ///< longest way down, which bounds the recursion of whoever walks it
};

/// How high an expression's tree may be, and how deep statements may stand in each other.
inline constexpr unsigned kMaxHeight = 200;

/// Makes an expression. Throws Error(data) with the position where its tree gets too high.
[[nodiscard]] ExpressionPtr make_expression(Position position, ExpressionNode node);
[[noreturn]] void fail_height(Position position);

struct Statement;
using Statements = std::vector<std::unique_ptr<const Statement>>;

/// What can be assigned to: a name, an attribute of a namespace, or a tuple of targets.
struct Target {
  std::string name;
  std::string attribute;       ///< of the namespace `name`, or empty
  std::vector<Target> unpack;  ///< not empty for a tuple
};

struct Parameter {
  std::string name;
  ExpressionPtr fallback;  ///< may be null
};
/// What a macro and the body of a `call` block have in common.
struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  Statements body;
  bool takes_varargs = false;  ///< the body says `varargs`
  bool takes_kwargs = false;   ///< the body says `kwargs`
  bool takes_caller = false;   ///< the body says `caller`
};

struct Text {
  std::string text;
};
struct Print {
  ExpressionPtr value;
};
/// Branches in order; the last one's test is null for `else`.
struct If {
  std::vector<std::pair<ExpressionPtr, Statements>> branches;
};
struct For {
  Target target;
  ExpressionPtr items;
  ExpressionPtr condition;  ///< may be null
  bool recursive;
  Statements body;
  Statements otherwise;
};
struct Set {
  Target target;
  ExpressionPtr value;
};
/// `{% set x %}…{% endset %}`; `filter` may be null.
struct SetBlock {
  Target target;
  ExpressionPtr filter;
  Statements body;
};
struct Macro {
  Function function;
};
struct CallBlock {
  Function caller;
  ExpressionPtr call;  ///< a Call
};
struct FilterBlock {
  ExpressionPtr filter;
  Statements body;
};
/// `{% with a = 1 %}`; without variables, as `generation` is, only a scope.
struct With {
  std::vector<std::pair<Target, ExpressionPtr>> variables;
  Statements body;
};
struct Break {};
struct Continue {};

struct Statement {
  Position position;
  std::variant<Text, Print, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock, With, Break,
               Continue>
      node;
};

}  // namespace hart::nn::jinja
