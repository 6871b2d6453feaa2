#pragma once

#include <set>
#include <string>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/budget.h"
#include "prov/cypher/compare.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// One aggregate over the rows of one group.
class Accumulator {
 public:
  /// `call` is the aggregate: its name, whether DISTINCT, whether count(*).
  explicit Accumulator(const Expr& call) : call_{&call} {}

  /// Takes the arguments of a row; nulls count for count(*) alone. Throws Error{Fault::data}
  /// for values that the aggregate does not take.
  void add(const std::vector<Value>& args, Budget& budget);
  [[nodiscard]] Value result() const;

 private:
  void add_sum(const Value& value);
  void add_deviation(const Value& value);
  void check_percentile(const Value& fraction);
  [[nodiscard]] Value percentile() const;
  [[noreturn]] void refuse(std::string_view expectation, const Value& found) const;

  const Expr* call_;
  std::set<std::vector<Value>, RowLess> seen_;
  std::int64_t count_ = 0;
  Value best_;  ///< min, max
  Value sum_;   ///< sum, avg; null until the first value
  List items_;  ///< collect, percentiles
  double fraction_ = 0;
  double mean_ = 0, squares_ = 0;  ///< Welford's, for deviations
};

}  // namespace hart::prov::cypher
