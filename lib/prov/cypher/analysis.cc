#include "prov/cypher/analysis.h"

#include <algorithm>

namespace hart::prov::cypher {

namespace {

constexpr TypeSet kNodeTypes = types_of(Type::node);

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void Analyzer::run() {
  for (SingleQuery& query : statement_.branches) {
    single_query(query, {});
    std::vector<std::string> columns;
    const Clause& last = query.clauses.back();
    for (const ProjectionItem& item : last.projection.items) columns.push_back(item.name);
    if (&query == &statement_.branches.front())
      statement_.columns = columns;
    else if (columns != statement_.columns)
      fail_syntax(query.at, "DifferentColumnsInUnion",
                  "expected the columns of the query before UNION");
  }
  statement_.slots = static_cast<std::size_t>(next_slot_);
}

void Analyzer::single_query(SingleQuery& query, const Scope& outer) {
  const int outer_first = first_slot_;
  first_slot_ = next_slot_;
  scope_ = outer;
  for (Clause& one : query.clauses) {
    if (one.kind == ClauseKind::with || one.kind == ClauseKind::return_)
      projection(one, outer);
    else
      clause(one);
  }
  first_slot_ = outer_first;
}

void Analyzer::clause(Clause& clause) {
  switch (clause.kind) {
    case ClauseKind::match:
    case ClauseKind::optional_match:
      return match(clause);
    case ClauseKind::unwind:
      return unwind(clause);
    default:
      return create(clause);
  }
}

void Analyzer::match(Clause& clause) {
  declare_pattern(clause.pattern, true);
  if (clause.where) condition(clause.where);
}

void Analyzer::create(Clause& clause) {
  for (PatternPart& part : clause.pattern.parts)
    for (const EdgePattern& edge : part.edges)
      if (edge.types.size() != 1 || edge.variable_length || edge.direction == Direction::both)
        fail_syntax(edge.at, "NoSingleRelationshipType",
                    "expected one type and one direction of a relationship to create");
  declare_pattern(clause.pattern, true);
}

void Analyzer::unwind(Clause& clause) {
  const StaticType type = expression(*clause.expr);
  if (scope_.contains(clause.variable))
    fail_syntax(clause.at, "VariableAlreadyBound",
                "expected a new name, not `" + clause.variable + "`");
  clause.slot = new_slot();
  scope_[clause.variable] = {clause.slot, {type.type == Type::list ? type.item : Type::any}};
}

void Analyzer::condition(ExprPtr& expr) {
  require(*expr, expression(*expr, true), types_of(Type::boolean), "a condition");
}

void Analyzer::declare_pattern(Pattern& pattern, bool may_declare) {
  for (const auto& [name, known] : scope_) pattern.bound_slots.push_back(known.slot);
  std::vector<std::string> edges;
  for (PatternPart& part : pattern.parts) {
    for (std::size_t i = 0; i < part.nodes.size(); ++i) {
      NodePattern& node = part.nodes[i];
      if (!part.variable.empty() && node.variable == part.variable)
        fail_syntax(node.at, "VariableAlreadyBound", "`" + node.variable + "` is the path");
      declare_node(node, may_declare);
      if (i == part.edges.size()) break;
      EdgePattern& edge = part.edges[i];
      if (!part.variable.empty() && edge.variable == part.variable)
        fail_syntax(edge.at, "VariableAlreadyBound", "`" + edge.variable + "` is the path");
      declare_edge(edge, may_declare, edges);
    }
    if (!part.variable.empty()) declare_path(part);
  }
  pattern_properties(pattern);
}

void Analyzer::declare_node(NodePattern& node, bool may_declare) {
  const auto known = scope_.find(node.variable);
  if (!node.variable.empty() && known != scope_.end()) {
    if (!contains(kNodeTypes, known->second.type.type))
      fail_syntax(node.at, "VariableTypeConflict", "`" + node.variable + "` is not a node");
    node.slot = known->second.slot;
    known->second.type = {Type::node};
    return;
  }
  if (!node.variable.empty() && !may_declare)
    fail_syntax(node.at, "UndefinedVariable", "`" + node.variable + "` is not defined");
  node.slot = new_slot();
  if (!node.variable.empty()) scope_[node.variable] = {node.slot, {Type::node}};
}

void Analyzer::declare_edge(EdgePattern& edge, bool may_declare,
                            std::vector<std::string>& edges) {
  const StaticType type = edge.variable_length ? StaticType{Type::list, Type::relationship}
                                               : StaticType{Type::relationship};
  const auto known = scope_.find(edge.variable);
  if (!edge.variable.empty() && known != scope_.end()) {
    if (!contains(types_of(type.type), known->second.type.type) ||
        !contains(types_of(type.item), known->second.type.item))
      fail_syntax(edge.at, "VariableTypeConflict",
                  "`" + edge.variable + "` is not a relationship of this pattern");
    if (holds(edges, edge.variable))
      fail_syntax(edge.at, "RelationshipUniquenessViolation",
                  "`" + edge.variable + "` stands twice in one pattern");
    edge.slot = known->second.slot;
    edges.push_back(edge.variable);
    return;
  }
  if (!edge.variable.empty() && !may_declare)
    fail_syntax(edge.at, "UndefinedVariable", "`" + edge.variable + "` is not defined");
  edge.slot = new_slot();
  if (edge.variable.empty()) return;
  scope_[edge.variable] = {edge.slot, type};
  edges.push_back(edge.variable);
}

void Analyzer::declare_path(PatternPart& part) {
  if (scope_.contains(part.variable))
    fail_syntax(part.at, "VariableAlreadyBound",
                "expected a new name for the path, not `" + part.variable + "`");
  part.slot = new_slot();
  scope_[part.variable] = {part.slot, {Type::path}};
}

void Analyzer::pattern_properties(Pattern& pattern) {
  for (PatternPart& part : pattern.parts) {
    for (NodePattern& node : part.nodes)
      if (node.properties) expression(*node.properties);
    for (EdgePattern& edge : part.edges)
      if (edge.properties) expression(*edge.properties);
  }
}

bool has_aggregate(const Expr& expr) {
  if (expr.op == Op::aggregate) return true;
  return std::any_of(expr.args.begin(), expr.args.end(),
                     [](const ExprPtr& arg) { return arg && has_aggregate(*arg); });
}

void free_variables(const Expr& expr, std::vector<std::string>& locals,
                    std::vector<std::string>& names) {
  if (expr.op == Op::variable && !holds(locals, expr.name)) names.push_back(expr.name);
  const bool binds = expr.op == Op::list_comprehension || expr.op == Op::quantifier;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (binds && i == 1) locals.push_back(expr.name);
    if (expr.args[i]) free_variables(*expr.args[i], locals, names);
  }
  if (binds) locals.pop_back();
}

}  // namespace hart::prov::cypher
