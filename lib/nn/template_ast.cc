#include "nn/template_ast.h"

#include <algorithm>

namespace hart::nn::jinja {
namespace {

/// Heights of everything that hangs below a node.
class Heights {
 public:
  void add(const ExpressionPtr& expression) {
    if (expression) highest_ = std::max(highest_, expression->height);
  }
  void add(const Expressions& all) {
    for (const ExpressionPtr& each : all) add(each);
  }
  void add(const ArgumentList& arguments) {
    add(arguments.positional);
    for (const auto& [name, value] : arguments.named) add(value);
    add(arguments.rest);
    add(arguments.named_rest);
  }

  void operator()(const Literal&) {}
  void operator()(const Name&) {}
  void operator()(const ListLiteral& node) { add(node.items); }
  void operator()(const DictLiteral& node) {
    for (const auto& [key, value] : node.entries) {
      add(key);
      add(value);
    }
  }
  void operator()(const Attribute& node) { add(node.object); }
  void operator()(const Subscript& node) {
    add(node.object);
    add(node.index);
  }
  void operator()(const Slice& node) {
    add(node.object);
    add(node.start);
    add(node.stop);
    add(node.step);
  }
  void operator()(const Unary& node) { add(node.operand); }
  void operator()(const Binary& node) {
    add(node.left);
    add(node.right);
  }
  void operator()(const Logical& node) {
    add(node.left);
    add(node.right);
  }
  void operator()(const Comparison& node) {
    add(node.first);
    for (const auto& [comparator, operand] : node.rest) add(operand);
  }
  void operator()(const Concatenation& node) { add(node.parts); }
  void operator()(const Conditional& node) {
    add(node.test);
    add(node.then);
    add(node.otherwise);
  }
  void operator()(const Call& node) {
    add(node.callee);
    add(node.arguments);
  }
  void operator()(const Filter& node) {
    add(node.operand);
    add(node.arguments);
  }
  void operator()(const Test& node) {
    add(node.operand);
    add(node.arguments);
  }

  [[nodiscard]] unsigned highest() const noexcept { return highest_; }

 private:
  unsigned highest_ = 0;
};

}  // namespace

void fail_height(Position position) {
  fail_at(position,
          "expected an expression nested less than " + std::to_string(kMaxHeight) + " deep");
}

ExpressionPtr make_expression(Position position, ExpressionNode node) {
  Heights heights;
  std::visit([&](const auto& each) { heights(each); }, node);
  if (heights.highest() >= kMaxHeight) fail_height(position);
  return std::make_unique<const Expression>(
      Expression{position, std::move(node), heights.highest() + 1});
}

}  // namespace hart::nn::jinja
