// Expressions of a template.

#include "nn/template_evaluator.h"

#include <utility>

#include "core/error.h"
#include "nn/template_arguments.h"
#include "nn/template_filters.h"
#include "nn/template_format.h"
#include "nn/template_functions.h"
#include "nn/template_methods.h"
#include "nn/template_operators.h"

namespace hart::nn::jinja {
namespace {

/// How deep expressions, statements and macros may evaluate each other. Macros that draw JSON
/// schemas take some hundred; the stack of a thread holds several times as many.
constexpr unsigned kMaxDepth = 500;

}  // namespace

class Evaluator::Deeper {
 public:
  explicit Deeper(Evaluator& evaluator) : evaluator_{evaluator} {
    if (evaluator_.depth_ >= kMaxDepth) fail("the template recurses too deep");
    ++evaluator_.depth_;
    evaluator_.runtime_.budget.take_steps(1);
  }
  ~Deeper() { --evaluator_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  Evaluator& evaluator_;
};

Evaluator::Evaluator(Runtime& runtime, std::uint64_t output_bytes)
    : runtime_{runtime}, output_bytes_{output_bytes} {
  for (auto& [name, function] : global_functions(runtime_))
    scopes_.current().set(name, std::move(function));
}

Value Evaluator::evaluate(const Expression& expression) {
  const Deeper deeper{*this};
  try {
    return std::visit([&](const auto& node) { return value_of(node); }, expression.node);
  } catch (const Error&) {
    note_failure(expression.position);
    throw;
  }
}

Value Evaluator::evaluate_or_none(const ExpressionPtr& expression) {
  return expression ? evaluate(*expression) : Value::none();
}

Value Evaluator::value_of(const Name& node) {
  const Value* value = scopes_.current().find(node.name);
  return value != nullptr ? *value : Value::undefined("'" + node.name + "' is undefined");
}

Value Evaluator::value_of(const ListLiteral& node) {
  runtime_.budget.take_bytes((1 + node.items.size()) * sizeof(Value));
  Values items;
  for (const ExpressionPtr& item : node.items) items.push_back(evaluate(*item));
  return node.tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

Value Evaluator::value_of(const DictLiteral& node) {
  runtime_.budget.take_bytes((1 + node.entries.size()) * 2 * sizeof(Value));
  Mapping mapping;
  for (const auto& [key, value] : node.entries) {
    Value its_key = evaluate(*key);
    mapping.set(std::move(its_key), evaluate(*value));
  }
  return Value{std::move(mapping)};
}

Value Evaluator::value_of(const Attribute& node) {
  return attribute_of(runtime_, evaluate(*node.object), node.name);
}

Value Evaluator::value_of(const Subscript& node) {
  const Value object = evaluate(*node.object);
  return item_of(runtime_, object, evaluate(*node.index));
}

Value Evaluator::value_of(const Slice& node) {
  const Value object = evaluate(*node.object);
  const Value start = evaluate_or_none(node.start);
  const Value stop = evaluate_or_none(node.stop);
  return slice_of(object, start, stop, evaluate_or_none(node.step), runtime_.budget);
}

Value Evaluator::value_of(const Unary& node) {
  return apply_unary(node.op, evaluate(*node.operand));
}

Value Evaluator::value_of(const Binary& node) {
  const Value left = evaluate(*node.left);
  return apply_binary(node.op, left, evaluate(*node.right), runtime_.budget);
}

Value Evaluator::value_of(const Logical& node) {
  Value left = evaluate(*node.left);
  return truth(left) == node.conjunction ? evaluate(*node.right) : left;
}

Value Evaluator::value_of(const Comparison& node) {
  Value left = evaluate(*node.first);
  for (const auto& [comparator, operand] : node.rest) {
    Value right = evaluate(*operand);
    if (!apply_comparison(comparator, left, right, runtime_.budget)) return Value{false};
    left = std::move(right);
  }
  return Value{true};
}

Value Evaluator::value_of(const Concatenation& node) {
  std::string text;
  for (const ExpressionPtr& part : node.parts)
    text += to_text(evaluate(*part), runtime_.budget);
  runtime_.budget.take_bytes(text.size());
  return Value{std::move(text)};
}

Value Evaluator::value_of(const Conditional& node) {
  if (truth(evaluate(*node.test))) return evaluate(*node.then);
  if (node.otherwise) return evaluate(*node.otherwise);
  return Value::undefined("the inline if was false and has no else");
}

Value Evaluator::value_of(const Filter& node) {
  const Value operand = evaluate(*node.operand);
  const Arguments arguments = evaluate_arguments(node.arguments);
  return apply_filter(runtime_, node.name, operand, arguments);
}

Value Evaluator::filter_block(const Expression& chain, const Value& innermost) {
  const Deeper deeper{*this};
  const Filter& filter = std::get<Filter>(chain.node);
  const Value operand = filter.operand ? filter_block(*filter.operand, innermost) : innermost;
  return apply_filter(runtime_, filter.name, operand, evaluate_arguments(filter.arguments));
}

Value Evaluator::value_of(const Test& node) {
  const Value operand = evaluate(*node.operand);
  const Arguments arguments = evaluate_arguments(node.arguments);
  return Value{apply_test(runtime_, node.name, operand, arguments) != node.negated};
}

Arguments Evaluator::evaluate_arguments(const ArgumentList& list) {
  Arguments arguments;
  for (const ExpressionPtr& value : list.positional)
    arguments.positional.push_back(evaluate(*value));
  if (list.rest)
    for (Value& value : items_of(evaluate(*list.rest), runtime_.budget))
      arguments.positional.push_back(std::move(value));
  for (const auto& [name, value] : list.named)
    arguments.named.emplace_back(name, evaluate(*value));
  if (!list.named_rest) return arguments;
  const Value rest = evaluate(*list.named_rest);
  if (!rest.is(Kind::mapping)) fail("the argument after ** must be a mapping");
  for (const auto& [name, value] : rest.mapping().entries) {
    if (!name.is_string()) fail("keywords must be strings");
    runtime_.budget.take_steps(1);
    arguments.named.emplace_back(name.text(), value);
  }
  return arguments;
}

Value Evaluator::call(const Call& node, const std::optional<Value>& caller) {
  const auto arguments = [&] {
    Arguments given = evaluate_arguments(node.arguments);
    if (caller) given.named.emplace_back("caller", *caller);
    return given;
  };
  const auto* attribute = std::get_if<Attribute>(&node.callee->node);
  if (attribute == nullptr) {
    const Value callee = evaluate(*node.callee);
    return call_value(callee, arguments());
  }
  // A method is called where it is found, without an object for it.
  const Value object = evaluate(*attribute->object);
  if (const Method method = find_method(object, attribute->name))
    return method(runtime_, object, arguments());
  const Value callee = attribute_of(runtime_, object, attribute->name);
  return call_value(callee, arguments());
}

Value Evaluator::call_value(const Value& callee, const Arguments& arguments) {
  require_defined(callee);
  if (callee.is(Kind::callable)) return callee.callable().call(arguments);
  if (callee.is(Kind::loop)) {
    require_defined(callee.loop().again);
    return callee.loop().again.callable().call(arguments);
  }
  fail(std::string{"'"} + type_name(callee) + "' object is not callable");
}

Evaluator::Flow Evaluator::execute(const Statement& statement) {
  const Deeper deeper{*this};
  try {
    return std::visit([&](const auto& node) { return run(node); }, statement.node);
  } catch (const Error&) {
    note_failure(statement.position);
    throw;
  }
}

std::string Evaluator::render(const Statements& statements) {
  std::string text;
  output_ = &text;
  try {
    execute_all(statements);
  } catch (const Error& error) {
    fail_at(failed_at_.value_or(Position{}), error.what());
  }
  return text;
}

}  // namespace hart::nn::jinja
