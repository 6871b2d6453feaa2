#include <algorithm>

#include "prov/cypher/analysis.h"
#include "prov/cypher/match.h"

namespace hart::prov::cypher {

namespace {

Direction reversed_direction(Direction direction) {
  if (direction == Direction::both) return direction;
  return direction == Direction::out ? Direction::in : Direction::out;
}

bool is_constant(const Expr& expr) {
  std::vector<std::string> locals, names;
  free_variables(expr, locals, names);
  return names.empty() && !expr.pattern && !expr.query;
}

}  // namespace

PatternMatcher::PatternMatcher(const Graph& graph, const Pattern& pattern, const Expr* where)
    : graph_{graph}, where_{where}, bound_{pattern.bound_slots} {
  for (const PatternPart& part : pattern.parts) plan_part(part);
}

bool PatternMatcher::is_bound(int slot) const {
  return std::find(bound_.begin(), bound_.end(), slot) != bound_.end();
}

// Starts where something is known: at a node that has a value, or at one with the most to ask.
void PatternMatcher::plan_part(const PatternPart& part) {
  std::size_t start = 0;
  int best = -1;
  for (std::size_t i = 0; i < part.nodes.size(); ++i) {
    const NodePattern& node = part.nodes[i];
    const int known = (is_bound(node.slot) ? 4 : 0) + (node.properties ? 2 : 0) +
                      (node.labels.empty() ? 0 : 1);
    if (known > best) {
      best = known;
      start = i;
    }
  }
  plan_start(part.nodes[start]);
  for (std::size_t i = start; i < part.edges.size(); ++i) plan_edge(part, i, false);
  for (std::size_t i = start; i > 0; --i) plan_edge(part, i - 1, true);
  if (part.slot == kNoSlot) return;
  Step path;
  path.kind = StepKind::path;
  path.part = &part;
  steps_.push_back(std::move(path));
}

void PatternMatcher::plan_start(const NodePattern& node) {
  Step step;
  step.node = &node;
  step.node_bound = is_bound(node.slot);
  step.kind = step.node_bound ? StepKind::check : StepKind::scan;
  if (!step.node_bound) find_hints(where_, node, step);
  bound_.push_back(node.slot);
  steps_.push_back(std::move(step));
}

void PatternMatcher::plan_edge(const PatternPart& part, std::size_t edge, bool reversed) {
  Step step;
  step.edge = &part.edges[edge];
  step.kind = step.edge->variable_length ? StepKind::expand_many : StepKind::expand;
  step.reversed = reversed;
  step.from_slot = part.nodes[reversed ? edge + 1 : edge].slot;
  step.node = &part.nodes[reversed ? edge : edge + 1];
  step.direction = reversed ? reversed_direction(step.edge->direction) : step.edge->direction;
  step.node_bound = is_bound(step.node->slot);
  step.edge_bound = is_bound(step.edge->slot);
  for (const std::string& name : step.edge->types)
    if (const auto type = graph_.type_number(name)) step.types.push_back(*type);
  step.impossible = step.types.empty() && !step.edge->types.empty();
  bound_.push_back(step.node->slot);
  bound_.push_back(step.edge->slot);
  steps_.push_back(std::move(step));
}

// node.key = constant among the conditions that must all hold.
void PatternMatcher::find_hints(const Expr* where, const NodePattern& node, Step& step) const {
  if (where == nullptr) return;
  if (where->op == Op::and_)
    for (const ExprPtr& part : where->args) find_hints(part.get(), node, step);
  if (where->op != Op::compare || where->names.size() != 1 || where->names[0] != "=") return;
  for (std::size_t side = 0; side < 2; ++side) {
    const Expr& property = *where->args[side];
    const Expr& constant = *where->args[1 - side];
    if (property.op == Op::property && property.args[0]->op == Op::variable &&
        property.args[0]->slot == node.slot && is_constant(constant))
      step.hints.push_back({property.name, &constant});
  }
}

}  // namespace hart::prov::cypher
