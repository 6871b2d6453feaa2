#include <string>

#include "prov/cypher/analysis.h"

namespace hart::prov::cypher {

namespace {

constexpr TypeSet kBooleans = types_of(Type::boolean);
constexpr TypeSet kPropertyHolders =
    types_of(Type::node, Type::relationship, Type::map, Type::temporal, Type::duration);

bool is_logical(Op op) {
  return op == Op::and_ || op == Op::or_ || op == Op::xor_;
}

bool is_number(Type type) {
  return type == Type::integer || type == Type::floating;
}

Type literal_type(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return Type::null;
    case Kind::boolean:
      return Type::boolean;
    case Kind::integer:
      return Type::integer;
    case Kind::floating:
      return Type::floating;
    default:
      return Type::string;
  }
}

}  // namespace

void Analyzer::require(const Expr& at, StaticType type, TypeSet allowed,
                       std::string_view expectation) {
  if (!contains(allowed, type.type))
    fail_syntax(at.at, "InvalidArgumentType", "expected " + std::string{expectation});
}

StaticType Analyzer::expression(Expr& expr, bool predicate) {
  switch (expr.op) {
    case Op::literal:
      return {literal_type(expr.value)};
    case Op::parameter:
      return {};
    case Op::variable:
      return variable(expr);
    case Op::property:
      return property(expr);
    case Op::has_labels:
      require(expr, expression(*expr.args[0]), types_of(Type::node, Type::relationship),
              "a node or a relationship before the label");
      return {Type::boolean};
    case Op::index:
    case Op::slice:
      return subscript(expr);
    case Op::list:
      return list(expr);
    case Op::map:
      arguments(expr);
      return {Type::map};
    case Op::call:
      return call(expr);
    case Op::aggregate:
      return aggregate(expr);
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::not_:
      return logical(expr, predicate);
    case Op::case_:
      return case_expression(expr);
    case Op::list_comprehension:
    case Op::quantifier:
      return comprehension(expr);
    case Op::pattern_comprehension:
      return pattern_comprehension(expr);
    case Op::pattern_predicate:
      if (!predicate)
        fail_syntax(expr.at, "UnexpectedSyntax", "expected a value: a pattern is a condition");
      declare_pattern(*expr.pattern, false);
      return {Type::boolean};
    case Op::exists:
      return exists(expr);
    case Op::in:
      expression(*expr.args[0]);
      require(*expr.args[1], expression(*expr.args[1]), types_of(Type::list),
              "a list after IN");
      return {Type::boolean};
    case Op::compare:
    case Op::starts_with:
    case Op::ends_with:
    case Op::contains:
    case Op::matches:
    case Op::is_null:
    case Op::is_not_null:
      arguments(expr);
      return {Type::boolean};
    default:
      return arithmetic(expr);
  }
}

StaticType Analyzer::arguments(Expr& expr) {
  StaticType last;
  for (const ExprPtr& arg : expr.args)
    if (arg) last = expression(*arg);
  return last;
}

StaticType Analyzer::variable(Expr& expr) {
  const auto known = scope_.find(expr.name);
  if (known == scope_.end())
    fail_syntax(expr.at, "UndefinedVariable", "`" + expr.name + "` is not defined");
  expr.slot = known->second.slot;
  return known->second.type;
}

StaticType Analyzer::property(Expr& expr) {
  const StaticType subject = expression(*expr.args[0]);
  if (subject.type == Type::path)
    fail_syntax(expr.at, "InvalidArgumentType", "expected a node, a relationship or a map");
  if (!contains(kPropertyHolders, subject.type))
    fail(Fault::usage, expr.at, "TypeError: InvalidArgumentType",
         "expected a node, a relationship, a map or a time before `." + expr.name + "`");
  return {};
}

StaticType Analyzer::subscript(Expr& expr) {
  const StaticType subject = expression(*expr.args[0]);
  for (std::size_t i = 1; i < expr.args.size(); ++i)
    if (expr.args[i]) expression(*expr.args[i]);
  const TypeSet allowed = types_of(Type::list, Type::map, Type::node, Type::relationship);
  if (!contains(allowed, subject.type))
    fail(Fault::usage, expr.at, "TypeError: InvalidArgumentType",
         "expected a list or a map before `[`");
  if (expr.op == Op::slice) return subject.type == Type::list ? subject : StaticType{};
  return {subject.type == Type::list ? subject.item : Type::any};
}

StaticType Analyzer::logical(Expr& expr, bool predicate) {
  for (const ExprPtr& arg : expr.args)
    require(*arg, expression(*arg, predicate), kBooleans,
            is_logical(expr.op) ? "a boolean on each side" : "a boolean after NOT");
  return {Type::boolean};
}

StaticType Analyzer::arithmetic(Expr& expr) {
  const StaticType left = expression(*expr.args[0]);
  const StaticType right = expr.args.size() > 1 ? expression(*expr.args[1]) : left;
  if (expr.op == Op::add) {
    if (left.type == Type::list && right.type == Type::list)
      return {Type::list, left.item == right.item ? left.item : Type::any};
    if (left.type == Type::list || right.type == Type::list) return {Type::list};
  } else {
    const TypeSet allowed =
        types_of(Type::integer, Type::floating, Type::temporal, Type::duration);
    require(*expr.args[0], left, allowed, "a number");
    require(expr.args.size() > 1 ? *expr.args[1] : expr, right, allowed, "a number");
  }
  if (!is_number(left.type) || !is_number(right.type)) return {};
  if (expr.op == Op::power) return {Type::floating};
  return {left.type == Type::integer && right.type == Type::integer ? Type::integer
                                                                    : Type::floating};
}

StaticType Analyzer::list(Expr& expr) {
  StaticType type{Type::list, Type::any};
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const Type item = expression(*expr.args[i]).type;
    if (i == 0) type.item = item;
    if (item != type.item) type.item = Type::any;
  }
  return type;
}

StaticType Analyzer::call(Expr& expr) {
  expr.function = find_function(expr.name);
  if (expr.function == nullptr)
    fail_syntax(expr.at, "UnknownFunction", "there is no function `" + expr.name + "`");
  const Function& function = *expr.function;
  if (expr.args.size() < function.min_args || expr.args.size() > function.max_args)
    fail_syntax(expr.at, "InvalidNumberOfArguments",
                "expected " + std::to_string(function.min_args) + " to " +
                    std::to_string(function.max_args) + " arguments of `" + expr.name + "`");
  if (aggregation_ == Aggregation::nested && expr.name == "rand")
    fail_syntax(expr.at, "NonConstantExpression", "expected no rand() within an aggregate");
  const bool takes_pattern = expr.name == "exists";
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const StaticType type = expression(*expr.args[i], takes_pattern);
    if (i == 0)
      require(*expr.args[0], type, function.first_argument, "another type of argument");
  }
  return function.result;
}

StaticType Analyzer::aggregate(Expr& expr) {
  if (aggregation_ == Aggregation::nested)
    fail_syntax(expr.at, "NestedAggregation", "expected no aggregate within an aggregate");
  if (aggregation_ == Aggregation::forbidden) {
    arguments(expr);  // what is not defined at all is said first
    fail_syntax(expr.at, "InvalidAggregation", "expected no aggregate here");
  }
  const bool percentile = expr.name.starts_with("percentile");
  const std::size_t wanted = expr.star ? 0 : percentile ? 2 : 1;
  if (expr.args.size() != wanted)
    fail_syntax(expr.at, "InvalidNumberOfArguments",
                "expected " + std::to_string(wanted) + " arguments of `" + expr.name + "`");
  aggregation_ = Aggregation::nested;
  const StaticType argument = arguments(expr);
  aggregation_ = Aggregation::allowed;
  expr.slot = new_slot();
  aggregate_calls_->push_back(&expr);
  if (expr.name == "count") return {Type::integer};
  if (expr.name == "collect") return {Type::list, argument.type};
  return {};
}

StaticType Analyzer::comprehension(Expr& expr) {
  const StaticType source = expression(*expr.args[0]);
  require(*expr.args[0], source, types_of(Type::list), "a list after IN");
  const auto shadowed = scope_.find(expr.name);
  const auto outer = shadowed == scope_.end() ? std::nullopt : std::optional{shadowed->second};
  const Aggregation aggregation = aggregation_;
  if (aggregation_ == Aggregation::allowed) aggregation_ = Aggregation::forbidden;
  expr.slot = new_slot();
  const Type item = source.type == Type::list ? source.item : Type::any;
  scope_[expr.name] = {expr.slot, {item}};
  if (expr.args[1]) condition(expr.args[1]);
  StaticType result{item};
  if (expr.op == Op::list_comprehension && expr.args[2]) result = expression(*expr.args[2]);
  if (outer)
    scope_[expr.name] = *outer;
  else
    scope_.erase(expr.name);
  aggregation_ = aggregation;
  if (expr.op == Op::quantifier) return {Type::boolean};
  return {Type::list, result.type};
}

StaticType Analyzer::pattern_comprehension(Expr& expr) {
  const Scope outer = scope_;
  const Aggregation aggregation = aggregation_;
  if (aggregation_ == Aggregation::allowed) aggregation_ = Aggregation::forbidden;
  declare_pattern(*expr.pattern, true);
  if (expr.args[0]) condition(expr.args[0]);
  const StaticType result = expression(*expr.args[1]);
  scope_ = outer;
  aggregation_ = aggregation;
  return {Type::list, result.type};
}

StaticType Analyzer::exists(Expr& expr) {
  const Scope outer = scope_;
  const Aggregation aggregation = aggregation_;
  std::vector<Expr*>* const calls = aggregate_calls_;
  auto items = std::move(items_by_text_);
  aggregation_ = Aggregation::forbidden;
  if (expr.query) {
    single_query(*expr.query, outer);
  } else {
    declare_pattern(*expr.pattern, true);
    if (expr.args[0]) condition(expr.args[0]);
  }
  scope_ = outer;
  aggregation_ = aggregation;
  aggregate_calls_ = calls;
  items_by_text_ = std::move(items);
  return {Type::boolean};
}

StaticType Analyzer::case_expression(Expr& expr) {
  const std::size_t first = expr.flag ? 1 : 0;
  if (expr.flag) expression(*expr.args[0]);
  for (std::size_t i = first; i < expr.args.size(); ++i) {
    const bool is_condition = !expr.flag && (i - first) % 2 == 0 && i + 1 < expr.args.size();
    expression(*expr.args[i], is_condition);
  }
  return {};
}

}  // namespace hart::prov::cypher
