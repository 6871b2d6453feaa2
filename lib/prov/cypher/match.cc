#include "prov/cypher/match.h"

#include <algorithm>
#include <array>

#include "prov/cypher/compare.h"

namespace hart::prov::cypher {

/// One search for the matches of one row.
class MatchRun {
 public:
  MatchRun(const PatternMatcher& matcher, Evaluator& evaluator, Row& row,
           const std::function<bool(Row&)>& found)
      : matcher_{matcher}, evaluator_{evaluator}, row_{row}, found_{found} {}

  /// Does step number `at` and all after it; false to end the search.
  bool step(std::size_t at);

 private:
  using Step = PatternMatcher::Step;
  static constexpr std::size_t kBatch = 32;

  /// Reads the relationships at a node batch by batch.
  struct EdgeBatches {
    NodeId node = 0;
    std::array<Edge, kBatch> batch{};
    std::size_t size = 0, next = 0;
    EdgeCursor cursor{};
    bool ended = false;
  };

  bool scan(const Step& step, std::size_t at);
  bool check(const Step& step, std::size_t at);
  bool expand(const Step& step, std::size_t at);
  bool expand_bound(const Step& step, std::size_t at, NodeId from);
  bool expand_many(const Step& step, std::size_t at);
  bool expand_bound_list(const Step& step, std::size_t at, NodeId from);
  bool path(const Step& step, std::size_t at);
  bool arrive(const Step& step, std::size_t at, NodeId node);
  bool arrive_by_trail(const Step& step, std::size_t at, NodeId node);
  const Edge* next_edge(const Step& step, EdgeBatches& batches);

  Value& slot(int index) { return row_[static_cast<std::size_t>(index)]; }
  bool used(EdgeId edge) const {
    return std::find(used_.begin(), used_.end(), edge) != used_.end();
  }
  bool node_fits(const NodePattern& pattern, NodeId node);
  bool edge_fits(const Step& step, const Edge& edge);
  bool properties_fit(const Expr* wanted, const std::function<Value(const std::string&)>& get);
  NodeFilter filter(const Step& step);

  const PatternMatcher& matcher_;
  Evaluator& evaluator_;
  Row& row_;
  const std::function<bool(Row&)>& found_;
  std::vector<EdgeId> used_;
  std::vector<Edge> trail_;  ///< of the expand_many in progress
};

namespace {

NodeId other_end(const Edge& edge, NodeId node) {
  return edge.start == node ? edge.end : edge.start;
}

bool leads_from(const Edge& edge, NodeId node, Direction direction) {
  const bool out = direction != Direction::in && edge.start == node;
  return out || (direction != Direction::out && edge.end == node);
}

}  // namespace

bool PatternMatcher::match(Evaluator& evaluator, Row& row,
                           const std::function<bool(Row&)>& found) const {
  return MatchRun{*this, evaluator, row, found}.step(0);
}

bool MatchRun::step(std::size_t at) {
  if (at == matcher_.steps_.size()) {
    evaluator_.budget().charge();
    return found_(row_);
  }
  const Step& step = matcher_.steps_[at];
  if (step.impossible && (step.edge == nullptr || step.edge->min_hops > 0)) return true;
  switch (step.kind) {
    case PatternMatcher::StepKind::scan:
      return scan(step, at);
    case PatternMatcher::StepKind::check:
      return check(step, at);
    case PatternMatcher::StepKind::expand:
      return expand(step, at);
    case PatternMatcher::StepKind::expand_many:
      return expand_many(step, at);
    default:
      return path(step, at);
  }
}

NodeFilter MatchRun::filter(const Step& step) {
  NodeFilter filter{step.node->labels, {}};
  const auto add = [&](const std::string& key, const Expr& expr) {
    Value value = evaluator_.value(expr, row_);
    if (!value.is_null()) filter.equal.emplace_back(key, std::move(value));
  };
  if (const Expr* wanted = step.node->properties.get())
    for (std::size_t i = 0; i < wanted->args.size(); ++i)
      add(wanted->names[i], *wanted->args[i]);
  for (const auto& hint : step.hints) add(hint.key, *hint.value);
  return filter;
}

bool MatchRun::scan(const Step& step, std::size_t at) {
  const NodeFilter wanted = filter(step);
  std::array<NodeId, kBatch> batch{};
  NodeId after = -1;
  while (true) {
    const std::size_t size = evaluator_.graph().nodes(wanted, after, batch);
    for (std::size_t i = 0; i < size; ++i) {
      evaluator_.budget().charge();
      if (!node_fits(*step.node, batch[i])) continue;
      slot(step.node->slot) = Node{batch[i]};
      if (!this->step(at + 1)) return false;
    }
    if (size < kBatch) return true;
    after = batch[size - 1];
  }
}

bool MatchRun::check(const Step& step, std::size_t at) {
  const Value& bound = slot(step.node->slot);
  if (bound.is_null()) return true;
  if (bound.kind() != Kind::node)
    fail(Fault::data, step.node->at, "TypeError: InvalidArgumentType",
         "expected a node, found " + std::string{kind_name(bound.kind())});
  return !node_fits(*step.node, bound.node().id) || this->step(at + 1);
}

bool MatchRun::node_fits(const NodePattern& pattern, NodeId node) {
  const Graph& graph = evaluator_.graph();
  for (const std::string& label : pattern.labels)
    if (!graph.has_label(node, label)) return false;
  return properties_fit(pattern.properties.get(),
                        [&](const std::string& key) { return graph.node_property(node, key); });
}

bool MatchRun::edge_fits(const Step& step, const Edge& edge) {
  if (!step.types.empty() &&
      std::find(step.types.begin(), step.types.end(), edge.type) == step.types.end())
    return false;
  return properties_fit(step.edge->properties.get(), [&](const std::string& key) {
    return evaluator_.graph().edge_property(edge, key);
  });
}

bool MatchRun::properties_fit(const Expr* wanted,
                              const std::function<Value(const std::string&)>& get) {
  if (wanted == nullptr) return true;
  for (std::size_t i = 0; i < wanted->args.size(); ++i)
    if (equals(get(wanted->names[i]), evaluator_.value(*wanted->args[i], row_)) != true)
      return false;
  return true;
}

const Edge* MatchRun::next_edge(const Step& step, EdgeBatches& batches) {
  if (batches.next == batches.size) {
    if (batches.ended || step.impossible) return nullptr;
    batches.size = evaluator_.graph().edges(batches.node, step.direction, step.types,
                                            batches.cursor, batches.batch);
    batches.next = 0;
    batches.ended = batches.size < kBatch;
    if (batches.size == 0) return nullptr;
  }
  evaluator_.budget().charge();
  return &batches.batch[batches.next++];
}

/// Goes on from the node that a relationship leads to, if that is what the pattern says.
bool MatchRun::arrive(const Step& step, std::size_t at, NodeId node) {
  if (step.node_bound) {
    const Value& bound = slot(step.node->slot);
    if (bound.kind() != Kind::node || bound.node().id != node) return true;
  }
  if (!node_fits(*step.node, node)) return true;
  if (!step.node_bound) slot(step.node->slot) = Node{node};
  return this->step(at + 1);
}

bool MatchRun::expand(const Step& step, std::size_t at) {
  const Value& start = slot(step.from_slot);
  if (start.kind() != Kind::node) return true;
  EdgeBatches batches;
  batches.node = start.node().id;
  if (step.edge_bound) return expand_bound(step, at, batches.node);
  while (const Edge* next = next_edge(step, batches)) {
    const Edge edge = *next;
    if (used(edge.id) || !edge_fits(step, edge)) continue;
    slot(step.edge->slot) = edge;
    used_.push_back(edge.id);
    const bool go_on = arrive(step, at, other_end(edge, batches.node));
    used_.pop_back();
    if (!go_on) return false;
  }
  return true;
}

bool MatchRun::expand_bound(const Step& step, std::size_t at, NodeId from) {
  const Value& bound = slot(step.edge->slot);
  if (bound.kind() != Kind::relationship) return true;
  const Edge edge = bound.edge();
  if (!leads_from(edge, from, step.direction) || used(edge.id) || !edge_fits(step, edge))
    return true;
  used_.push_back(edge.id);
  const bool go_on = arrive(step, at, other_end(edge, from));
  used_.pop_back();
  return go_on;
}

bool MatchRun::arrive_by_trail(const Step& step, std::size_t at, NodeId node) {
  if (step.node_bound) {
    const Value& bound = slot(step.node->slot);
    if (bound.kind() != Kind::node || bound.node().id != node) return true;
  }
  List edges(trail_.begin(), trail_.end());
  if (step.reversed) std::reverse(edges.begin(), edges.end());
  evaluator_.budget().charge(edges.size() / 16 + 1);
  slot(step.edge->slot) = std::move(edges);
  // A later step of the pattern may walk a trail of its own.
  std::vector<Edge> trail = std::move(trail_);
  trail_.clear();
  const bool go_on = arrive(step, at, node);
  trail_ = std::move(trail);
  return go_on;
}

// Depth first with a stack of its own: trails may be longer than the machine's stack allows.
bool MatchRun::expand_many(const Step& step, std::size_t at) {
  const Value& start = slot(step.from_slot);
  if (start.kind() != Kind::node) return true;
  const NodeId from = start.node().id;
  if (step.edge_bound) return expand_bound_list(step, at, from);
  if (step.edge->min_hops == 0 && !arrive_by_trail(step, at, from)) return false;
  if (step.edge->max_hops < 1) return true;
  std::vector<EdgeBatches> visited(1);
  visited.back().node = from;
  const auto leave = [&] {
    trail_.pop_back();
    used_.pop_back();
  };
  while (!visited.empty()) {
    const Edge* next = next_edge(step, visited.back());
    if (next == nullptr) {
      visited.pop_back();
      if (!visited.empty()) leave();
      continue;
    }
    const Edge edge = *next;
    if (used(edge.id) || !edge_fits(step, edge)) continue;
    const NodeId node = other_end(edge, visited.back().node);
    trail_.push_back(edge);
    used_.push_back(edge.id);
    const auto hops = static_cast<std::int64_t>(trail_.size());
    if (hops >= step.edge->min_hops && !arrive_by_trail(step, at, node)) return false;
    if (hops < step.edge->max_hops) {
      visited.emplace_back();
      visited.back().node = node;
    } else {
      leave();
    }
  }
  return true;
}

bool MatchRun::expand_bound_list(const Step& step, std::size_t at, NodeId from) {
  const Value bound = slot(step.edge->slot);
  if (bound.kind() != Kind::list) return true;
  List edges = bound.list();
  const auto hops = static_cast<std::int64_t>(edges.size());
  if (hops < step.edge->min_hops || hops > step.edge->max_hops) return true;
  if (step.reversed) std::reverse(edges.begin(), edges.end());
  NodeId node = from;
  const std::size_t before = used_.size();
  bool fits = true;
  for (const Value& edge : edges) {
    fits = edge.kind() == Kind::relationship && leads_from(edge.edge(), node, step.direction) &&
           !used(edge.edge().id) && edge_fits(step, edge.edge());
    if (!fits) break;
    used_.push_back(edge.edge().id);
    node = other_end(edge.edge(), node);
  }
  const bool go_on = !fits || arrive(step, at, node);
  used_.resize(before);
  return go_on;
}

bool MatchRun::path(const Step& step, std::size_t at) {
  const PatternPart& part = *step.part;
  Path path;
  path.nodes.push_back(slot(part.nodes[0].slot).node().id);
  const auto walk = [&](const Edge& edge) {
    path.nodes.push_back(other_end(edge, path.nodes.back()));
    path.edges.push_back(edge);
  };
  for (const EdgePattern& edge : part.edges) {
    const Value& matched = slot(edge.slot);
    if (!edge.variable_length) {
      walk(matched.edge());
    } else {
      for (const Value& one : matched.list()) walk(one.edge());
    }
  }
  slot(part.slot) = std::move(path);
  return this->step(at + 1);
}

}  // namespace hart::prov::cypher
