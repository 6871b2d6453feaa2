#pragma once

#include <optional>
#include <string>

#include "nn/template_ast.h"
#include "nn/template_runtime.h"
#include "nn/template_scope.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// Runs a parsed template once.
class Evaluator {
 public:
  /// `output_bytes` bounds the text that `render` returns.
  Evaluator(Runtime& runtime, std::uint64_t output_bytes);

  /// Precondition: before render.
  void set_variable(const std::string& name, Value value) {
    scopes_.current().set(name, std::move(value));
  }

  /// The text of the template. Throws Error(data, "line L, column C: …").
  [[nodiscard]] std::string render(const Statements& statements);

 private:
  /// How statements ended: a loop takes what is not normal.
  enum class Flow { normal, broken, continued };
  class Deeper;

  /// Keeps the position of the innermost part that an error goes through.
  void note_failure(Position position) {
    if (!failed_at_) failed_at_ = position;
  }

  Flow execute_all(const Statements& statements);
  Flow execute(const Statement& statement);
  Flow run(const Text& node);
  Flow run(const Print& node);
  Flow run(const If& node);
  Flow run(const For& node);
  Flow run(const Set& node);
  Flow run(const SetBlock& node);
  Flow run(const Macro& node);
  Flow run(const CallBlock& node);
  Flow run(const FilterBlock& node);
  Flow run(const With& node);
  Flow run(const Break&) { return Flow::broken; }
  Flow run(const Continue&) { return Flow::continued; }

  Flow run_loop(const For& node, const Value& iterated, std::size_t depth0, Scope& around);
  [[nodiscard]] Values loop_items(const For& node, const Value& iterated);
  [[nodiscard]] Callable recursive_loop(const For& node, std::size_t depth0, Scope& around);
  void assign(const Target& target, const Value& value);
  void emit(const std::string& text);
  /// What the statements print, caught; in a scope of their own.
  [[nodiscard]] std::string capture(const Statements& statements);

  [[nodiscard]] Value make_function(const Function& function);
  [[nodiscard]] Value call_function(const Function& function, Scope& around,
                                    const Arguments& arguments);
  void bind_parameters(const Function& function, const Arguments& arguments);
  void bind_rest(const Function& function, const Arguments& arguments);

  [[nodiscard]] Value evaluate(const Expression& expression);
  [[nodiscard]] Value evaluate_or_none(const ExpressionPtr& expression);
  [[nodiscard]] Value value_of(const Literal& node) { return node.value; }
  [[nodiscard]] Value value_of(const Name& node);
  [[nodiscard]] Value value_of(const ListLiteral& node);
  [[nodiscard]] Value value_of(const DictLiteral& node);
  [[nodiscard]] Value value_of(const Attribute& node);
  [[nodiscard]] Value value_of(const Subscript& node);
  [[nodiscard]] Value value_of(const Slice& node);
  [[nodiscard]] Value value_of(const Unary& node);
  [[nodiscard]] Value value_of(const Binary& node);
  [[nodiscard]] Value value_of(const Logical& node);
  [[nodiscard]] Value value_of(const Comparison& node);
  [[nodiscard]] Value value_of(const Concatenation& node);
  [[nodiscard]] Value value_of(const Conditional& node);
  [[nodiscard]] Value value_of(const Call& node) { return call(node, std::nullopt); }
  [[nodiscard]] Value value_of(const Filter& node);
  [[nodiscard]] Value value_of(const Test& node);
  [[nodiscard]] Value call(const Call& node, const std::optional<Value>& caller);
  [[nodiscard]] Value call_value(const Value& callee, const Arguments& arguments);
  [[nodiscard]] Arguments evaluate_arguments(const ArgumentList& list);
  /// `chain` is a Filter whose innermost operand is null: `innermost` takes its place.
  [[nodiscard]] Value filter_block(const Expression& chain, const Value& innermost);

  Runtime& runtime_;
  std::uint64_t output_bytes_;
  Scopes scopes_;
  std::string* output_ = nullptr;
  unsigned captures_ = 0;  ///< how many texts are being caught
  unsigned depth_ = 0;     ///< of evaluate and execute calling themselves
  std::optional<Position> failed_at_;
};

}  // namespace hart::nn::jinja
