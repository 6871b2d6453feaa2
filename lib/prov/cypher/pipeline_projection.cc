#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "prov/cypher/aggregate.h"
#include "prov/cypher/compare.h"
#include "prov/cypher/error.h"
#include "prov/cypher/pipeline.h"

namespace hart::prov::cypher {

namespace {

class ProjectionStage : public Stage {
 public:
  // Parentheses around the row: braces would make a row of one list of it.
  ProjectionStage(Evaluator& evaluator, const Projection& projection, Row blank, Stage& next)
      : evaluator_{evaluator}, projection_{projection}, blank_(std::move(blank)), next_{next} {
    if (projection.skip) skip_ = row_count(*projection.skip, "SKIP");
    if (projection.limit) limit_ = row_count(*projection.limit, "LIMIT");
  }

  bool push(Row& row) override {
    // What is held per row grows with the query's variables.
    evaluator_.budget().charge(1 + row.size() / 16);
    if (projection_.aggregates) {
      group(row);
      return true;
    }
    if (done_ || limit_ == 0) return false;
    Row projected = row;
    for (const ProjectionItem& item : projection_.items)
      projected[static_cast<std::size_t>(item.slot)] = evaluator_.value(*item.expr, row);
    return emit(projected);
  }

  void finish() override {
    if (projection_.aggregates) finish_groups();
    std::stable_sort(sorted_.begin(), sorted_.end(), [&](const Sorted& a, const Sorted& b) {
      for (std::size_t i = 0; i < a.keys.size(); ++i)
        if (const int key = order(a.keys[i], b.keys[i]))
          return projection_.order[i].descending ? key > 0 : key < 0;
      return false;
    });
    for (Sorted& one : sorted_)
      if (!deliver(one.row)) break;
    next_.finish();
  }

 private:
  struct Group {
    Row first;
    std::vector<Accumulator> accumulators;
  };
  struct Sorted {
    std::vector<Value> keys;
    Row row;
  };

  std::uint64_t row_count(const Expr& expr, std::string_view clause) {
    const Value count = evaluator_.value(expr, blank_);
    if (count.kind() != Kind::integer)
      fail(Fault::data, expr.at, "SyntaxError: InvalidArgumentType",
           "expected an integer after " + std::string{clause});
    if (count.integer() < 0)
      fail(Fault::data, expr.at, "SyntaxError: NegativeIntegerArgument",
           "expected " + std::string{clause} + " not to be negative");
    return static_cast<std::uint64_t>(count.integer());
  }

  void group(Row& row) {
    std::vector<Value> keys;
    for (const ProjectionItem& item : projection_.items)
      if (!item.aggregates) keys.push_back(evaluator_.value(*item.expr, row));
    auto found = groups_.find(keys);
    if (found == groups_.end()) found = groups_.emplace(std::move(keys), new_group(row)).first;
    for (std::size_t i = 0; i < projection_.aggregate_calls.size(); ++i) {
      std::vector<Value> args;
      for (const ExprPtr& arg : projection_.aggregate_calls[i]->args)
        args.push_back(evaluator_.value(*arg, row));
      found->second.accumulators[i].add(args, evaluator_.budget());
    }
  }

  Group new_group(const Row& first) {
    Group group{first, {}};
    for (const Expr* call : projection_.aggregate_calls) group.accumulators.emplace_back(*call);
    return group;
  }

  void finish_groups() {
    const bool ungrouped =
        std::all_of(projection_.items.begin(), projection_.items.end(),
                    [](const ProjectionItem& item) { return item.aggregates; });
    if (groups_.empty() && ungrouped) groups_.emplace(std::vector<Value>{}, new_group(blank_));
    for (auto& [keys, group] : groups_) {
      Row& row = group.first;
      for (std::size_t i = 0; i < group.accumulators.size(); ++i)
        row[static_cast<std::size_t>(projection_.aggregate_calls[i]->slot)] =
            group.accumulators[i].result();
      std::size_t key = 0;
      for (const ProjectionItem& item : projection_.items)
        row[static_cast<std::size_t>(item.slot)] =
            item.aggregates ? evaluator_.value(*item.expr, row) : keys[key++];
      if (!emit(row)) break;
    }
  }

  bool emit(Row& row) {
    if (projection_.distinct) {
      std::vector<Value> values;
      for (const ProjectionItem& item : projection_.items)
        values.push_back(row[static_cast<std::size_t>(item.slot)]);
      if (!seen_.insert(std::move(values)).second) return true;
    }
    if (projection_.order.empty()) return deliver(row);
    Sorted sorted;
    for (const SortItem& item : projection_.order)
      sorted.keys.push_back(evaluator_.value(*item.expr, row));
    // What WHERE may still ask for stays; else the old variables go before rows are held.
    if (!projection_.where) drop(row);
    sorted.row = std::move(row);
    sorted_.push_back(std::move(sorted));
    return true;
  }

  void drop(Row& row) const {
    for (const int slot : projection_.dropped_slots) row[static_cast<std::size_t>(slot)] = {};
  }

  bool deliver(Row& row) {
    if (skip_ > 0) {
      --skip_;
      return true;
    }
    if (limit_ == 0) return false;
    --limit_;
    if (!projection_.where || evaluator_.holds(*projection_.where, row)) {
      drop(row);
      done_ = !next_.push(row);
    }
    return !done_ && limit_ > 0;
  }

  Evaluator& evaluator_;
  const Projection& projection_;
  Row blank_;
  Stage& next_;
  std::uint64_t skip_ = 0;
  std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
  bool done_ = false;
  std::map<std::vector<Value>, Group, RowLess> groups_;
  std::set<std::vector<Value>, RowLess> seen_;
  std::vector<Sorted> sorted_;
};

}  // namespace

std::unique_ptr<Stage> make_projection_stage(Evaluator& evaluator, const Projection& projection,
                                             const Row& blank, Stage& next) {
  return std::make_unique<ProjectionStage>(evaluator, projection, blank, next);
}

}  // namespace hart::prov::cypher
