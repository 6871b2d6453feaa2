#include "prov/cypher/query.h"

#include <set>

#include "core/clock.h"
#include "prov/cypher/analysis.h"
#include "prov/cypher/compare.h"
#include "prov/cypher/evaluator.h"
#include "prov/cypher/pipeline.h"

namespace hart::prov::cypher {

namespace {

/// Hands rows to the caller; of a UNION, each once.
class ResultStage : public Stage {
 public:
  ResultStage(const Query::RowSink& sink, Budget& budget, bool distinct)
      : sink_{sink}, budget_{budget}, distinct_{distinct} {}

  void begin_branch(const SingleQuery& query) {
    items_ = query.clauses.back().projection.items;
  }

  bool push(Row& row) override {
    if (ended_) return false;
    std::vector<Value> values;
    for (const ProjectionItem& item : items_)
      values.push_back(row[static_cast<std::size_t>(item.slot)]);
    budget_.charge();
    if (distinct_ && !seen_.insert(values).second) return true;
    ended_ = !items_.empty() && !sink_(values);
    return !ended_;
  }

  void finish() override {}
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  const Query::RowSink& sink_;
  Budget& budget_;
  bool distinct_;
  bool ended_ = false;
  std::span<const ProjectionItem> items_;
  std::set<std::vector<Value>, RowLess> seen_;
};

}  // namespace

Query::Query(std::string_view text, Dialect dialect)
    : statement_{Parser{text, dialect}.statement()} {
  Analyzer{statement_}.run();
}

void Query::run(const Graph& graph, const Map& parameters, Budget& budget, const RowSink& sink,
                GraphWriter* writer) const {
  for (const Token& token : statement_.tokens)
    if (token.kind == TokenKind::parameter && !parameters.contains(token.text))
      fail(Fault::usage, token.at, "ParameterMissing: MissingParameter",
           "expected a value of $" + token.text);
  Evaluator evaluator{graph, parameters, budget, now_us()};
  ResultStage result{sink, budget, statement_.branches.size() > 1 && !statement_.union_all};
  for (const SingleQuery& query : statement_.branches) {
    result.begin_branch(query);
    run_single_query(evaluator, query, Row(statement_.slots), result, writer);
    if (result.ended()) return;
  }
}

}  // namespace hart::prov::cypher
