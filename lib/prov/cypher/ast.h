#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/cypher/lexer.h"
#include "prov/cypher/value.h"

// The syntax tree that the parser makes, `analyze` completes with slots, and the evaluator
// reads.

namespace hart::prov::cypher {

struct Expr;
struct SingleQuery;
struct Function;
using ExprPtr = std::unique_ptr<Expr>;

inline constexpr int kNoSlot = -1;

struct NodePattern {
  Position at;
  std::string variable;  ///< empty where the pattern names none
  int slot = kNoSlot;
  std::vector<std::string> labels;
  ExprPtr properties;  ///< a map, or null
};

struct EdgePattern {
  Position at;
  std::string variable;
  int slot = kNoSlot;
  std::vector<std::string> types;  ///< any of them; all when empty
  Direction direction = Direction::both;
  bool variable_length = false;
  std::int64_t min_hops = 1;
  std::int64_t max_hops = 1;  ///< INT64_MAX without a bound
  ExprPtr properties;
};

/// One chain: nodes[i] -edges[i]- nodes[i + 1].
struct PatternPart {
  Position at;
  std::string variable;  ///< of the whole path
  int slot = kNoSlot;
  std::vector<NodePattern> nodes;
  std::vector<EdgePattern> edges;
};

struct Pattern {
  std::vector<PatternPart> parts;
  /// Filled by the analysis: slots that have a value before the pattern is matched.
  std::vector<int> bound_slots;
};

enum class Op : std::uint8_t {
  literal,
  parameter,
  variable,
  property,    ///< args: subject; name: key
  has_labels,  ///< args: subject; names: labels
  index,       ///< args: subject, index
  slice,       ///< args: subject, from or null, to or null
  list,        ///< args: items
  map,         ///< names: keys; args: values
  call,        ///< args; function
  aggregate,   ///< args; name; slot of the result
  negate,
  plus,  ///< the sign
  not_,
  and_,  ///< n-ary: long conjunctions make no deep tree
  or_,
  xor_,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  compare,  ///< args: n + 1 operands; names: n operators
  in,
  starts_with,
  ends_with,
  contains,
  matches,  ///< =~
  is_null,
  is_not_null,
  case_,                  ///< args: subject if `flag`, then pairs, then perhaps the rest
  list_comprehension,     ///< args: list, condition or null, result or null; slot
  pattern_comprehension,  ///< pattern; args: condition or null, result
  quantifier,             ///< name; args: list, condition or null; slot
  pattern_predicate,      ///< pattern
  exists,                 ///< pattern and args: condition or null; or query
};

struct Expr {
  Op op = Op::literal;
  Position at;
  std::uint32_t first_token = 0;  ///< tokens of the query, [first, last)
  std::uint32_t last_token = 0;
  std::uint32_t depth = 1;  ///< of this tree
  bool flag = false;  ///< aggregate: DISTINCT; case_: has a subject; aggregate "count": star
  bool star = false;  ///< count(*)
  int slot = kNoSlot;
  std::string name;
  std::vector<std::string> names;
  Value value;
  std::vector<ExprPtr> args;
  const Function* function = nullptr;
  std::unique_ptr<Pattern> pattern;
  std::unique_ptr<SingleQuery> query;
};

struct ProjectionItem {
  Position at;
  ExprPtr expr;
  std::string name;  ///< the alias, or the text of the expression
  bool aliased = false;
  bool aggregates = false;
  int slot = kNoSlot;
};

struct SortItem {
  ExprPtr expr;
  bool descending = false;
};

/// The body of WITH or RETURN.
struct Projection {
  bool distinct = false;
  bool star = false;
  std::vector<ProjectionItem> items;
  std::vector<SortItem> order;
  ExprPtr skip, limit, where;
  // Filled by the analysis.
  bool aggregates = false;
  std::vector<Expr*> aggregate_calls;
  std::vector<int> dropped_slots;  ///< variables of which no later clause can speak
};

enum class ClauseKind : std::uint8_t { match, optional_match, unwind, with, return_, create };

struct Clause {
  ClauseKind kind = ClauseKind::match;
  Position at;
  Pattern pattern;  ///< match, create
  ExprPtr where;    ///< match
  ExprPtr expr;     ///< unwind: the list
  std::string variable;
  int slot = kNoSlot;
  Projection projection;
};

struct SingleQuery {
  Position at;
  std::vector<Clause> clauses;
};

struct Statement {
  std::string text;
  std::vector<Token> tokens;
  std::vector<SingleQuery> branches;  ///< joined by UNION
  bool union_all = false;
  // Filled by the analysis.
  std::size_t slots = 0;
  std::vector<std::string> columns;
};

}  // namespace hart::prov::cypher
