#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/functions.h"

namespace hart::prov::cypher {

/// Resolves names to slots of a row and finds what is wrong before any row is read: undefined
/// and conflicting variables, types, arities, misplaced aggregates. Throws Error{Fault::usage}
/// with the error that openCypher names for it.
class Analyzer {
 public:
  explicit Analyzer(Statement& statement) : statement_{statement} {}
  void run();

 private:
  struct Variable {
    int slot = kNoSlot;
    StaticType type;
  };
  using Scope = std::map<std::string, Variable, std::less<>>;

  /// Where an aggregate would stand.
  enum class Aggregation : std::uint8_t {
    forbidden,  ///< "InvalidAggregation"
    allowed,
    nested,  ///< within another: "NestedAggregation"
  };

  // cypher_analysis.cc: clauses and patterns
  void single_query(SingleQuery& query, const Scope& outer);
  void clause(Clause& clause);
  void match(Clause& clause);
  void create(Clause& clause);
  void unwind(Clause& clause);
  void condition(ExprPtr& expr);
  void declare_pattern(Pattern& pattern, bool may_declare);
  void declare_node(NodePattern& node, bool may_declare);
  void declare_edge(EdgePattern& edge, bool may_declare, std::vector<std::string>& edges);
  void declare_path(PatternPart& part);
  void pattern_properties(Pattern& pattern);
  int new_slot() { return next_slot_++; }

  // cypher_analysis_projection.cc
  void projection(Clause& clause, const Scope& outer);
  void expand_star(Projection& projection, Position at);
  void analyze_items(Projection& projection, std::vector<StaticType>& types);
  void order_and_filter(Projection& projection, const Scope& before, const Scope& after);
  void check_names(const Clause& clause) const;
  void check_ambiguity(const Expr& expr, std::vector<std::string>& locals) const;
  void substitute(const Scope& after, ExprPtr& expr) const;
  void check_sort_scope(const Projection& projection, const Expr& expr,
                        const Scope& after) const;
  void row_count(ExprPtr& expr, std::string_view clause_name);
  [[nodiscard]] std::string canonical(const Expr& expr) const;

  // cypher_analysis_expression.cc
  StaticType expression(Expr& expr, bool predicate = false);
  StaticType variable(Expr& expr);
  StaticType property(Expr& expr);
  StaticType subscript(Expr& expr);
  StaticType logical(Expr& expr, bool predicate);
  StaticType arithmetic(Expr& expr);
  StaticType list(Expr& expr);
  StaticType call(Expr& expr);
  StaticType aggregate(Expr& expr);
  StaticType comprehension(Expr& expr);
  StaticType pattern_comprehension(Expr& expr);
  StaticType exists(Expr& expr);
  StaticType case_expression(Expr& expr);
  StaticType arguments(Expr& expr);
  void require(const Expr& at, StaticType type, TypeSet allowed, std::string_view expectation);

  Statement& statement_;
  Scope scope_;
  int next_slot_ = 0;
  int first_slot_ = 0;  ///< of the innermost query
  Aggregation aggregation_ = Aggregation::forbidden;
  std::vector<Expr*>* aggregate_calls_ = nullptr;
  /// The items of the projection at hand, by their canonical text.
  std::map<std::string, const ProjectionItem*, std::less<>> items_by_text_;
};

/// Whether an aggregate stands anywhere in it.
[[nodiscard]] bool has_aggregate(const Expr& expr);

/// The names of the variables that an expression speaks of, those of its comprehensions left
/// out.
void free_variables(const Expr& expr, std::vector<std::string>& locals,
                    std::vector<std::string>& names);

}  // namespace hart::prov::cypher
