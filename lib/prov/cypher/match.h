#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "prov/cypher/ast.h"
#include "prov/cypher/evaluator.h"
#include "prov/cypher/graph.h"

namespace hart::prov::cypher {

/// Finds a pattern in a graph by backtracking. No relationship is used twice in one match
/// (openCypher 9, "Uniqueness").
class PatternMatcher {
 public:
  /// Plans once. `where`, which may be null, gives hints: the caller still has to check it.
  PatternMatcher(const Graph& graph, const Pattern& pattern, const Expr* where);

  /// Writes the pattern's slots of `row` and calls `found` for each match, until it says false.
  /// Returns false if it did.
  bool match(Evaluator& evaluator, Row& row, const std::function<bool(Row&)>& found) const;

 private:
  friend class MatchRun;

  enum class StepKind : std::uint8_t { scan, check, expand, expand_many, path };

  struct Hint {
    std::string key;
    const Expr* value = nullptr;
  };

  struct Step {
    StepKind kind = StepKind::scan;
    const NodePattern* node = nullptr;  ///< found, or led to
    const EdgePattern* edge = nullptr;
    const PatternPart* part = nullptr;
    int from_slot = kNoSlot;
    Direction direction = Direction::both;
    bool reversed = false;  ///< against the order of the text
    bool node_bound = false;
    bool edge_bound = false;
    std::vector<std::uint32_t> types;
    bool impossible = false;  ///< asks for types that the graph does not have
    std::vector<Hint> hints;
  };

  void plan_part(const PatternPart& part);
  void plan_start(const NodePattern& node);
  void plan_edge(const PatternPart& part, std::size_t edge, bool reversed);
  void find_hints(const Expr* where, const NodePattern& node, Step& step) const;
  [[nodiscard]] bool is_bound(int slot) const;

  const Graph& graph_;
  const Expr* where_;
  std::vector<int> bound_;
  std::vector<Step> steps_;
};

}  // namespace hart::prov::cypher
