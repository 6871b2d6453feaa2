#include <algorithm>
#include <set>

#include "prov/cypher/analysis.h"

namespace hart::prov::cypher {

namespace {

bool has_variable(const Expr& expr) {
  std::vector<std::string> locals, names;
  free_variables(expr, locals, names);
  return !names.empty();
}

}  // namespace

// The text of an expression without spaces and comments, by which two are the same.
std::string Analyzer::canonical(const Expr& expr) const {
  // What stands for `*` has no tokens.
  std::string text = expr.first_token == expr.last_token ? expr.name + ' ' : std::string{};
  for (std::uint32_t i = expr.first_token; i < expr.last_token; ++i) {
    const Token& token = statement_.tokens[i];
    const bool called = statement_.tokens[i + 1].text == "(" && token.kind == TokenKind::name;
    text += token.kind == TokenKind::string      ? "'" + token.text + "'"
            : token.kind == TokenKind::parameter ? "$" + token.text
            : called                             ? lower_case(token.text)
                                                 : token.text;
    text += ' ';
  }
  return text;
}

void Analyzer::projection(Clause& clause, const Scope& outer) {
  Projection& projection = clause.projection;
  const Scope before = scope_;
  if (projection.star) expand_star(projection, clause.at);
  std::vector<StaticType> types;
  analyze_items(projection, types);

  Scope after = outer;
  for (std::size_t i = 0; i < projection.items.size(); ++i) {
    projection.items[i].slot = new_slot();
    after[projection.items[i].name] = {projection.items[i].slot, types[i]};
  }
  order_and_filter(projection, before, after);
  check_names(clause);
  scope_ = after;
  std::set<int> kept;
  for (const ProjectionItem& item : projection.items) kept.insert(item.slot);
  for (int slot = first_slot_; slot < next_slot_; ++slot)
    if (!kept.contains(slot)) projection.dropped_slots.push_back(slot);
}

void Analyzer::expand_star(Projection& projection, Position at) {
  if (scope_.empty() && projection.items.empty())
    fail_syntax(at, "NoVariablesInScope", "expected a variable that `*` can stand for");
  std::vector<ProjectionItem> items;
  for (const auto& [name, variable] : scope_) {
    ProjectionItem item;
    item.at = at;
    item.expr = std::make_unique<Expr>();
    item.expr->op = Op::variable;
    item.expr->at = at;
    item.expr->name = item.name = name;
    item.aliased = true;
    items.push_back(std::move(item));
  }
  for (ProjectionItem& item : projection.items) items.push_back(std::move(item));
  projection.items = std::move(items);
}

void Analyzer::analyze_items(Projection& projection, std::vector<StaticType>& types) {
  aggregation_ = Aggregation::allowed;
  aggregate_calls_ = &projection.aggregate_calls;
  for (ProjectionItem& item : projection.items) {
    types.push_back(expression(*item.expr));
    item.aggregates = has_aggregate(*item.expr);
    projection.aggregates = projection.aggregates || item.aggregates;
  }
  aggregation_ = Aggregation::forbidden;
  aggregate_calls_ = nullptr;
  items_by_text_.clear();
  for (const ProjectionItem& item : projection.items)
    items_by_text_.emplace(canonical(*item.expr), &item);
  std::vector<std::string> locals;
  for (const ProjectionItem& item : projection.items)
    if (item.aggregates) check_ambiguity(*item.expr, locals);
}

void Analyzer::check_names(const Clause& clause) const {
  std::set<std::string, std::less<>> names;
  for (const ProjectionItem& item : clause.projection.items) {
    if (clause.kind == ClauseKind::with && !item.aliased && item.expr->op != Op::variable)
      fail_syntax(item.at, "NoExpressionAlias", "expected AS and a name after the expression");
    if (!names.insert(item.name).second)
      fail_syntax(item.at, "ColumnNameConflict", "two columns are named `" + item.name + "`");
  }
}

// Beside its aggregates an item may only speak of what rows are grouped by: of variables and
// properties that stand as items by themselves.
void Analyzer::check_ambiguity(const Expr& expr, std::vector<std::string>& locals) const {
  if (expr.op == Op::aggregate) return;
  if (expr.op == Op::variable || expr.op == Op::property) {
    const auto item = items_by_text_.find(canonical(expr));
    if (item != items_by_text_.end() && !item->second->aggregates) return;
    if (expr.op == Op::variable) {
      if (std::find(locals.begin(), locals.end(), expr.name) != locals.end()) return;
      fail_syntax(expr.at, "AmbiguousAggregationExpression",
                  "expected `" + expr.name + "` to be an item of its own beside an aggregate");
    }
  }
  const bool binds = expr.op == Op::list_comprehension || expr.op == Op::quantifier;
  if (binds) locals.push_back(expr.name);
  for (const ExprPtr& arg : expr.args)
    if (arg) check_ambiguity(*arg, locals);
  if (binds) locals.pop_back();
}

// ORDER BY and WHERE may repeat an expression of the projection: they mean its column.
void Analyzer::substitute(const Scope& after, ExprPtr& expr) const {
  const bool shadowed = expr->op == Op::variable && after.contains(expr->name);
  if (expr->first_token < expr->last_token && !shadowed && expr->op != Op::literal) {
    const auto item = items_by_text_.find(canonical(*expr));
    if (item != items_by_text_.end()) {
      auto column = std::make_unique<Expr>();
      column->op = Op::variable;
      column->at = expr->at;
      column->name = item->second->name;
      expr = std::move(column);
      return;
    }
  }
  for (ExprPtr& arg : expr->args)
    if (arg) substitute(after, arg);
}

// A variable that grouping hides is ambiguous beside an aggregate if it was grouped by as a
// part of something, and else unknown.
void Analyzer::check_sort_scope(const Projection& projection, const Expr& expr,
                                const Scope& after) const {
  if (!projection.aggregates || !has_aggregate(expr)) return;
  std::vector<std::string> locals, names, grouped;
  const auto is_item = [&](const Expr& part) {
    return items_by_text_.contains(canonical(part));
  };
  const auto outside = [&](const auto& self, const Expr& part) -> void {
    if (part.op == Op::aggregate || (part.op == Op::property && is_item(part))) return;
    if (part.op == Op::variable) names.push_back(part.name);
    for (const ExprPtr& arg : part.args)
      if (arg) self(self, *arg);
  };
  outside(outside, expr);
  for (const ProjectionItem& item : projection.items)
    if (!item.aggregates) free_variables(*item.expr, locals, grouped);
  for (const std::string& name : names)
    if (!after.contains(name) &&
        std::find(grouped.begin(), grouped.end(), name) != grouped.end())
      fail_syntax(expr.at, "AmbiguousAggregationExpression",
                  "expected `" + name + "` to be an item of its own beside an aggregate");
}

void Analyzer::order_and_filter(Projection& projection, const Scope& before,
                                const Scope& after) {
  const bool hides = projection.aggregates || projection.distinct;
  scope_ = after;
  if (!hides) scope_.insert(before.begin(), before.end());
  for (SortItem& item : projection.order) {
    if (has_aggregate(*item.expr) && !projection.aggregates)
      fail_syntax(item.expr->at, "InvalidAggregation",
                  "expected no aggregate where the projection has none");
    // Of a sum of grouped things and an aggregate only variables and properties may be columns.
    check_sort_scope(projection, *item.expr, after);
    substitute(after, item.expr);
    expression(*item.expr);
  }
  if (projection.where) {
    substitute(after, projection.where);
    condition(projection.where);
  }
  if (projection.skip) row_count(projection.skip, "SKIP");
  if (projection.limit) row_count(projection.limit, "LIMIT");
}

void Analyzer::row_count(ExprPtr& expr, std::string_view clause_name) {
  if (has_variable(*expr))
    fail_syntax(expr->at, "NonConstantExpression",
                "expected " + std::string{clause_name} + " to depend on no row");
  scope_.clear();
  const bool negative = expr->op == Op::negate && expr->args[0]->op == Op::literal;
  if (negative && expr->args[0]->value.kind() == Kind::integer)
    fail_syntax(expr->at, "NegativeIntegerArgument",
                "expected " + std::string{clause_name} + " not to be negative");
  require(*expr, expression(*expr), types_of(Type::integer), "an integer");
}

}  // namespace hart::prov::cypher
