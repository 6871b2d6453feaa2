#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/budget.h"
#include "prov/cypher/graph.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// The values of a query's variables, by slot.
using Row = std::vector<Value>;

class PatternMatcher;
class RegularExpression;

/// Computes expressions of one running query. Rows are not const: comprehensions and patterns
/// write the slots of their own variables.
class Evaluator {
 public:
  Evaluator(const Graph& graph, const Map& parameters, Budget& budget, std::int64_t now_us);
  ~Evaluator();

  [[nodiscard]] Value value(const Expr& expr, Row& row);

  /// WHERE: null counts as false. Throws Error{Fault::data} for another kind of value.
  [[nodiscard]] bool holds(const Expr& expr, Row& row);

  /// The matcher of a pattern, planned on first use; `where` may give it hints.
  [[nodiscard]] const PatternMatcher& matcher(const Pattern& pattern, const Expr* where);

  [[nodiscard]] const Graph& graph() const noexcept { return graph_; }
  [[nodiscard]] Budget& budget() noexcept { return budget_; }

 private:
  std::optional<bool> truth(const Expr& expr, Row& row);
  Value logical(const Expr& expr, Row& row);
  Value comparison(const Expr& expr, Row& row);
  Value property(const Expr& expr, Row& row);
  Value property_of(const Expr& at, const Value& subject, std::string_view key);
  Value has_labels(const Expr& expr, Row& row);
  Value index(const Expr& expr, Row& row);
  Value slice_of(const Expr& expr, Row& row);
  Value list(const Expr& expr, Row& row);
  Value map(const Expr& expr, Row& row);
  Value call(const Expr& expr, Row& row);
  Value operation(const Expr& expr, Row& row);
  Value matches(const Expr& expr, const Value& text, const Value& expression);
  Value case_value(const Expr& expr, Row& row);
  Value list_comprehension(const Expr& expr, Row& row);
  Value quantifier(const Expr& expr, Row& row);
  Value pattern_comprehension(const Expr& expr, Row& row);
  Value exists(const Expr& expr, Row& row);

  const Graph& graph_;
  const Map& parameters_;
  Budget& budget_;
  std::int64_t now_us_;
  std::map<const Pattern*, std::unique_ptr<PatternMatcher>> matchers_;
  std::map<std::string, std::unique_ptr<RegularExpression>> expressions_;
  std::size_t expression_bytes_ = 0;
};

}  // namespace hart::prov::cypher
