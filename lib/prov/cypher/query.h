#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/budget.h"
#include "prov/cypher/graph.h"
#include "prov/cypher/parser.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// A parsed and checked query of the openCypher 9 read subset: MATCH, OPTIONAL MATCH, WHERE,
/// WITH, UNWIND, RETURN with DISTINCT, ORDER BY, SKIP and LIMIT, UNION [ALL], EXISTS { }.
class Query {
 public:
  /// Called with the values of a row, in the order of the columns; false ends the query.
  using RowSink = std::function<bool(std::span<const Value> row)>;

  /// Throws Error{Fault::usage}, "LINE:COLUMN: ... (SyntaxError: ...)", for what is wrong
  /// whatever the graph holds.
  explicit Query(std::string_view text, Dialect dialect = Dialect::reading);

  [[nodiscard]] const std::vector<std::string>& columns() const noexcept {
    return statement_.columns;
  }

  /// Streams the result. Throws Error{Fault::usage} for a missing parameter, Error{Fault::data}
  /// with the position for values that an operator or function does not take,
  /// Error{Fault::denied} when the budget is used up, and whatever the graph throws. `writer`
  /// is for Dialect::scratch alone.
  void run(const Graph& graph, const Map& parameters, Budget& budget, const RowSink& sink,
           GraphWriter* writer = nullptr) const;

 private:
  Statement statement_;
};

}  // namespace hart::prov::cypher
