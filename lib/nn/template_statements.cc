// Statements of a template.

#include <algorithm>
#include <utility>

#include "nn/template_arguments.h"
#include "nn/template_evaluator.h"
#include "nn/template_format.h"

namespace hart::nn::jinja {

Evaluator::Flow Evaluator::execute_all(const Statements& statements) {
  for (const auto& statement : statements)
    if (const Flow flow = execute(*statement); flow != Flow::normal) return flow;
  return Flow::normal;
}

void Evaluator::emit(const std::string& text) {
  runtime_.budget.take_bytes(text.size());
  if (captures_ == 0 && text.size() > output_bytes_ - output_->size())
    fail("the template writes more than " + std::to_string(output_bytes_) + " bytes");
  *output_ += text;
}

std::string Evaluator::capture(const Statements& statements) {
  std::string text;
  std::string* const outer = std::exchange(output_, &text);
  ++captures_;
  const Scopes::Inside inside{scopes_, &scopes_.current()};
  // After an error nothing is printed any more, so that only success has to undo this.
  execute_all(statements);
  --captures_;
  output_ = outer;
  return text;
}

Evaluator::Flow Evaluator::run(const Text& node) {
  emit(node.text);
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const Print& node) {
  const Value value = evaluate(*node.value);
  if (value.is_string()) {
    emit(value.text());
  } else {
    emit(to_text(value, runtime_.budget));
  }
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const If& node) {
  for (const auto& [test, body] : node.branches)
    if (!test || truth(evaluate(*test))) return execute_all(body);
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const For& node) {
  const Value iterated = evaluate(*node.items);
  return run_loop(node, iterated, 0, scopes_.current());
}

Values Evaluator::loop_items(const For& node, const Value& iterated) {
  Values items = items_of(iterated, runtime_.budget);
  if (!node.condition) return items;
  Values kept;
  for (const Value& item : items) {
    const Scopes::Inside inside{scopes_, &scopes_.current()};
    assign(node.target, item);
    if (truth(evaluate(*node.condition))) kept.push_back(item);
  }
  return kept;
}

Callable Evaluator::recursive_loop(const For& node, std::size_t depth0, Scope& around) {
  scopes_.keep_current();
  return {"loop", [this, &node, &around, depth0](const Arguments& arguments) {
            const BoundArguments bound{"loop", arguments, {"iterable"}, 1};
            std::string text;
            std::string* const outer = std::exchange(output_, &text);
            ++captures_;
            run_loop(node, bound[0], depth0 + 1, around);
            --captures_;
            output_ = outer;
            return Value{std::move(text)};
          }};
}

Evaluator::Flow Evaluator::run_loop(const For& node, const Value& iterated, std::size_t depth0,
                                    Scope& around) {
  const Scopes::Inside outside{scopes_, &around};
  Values items = loop_items(node, iterated);
  if (items.empty()) return execute_all(node.otherwise);
  const std::size_t count = items.size();
  const Value shared = Value::list(std::move(items));
  Value again = Value::undefined("the loop is not recursive");
  if (node.recursive) again = Value{recursive_loop(node, depth0, around)};
  const auto loop = std::make_shared<Loop>(
      Loop{.items = shared, .index0 = 0, .depth0 = depth0, .again = again});
  for (std::size_t i = 0; i < count; ++i) {
    loop->index0 = i;
    const Scopes::Inside turn{scopes_, &scopes_.current()};
    scopes_.current().set("loop", Value{loop});
    assign(node.target, shared.sequence().items[i]);
    runtime_.budget.take_steps(1);
    if (execute_all(node.body) == Flow::broken) break;
  }
  return Flow::normal;
}

void Evaluator::assign(const Target& target, const Value& value) {
  if (!target.unpack.empty()) {
    require_defined(value);
    const Values items = items_of(value, runtime_.budget);
    if (items.size() != target.unpack.size())
      fail("expected " + std::to_string(target.unpack.size()) + " values to unpack, not " +
           std::to_string(items.size()));
    for (std::size_t i = 0; i < items.size(); ++i) assign(target.unpack[i], items[i]);
    return;
  }
  if (target.attribute.empty()) return scopes_.current().set(target.name, value);
  const Value* held = scopes_.current().find(target.name);
  if (held == nullptr) fail("'" + target.name + "' is undefined");
  if (!held->is(Kind::name_space)) fail("cannot assign attribute on non-namespace object");
  held->name_space().set(target.attribute, value);
}

Evaluator::Flow Evaluator::run(const Set& node) {
  const Value value = evaluate(*node.value);
  assign(node.target, value);
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const SetBlock& node) {
  const Value text{capture(node.body)};
  assign(node.target, node.filter ? filter_block(*node.filter, text) : text);
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const FilterBlock& node) {
  const Value text{capture(node.body)};
  emit(to_text(filter_block(*node.filter, text), runtime_.budget));
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const With& node) {
  Values values;
  for (const auto& [target, value] : node.variables) values.push_back(evaluate(*value));
  const Scopes::Inside inside{scopes_, &scopes_.current()};
  for (std::size_t i = 0; i < values.size(); ++i) assign(node.variables[i].first, values[i]);
  return execute_all(node.body);
}

Evaluator::Flow Evaluator::run(const Macro& node) {
  scopes_.current().set(node.function.name, make_function(node.function));
  return Flow::normal;
}

Evaluator::Flow Evaluator::run(const CallBlock& node) {
  const Value caller = make_function(node.caller);
  emit(to_text(call(std::get<Call>(node.call->node), caller), runtime_.budget));
  return Flow::normal;
}

Value Evaluator::make_function(const Function& function) {
  scopes_.keep_current();
  runtime_.budget.take_bytes(sizeof(Scope));
  Scope& around = scopes_.current();
  return Value{Callable{function.name, [this, &function, &around](const Arguments& arguments) {
                          return call_function(function, around, arguments);
                        }}};
}

Value Evaluator::call_function(const Function& function, Scope& around,
                               const Arguments& arguments) {
  std::string text;
  std::string* const outer = std::exchange(output_, &text);
  ++captures_;
  const Scopes::Inside inside{scopes_, &around};
  bind_parameters(function, arguments);
  execute_all(function.body);
  --captures_;
  output_ = outer;
  return Value{std::move(text)};
}

void Evaluator::bind_parameters(const Function& function, const Arguments& arguments) {
  bind_rest(function, arguments);
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const Parameter& parameter = function.parameters[i];
    const auto named =
        std::find_if(arguments.named.begin(), arguments.named.end(),
                     [&](const auto& each) { return each.first == parameter.name; });
    const bool positional = i < arguments.positional.size();
    if (positional && named != arguments.named.end())
      fail("macro '" + function.name + "' got the argument '" + parameter.name + "' twice");
    Value value = Value::undefined("parameter '" + parameter.name + "' was not provided");
    if (positional) {
      value = arguments.positional[i];
    } else if (named != arguments.named.end()) {
      value = named->second;
    } else if (parameter.fallback) {
      value = evaluate(*parameter.fallback);
    }
    scopes_.current().set(parameter.name, value);
  }
}

/// `varargs`, `kwargs` and `caller`, where the body uses them: what no parameter takes.
void Evaluator::bind_rest(const Function& function, const Arguments& arguments) {
  const auto& parameters = function.parameters;
  Values varargs;
  for (std::size_t i = parameters.size(); i < arguments.positional.size(); ++i)
    varargs.push_back(arguments.positional[i]);
  if (!varargs.empty() && !function.takes_varargs)
    fail("macro '" + function.name + "' takes not more than " +
         std::to_string(parameters.size()) + " arguments");
  Mapping kwargs;
  Value caller = Value::undefined("no caller is defined");
  for (const auto& [name, value] : arguments.named) {
    if (std::any_of(parameters.begin(), parameters.end(),
                    [&](const Parameter& each) { return each.name == name; }))
      continue;
    if (name == "caller" && function.takes_caller) {
      caller = value;
    } else if (function.takes_kwargs) {
      kwargs.set(Value{name}, value);
    } else {
      fail("macro '" + function.name + "' takes no argument '" + name + "'");
    }
  }
  Scope& scope = scopes_.current();
  if (function.takes_varargs) scope.set("varargs", Value::tuple(std::move(varargs)));
  if (function.takes_kwargs) scope.set("kwargs", Value{std::move(kwargs)});
  if (function.takes_caller) scope.set("caller", std::move(caller));
}

}  // namespace hart::nn::jinja
