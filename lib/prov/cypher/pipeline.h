#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/evaluator.h"

namespace hart::prov::cypher {

/// Takes rows from the clause before it. A row may be changed in the slots of later clauses.
class Stage {
 public:
  virtual ~Stage() = default;

  /// False when no more rows are wanted.
  virtual bool push(Row& row) = 0;
  /// After the last row; not called when push said false further down.
  virtual void finish() = 0;
};

/// The stage of WITH and RETURN: groups, sorts, cuts. `blank` is the row that an aggregate over
/// no rows starts from. `next` outlives the stage.
[[nodiscard]] std::unique_ptr<Stage> make_projection_stage(Evaluator& evaluator,
                                                           const Projection& projection,
                                                           const Row& blank, Stage& next);

/// Runs the clauses of a query from one row and gives `last` what the final clause passes on.
void run_single_query(Evaluator& evaluator, const SingleQuery& query, const Row& start,
                      Stage& last, GraphWriter* writer);

/// Whether a query within EXISTS { } has a row.
[[nodiscard]] bool query_has_rows(Evaluator& evaluator, const SingleQuery& query,
                                  const Row& start);

}  // namespace hart::prov::cypher
