#include "prov/cypher/evaluator.h"

#include "prov/cypher/compare.h"
#include "prov/cypher/functions.h"
#include "prov/cypher/match.h"
#include "prov/cypher/operators.h"
#include "prov/cypher/pipeline.h"
#include "prov/cypher/regular_expression.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

Evaluator::Evaluator(const Graph& graph, const Map& parameters, Budget& budget,
                     std::int64_t now_us)
    : graph_{graph}, parameters_{parameters}, budget_{budget}, now_us_{now_us} {}

Evaluator::~Evaluator() = default;

Value Evaluator::value(const Expr& expr, Row& row) {
  switch (expr.op) {
    case Op::literal:
      return expr.value;
    case Op::parameter: {
      const auto found = parameters_.find(expr.name);
      if (found == parameters_.end())
        fail(Fault::usage, expr.at, "ParameterMissing: MissingParameter",
             "expected a value of $" + expr.name);
      return found->second;
    }
    case Op::variable:
    case Op::aggregate:
      return row[static_cast<std::size_t>(expr.slot)];
    case Op::property:
      return property(expr, row);
    case Op::has_labels:
      return has_labels(expr, row);
    case Op::index:
      return index(expr, row);
    case Op::slice:
      return slice_of(expr, row);
    case Op::list:
      return list(expr, row);
    case Op::map:
      return map(expr, row);
    case Op::call:
      return call(expr, row);
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::not_:
      return logical(expr, row);
    case Op::compare:
      return comparison(expr, row);
    case Op::is_null:
      return value(*expr.args[0], row).is_null();
    case Op::is_not_null:
      return !value(*expr.args[0], row).is_null();
    case Op::case_:
      return case_value(expr, row);
    case Op::list_comprehension:
      return list_comprehension(expr, row);
    case Op::quantifier:
      return quantifier(expr, row);
    case Op::pattern_comprehension:
      return pattern_comprehension(expr, row);
    case Op::pattern_predicate:
    case Op::exists:
      return exists(expr, row);
    default:
      return operation(expr, row);
  }
}

std::optional<bool> Evaluator::truth(const Expr& expr, Row& row) {
  const Value found = value(expr, row);
  if (found.is_null()) return std::nullopt;
  if (found.kind() != Kind::boolean)
    fail(Fault::data, expr.at, "TypeError: InvalidArgumentType",
         "expected a boolean, found " + std::string{kind_name(found.kind())});
  return found.boolean();
}

bool Evaluator::holds(const Expr& expr, Row& row) {
  return truth(expr, row) == true;
}

Value Evaluator::logical(const Expr& expr, Row& row) {
  if (expr.op == Op::not_) {
    const auto operand = truth(*expr.args[0], row);
    return operand ? Value{!*operand} : Value{};
  }
  bool unknown = false;
  bool odd = false;
  const bool decisive = expr.op == Op::or_;
  for (const ExprPtr& arg : expr.args) {
    const auto operand = truth(*arg, row);
    unknown = unknown || !operand;
    if (expr.op == Op::xor_)
      odd = odd != operand.value_or(false);
    else if (operand == decisive)
      return decisive;
  }
  if (unknown) return {};
  return expr.op == Op::xor_ ? odd : !decisive;
}

Value Evaluator::comparison(const Expr& expr, Row& row) {
  bool unknown = false;
  Value left = value(*expr.args[0], row);
  for (std::size_t i = 0; i < expr.names.size(); ++i) {
    Value right = value(*expr.args[i + 1], row);
    const auto holds_here = compared(expr.names[i], left, right);
    if (holds_here == false) return false;
    unknown = unknown || !holds_here;
    left = std::move(right);
  }
  return unknown ? Value{} : Value{true};
}

Value Evaluator::property(const Expr& expr, Row& row) {
  const Expr& holder = *expr.args[0];
  // The common case reads the row in place.
  if (holder.op == Op::variable)
    return property_of(expr, row[static_cast<std::size_t>(holder.slot)], expr.name);
  return property_of(expr, value(holder, row), expr.name);
}

Value Evaluator::property_of(const Expr& at, const Value& subject, std::string_view key) {
  switch (subject.kind()) {
    case Kind::null:
      return {};
    case Kind::node:
      return graph_.node_property(subject.node().id, key);
    case Kind::relationship:
      return graph_.edge_property(subject.edge(), key);
    case Kind::map: {
      const auto found = subject.map().find(key);
      return found == subject.map().end() ? Value{} : found->second;
    }
    case Kind::duration:
      return duration_part(subject.duration(), key).value_or(Value{});
    default:
      break;
  }
  if (subject.is_temporal()) return temporal_part(subject.temporal(), key).value_or(Value{});
  fail(Fault::data, at.at, "TypeError: InvalidArgumentType",
       "expected a node, a relationship, a map or a time, found " +
           std::string{kind_name(subject.kind())});
}

Value Evaluator::has_labels(const Expr& expr, Row& row) {
  const Value subject = value(*expr.args[0], row);
  if (subject.is_null()) return {};
  if (subject.kind() == Kind::relationship) {
    for (const std::string& name : expr.names)
      if (graph_.type_name(subject.edge().type) != name) return false;
    return true;
  }
  if (subject.kind() != Kind::node)
    fail(Fault::data, expr.at, "TypeError: InvalidArgumentType",
         "expected a node before the label, found " + std::string{kind_name(subject.kind())});
  for (const std::string& name : expr.names)
    if (!graph_.has_label(subject.node().id, name)) return false;
  return true;
}

Value Evaluator::index(const Expr& expr, Row& row) {
  const Value subject = value(*expr.args[0], row);
  const Value at = value(*expr.args[1], row);
  if (subject.is_null() || at.is_null()) return {};
  if (subject.kind() == Kind::list) return list_item({expr.at, budget_}, subject.list(), at);
  if (subject.kind() != Kind::map && subject.kind() != Kind::node &&
      subject.kind() != Kind::relationship)
    fail(
        Fault::data, expr.at, "TypeError: InvalidArgumentType",
        "expected a list or a map before `[`, found " + std::string{kind_name(subject.kind())});
  if (at.kind() != Kind::string)
    fail(Fault::data, expr.at, "TypeError: MapElementAccessByNonString",
         "expected a string as a key, found " + std::string{kind_name(at.kind())});
  return property_of(expr, subject, at.string());
}

Value Evaluator::slice_of(const Expr& expr, Row& row) {
  const Value subject = value(*expr.args[0], row);
  const Value from = expr.args[1] ? value(*expr.args[1], row) : Value{};
  const Value to = expr.args[2] ? value(*expr.args[2], row) : Value{};
  return slice({expr.at, budget_}, subject, expr.args[1] ? &from : nullptr,
               expr.args[2] ? &to : nullptr);
}

Value Evaluator::list(const Expr& expr, Row& row) {
  List items;
  items.reserve(expr.args.size());
  budget_.charge(expr.args.size());
  for (const ExprPtr& arg : expr.args) items.push_back(value(*arg, row));
  return items;
}

Value Evaluator::map(const Expr& expr, Row& row) {
  Map entries;
  budget_.charge(expr.args.size());
  for (std::size_t i = 0; i < expr.args.size(); ++i)
    entries.insert_or_assign(expr.names[i], value(*expr.args[i], row));
  return entries;
}

Value Evaluator::call(const Expr& expr, Row& row) {
  const Function& function = *expr.function;
  std::vector<Value> args;
  args.reserve(expr.args.size());
  for (const ExprPtr& arg : expr.args) {
    args.push_back(value(*arg, row));
    if (function.null_in_null_out && args.back().is_null()) return {};
  }
  CallContext context{expr.at, graph_, budget_, now_us_};
  return function.run(context, args);
}

Value Evaluator::operation(const Expr& expr, Row& row) {
  const OperatorContext context{expr.at, budget_};
  const Value left = value(*expr.args[0], row);
  if (expr.op == Op::plus) return left;
  if (expr.op == Op::negate) return left.is_null() ? Value{} : negated(context, left);
  const Value right = value(*expr.args[1], row);
  if (expr.op == Op::in) return is_in(context, left, right);
  if (expr.op == Op::starts_with || expr.op == Op::ends_with || expr.op == Op::contains)
    return string_predicate(expr.op, left, right);
  if (expr.op == Op::matches) return matches(expr, left, right);
  if (left.is_null() || right.is_null()) return {};
  return arithmetic(context, expr.op, left, right);
}

Value Evaluator::matches(const Expr& expr, const Value& text, const Value& expression) {
  constexpr std::size_t kMostExpressionBytes = std::size_t{64} << 10;
  constexpr std::uint64_t kRowsOfExpression = 256;
  if (text.kind() != Kind::string || expression.kind() != Kind::string) return {};
  budget_.charge(1 + text.string().size() / kBytesPerRow);
  auto known = expressions_.find(expression.string());
  try {
    if (known == expressions_.end()) {
      // What it may cost is not known before: the clock is looked at each time.
      budget_.charge(kRowsOfExpression + expression.string().size() / kBytesPerRow);
      expression_bytes_ += expression.string().size();
      if (expression_bytes_ > kMostExpressionBytes) {
        expressions_.clear();
        expression_bytes_ = expression.string().size();
      }
      auto made = std::make_unique<RegularExpression>(expression.string());
      known = expressions_.emplace(expression.string(), std::move(made)).first;
    }
    return known->second->matches(text.string());
  } catch (const Error& error) {
    fail(error.fault(), expr.args[1]->at, "ArgumentError: InvalidArgumentValue", error.what());
  }
}

Value Evaluator::case_value(const Expr& expr, Row& row) {
  std::size_t i = expr.flag ? 1 : 0;
  const Value subject = expr.flag ? value(*expr.args[0], row) : Value{};
  for (; i + 1 < expr.args.size(); i += 2) {
    const bool chosen = expr.flag ? equals(subject, value(*expr.args[i], row)) == true
                                  : holds(*expr.args[i], row);
    if (chosen) return value(*expr.args[i + 1], row);
  }
  return i < expr.args.size() ? value(*expr.args[i], row) : Value{};
}

Value Evaluator::list_comprehension(const Expr& expr, Row& row) {
  const Value source = value(*expr.args[0], row);
  if (source.is_null()) return {};
  if (source.kind() != Kind::list)
    fail(Fault::data, expr.at, "TypeError: InvalidArgumentType", "expected a list after IN");
  List result;
  for (const Value& item : source.list()) {
    budget_.charge();
    row[static_cast<std::size_t>(expr.slot)] = item;
    if (expr.args[1] && !holds(*expr.args[1], row)) continue;
    result.push_back(expr.args[2] ? value(*expr.args[2], row) : item);
  }
  return result;
}

Value Evaluator::quantifier(const Expr& expr, Row& row) {
  const Value source = value(*expr.args[0], row);
  if (source.is_null()) return {};
  if (source.kind() != Kind::list)
    fail(Fault::data, expr.at, "TypeError: InvalidArgumentType", "expected a list after IN");
  std::size_t yes = 0, no = 0, unknown = 0;
  for (const Value& item : source.list()) {
    budget_.charge();
    row[static_cast<std::size_t>(expr.slot)] = item;
    const auto met = expr.args[1] ? truth(*expr.args[1], row) : std::optional{true};
    ++(!met ? unknown : *met ? yes : no);
  }
  const std::string& name = expr.names[0];
  const auto unless_unknown = [&](bool known) { return unknown > 0 ? Value{} : Value{known}; };
  if (name == "all") return no > 0 ? Value{false} : unless_unknown(true);
  if (name == "any") return yes > 0 ? Value{true} : unless_unknown(false);
  if (name == "none") return yes > 0 ? Value{false} : unless_unknown(true);
  return yes > 1 ? Value{false} : unless_unknown(yes == 1);
}

Value Evaluator::pattern_comprehension(const Expr& expr, Row& row) {
  List result;
  const Expr* where = expr.args[0].get();
  matcher(*expr.pattern, where).match(*this, row, [&](Row& found) {
    if (where == nullptr || holds(*where, found)) result.push_back(value(*expr.args[1], found));
    return true;
  });
  return result;
}

Value Evaluator::exists(const Expr& expr, Row& row) {
  if (expr.query) return query_has_rows(*this, *expr.query, row);
  const Expr* where = expr.args.empty() ? nullptr : expr.args[0].get();
  bool found_one = false;
  matcher(*expr.pattern, where).match(*this, row, [&](Row& found) {
    found_one = where == nullptr || holds(*where, found);
    return !found_one;
  });
  return found_one;
}

const PatternMatcher& Evaluator::matcher(const Pattern& pattern, const Expr* where) {
  auto& planned = matchers_[&pattern];
  if (!planned) planned = std::make_unique<PatternMatcher>(graph_, pattern, where);
  return *planned;
}

}  // namespace hart::prov::cypher
