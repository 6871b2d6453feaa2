#include "prov/cypher/pipeline.h"

#include <algorithm>

#include "prov/cypher/error.h"
#include "prov/cypher/match.h"

namespace hart::prov::cypher {

namespace {

class MatchStage : public Stage {
 public:
  MatchStage(Evaluator& evaluator, const Clause& clause, Stage& next)
      : evaluator_{evaluator}, clause_{clause}, next_{next} {
    const std::vector<int>& bound = clause.pattern.bound_slots;
    const auto add = [&](int slot) {
      if (slot != kNoSlot && std::find(bound.begin(), bound.end(), slot) == bound.end())
        new_slots_.push_back(slot);
    };
    for (const PatternPart& part : clause.pattern.parts) {
      add(part.slot);
      for (const NodePattern& node : part.nodes) add(node.slot);
      for (const EdgePattern& edge : part.edges) add(edge.slot);
    }
  }

  bool push(Row& row) override {
    bool matched = false;
    const Expr* where = clause_.where.get();
    const bool go_on =
        evaluator_.matcher(clause_.pattern, where).match(evaluator_, row, [&](Row& found) {
          if (where != nullptr && !evaluator_.holds(*where, found)) return true;
          matched = true;
          return next_.push(found);
        });
    if (matched || clause_.kind == ClauseKind::match) return go_on;
    for (const int slot : new_slots_) row[static_cast<std::size_t>(slot)] = {};
    return next_.push(row);
  }

  void finish() override { next_.finish(); }

 private:
  Evaluator& evaluator_;
  const Clause& clause_;
  Stage& next_;
  std::vector<int> new_slots_;
};

class UnwindStage : public Stage {
 public:
  UnwindStage(Evaluator& evaluator, const Clause& clause, Stage& next)
      : evaluator_{evaluator}, clause_{clause}, next_{next} {}

  bool push(Row& row) override {
    const Value list = evaluator_.value(*clause_.expr, row);
    if (list.is_null()) return true;
    if (list.kind() != Kind::list) return give(row, list);
    for (const Value& item : list.list())
      if (!give(row, item)) return false;
    return true;
  }

  void finish() override { next_.finish(); }

 private:
  bool give(Row& row, const Value& item) {
    evaluator_.budget().charge();
    row[static_cast<std::size_t>(clause_.slot)] = item;
    return next_.push(row);
  }

  Evaluator& evaluator_;
  const Clause& clause_;
  Stage& next_;
};

/// Creates only after all rows are read, so that a clause does not see what it writes.
class CreateStage : public Stage {
 public:
  CreateStage(Evaluator& evaluator, const Clause& clause, Stage& next, GraphWriter* writer)
      : evaluator_{evaluator}, clause_{clause}, next_{next}, writer_{writer} {
    if (writer == nullptr)
      fail(Fault::usage, clause.at, "SyntaxError: UnexpectedSyntax", "this graph is read only");
  }

  bool push(Row& row) override {
    rows_.push_back(row);
    return true;
  }

  void finish() override {
    bool go_on = true;
    for (Row& row : rows_) {
      for (const PatternPart& part : clause_.pattern.parts) create(part, row);
      if (go_on) go_on = next_.push(row);
    }
    next_.finish();
  }

 private:
  NodeId node(const NodePattern& pattern, Row& row, std::vector<int>& made) {
    Value& slot = row[static_cast<std::size_t>(pattern.slot)];
    const std::vector<int>& bound = clause_.pattern.bound_slots;
    const bool known = std::find(bound.begin(), bound.end(), pattern.slot) != bound.end() ||
                       std::find(made.begin(), made.end(), pattern.slot) != made.end();
    if (!known) {
      slot = Node{writer_->create_node(pattern.labels, properties(pattern.properties, row))};
      made.push_back(pattern.slot);
    }
    if (slot.kind() != Kind::node)
      fail(Fault::data, pattern.at, "TypeError: InvalidArgumentType", "expected a node");
    return slot.node().id;
  }

  Map properties(const ExprPtr& wanted, Row& row) {
    Map map;
    if (!wanted) return map;
    const Value value = evaluator_.value(*wanted, row);
    for (const auto& [key, item] : value.map())
      if (!item.is_null()) map.emplace(key, item);
    return map;
  }

  void create(const PatternPart& part, Row& row) {
    if (&part == &clause_.pattern.parts.front()) made_.clear();
    NodeId left = node(part.nodes[0], row, made_);
    for (std::size_t i = 0; i < part.edges.size(); ++i) {
      const EdgePattern& edge = part.edges[i];
      const NodeId right = node(part.nodes[i + 1], row, made_);
      const bool out = edge.direction == Direction::out;
      row[static_cast<std::size_t>(edge.slot)] =
          writer_->create_edge(out ? left : right, out ? right : left, edge.types[0],
                               properties(edge.properties, row));
      left = right;
    }
  }

  Evaluator& evaluator_;
  const Clause& clause_;
  Stage& next_;
  GraphWriter* writer_;
  std::vector<Row> rows_;
  std::vector<int> made_;
};

/// Takes note of the first row.
class AnyRow : public Stage {
 public:
  bool push(Row&) override {
    found = true;
    return false;
  }
  void finish() override {}

  bool found = false;
};

std::unique_ptr<Stage> make_stage(Evaluator& evaluator, const Clause& clause, const Row& start,
                                  Stage& next, GraphWriter* writer) {
  switch (clause.kind) {
    case ClauseKind::match:
    case ClauseKind::optional_match:
      return std::make_unique<MatchStage>(evaluator, clause, next);
    case ClauseKind::unwind:
      return std::make_unique<UnwindStage>(evaluator, clause, next);
    case ClauseKind::create:
      return std::make_unique<CreateStage>(evaluator, clause, next, writer);
    default:
      return make_projection_stage(evaluator, clause.projection, start, next);
  }
}

}  // namespace

void run_single_query(Evaluator& evaluator, const SingleQuery& query, const Row& start,
                      Stage& last, GraphWriter* writer) {
  std::vector<std::unique_ptr<Stage>> stages;
  Stage* next = &last;
  for (std::size_t i = query.clauses.size(); i-- > 0;) {
    stages.push_back(make_stage(evaluator, query.clauses[i], start, *next, writer));
    next = stages.back().get();
  }
  Row row = start;
  next->push(row);
  next->finish();
}

bool query_has_rows(Evaluator& evaluator, const SingleQuery& query, const Row& start) {
  AnyRow any;
  run_single_query(evaluator, query, start, any, nullptr);
  return any.found;
}

}  // namespace hart::prov::cypher
