#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/ast.h"

namespace hart::prov::cypher {

enum class Dialect : std::uint8_t {
  reading,  ///< the read subset
  scratch,  ///< also CREATE, for filling the scratch graph of the tests
};

/// Parses openCypher 9 text. Throws Error{Fault::usage} with position and expectation. Names,
/// types and arities are the analysis's matter.
class Parser {
 public:
  Parser(std::string_view text, Dialect dialect);
  [[nodiscard]] Statement statement();

 private:
  static constexpr std::uint32_t kMaxNesting = 100;
  static constexpr std::uint32_t kMaxDepth = 500;
  /// Nodes of patterns and clauses: a match goes one level deeper for each.
  static constexpr std::uint32_t kMaxElements = 400;

  // cypher_parser.cc: tokens and clauses
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  [[nodiscard]] bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const;
  [[nodiscard]] bool at_word(std::string_view word, std::size_t ahead = 0) const;
  [[nodiscard]] bool at_name(std::size_t ahead = 0) const;
  bool skip_symbol(std::string_view symbol);
  bool skip_word(std::string_view word);
  void expect_symbol(std::string_view symbol);
  void expect_word(std::string_view word);
  std::string expect_name(std::string_view what);
  [[noreturn]] void refuse(std::string_view expectation) const;
  [[noreturn]] void refuse(std::string_view detail, std::string_view expectation) const;

  SingleQuery single_query(bool nested);
  void count_element();
  Clause clause();
  Clause match_clause(ClauseKind kind);
  Clause unwind_clause();
  Clause projection_clause(ClauseKind kind);
  ProjectionItem projection_item();
  void sort_items(Projection& projection);
  static void check_composition(const SingleQuery& query, bool nested);

  // cypher_parser_pattern.cc
  Pattern pattern();
  PatternPart pattern_part();
  void pattern_chain(PatternPart& part);
  NodePattern node_pattern();
  EdgePattern edge_pattern();
  void edge_detail(EdgePattern& edge);
  void hop_range(EdgePattern& edge);
  std::int64_t hop_count();
  ExprPtr pattern_properties();
  [[nodiscard]] bool pattern_ahead() const;

  // cypher_parser_expression.cc
  ExprPtr expression();
  ExprPtr logical(Op op, std::string_view word, ExprPtr (Parser::*operand)());
  ExprPtr xor_expression();
  ExprPtr and_expression();
  ExprPtr not_expression();
  ExprPtr comparison();
  ExprPtr predicate();
  bool predicate_tail(ExprPtr& left, std::uint32_t first);
  ExprPtr sum();
  ExprPtr product();
  ExprPtr power();
  ExprPtr signed_expression();
  ExprPtr postfix();
  void subscript(ExprPtr& subject, std::uint32_t first);
  ExprPtr atom();
  ExprPtr number();
  ExprPtr parenthesized();

  // cypher_parser_atom.cc
  ExprPtr named_atom();
  ExprPtr case_expression();
  ExprPtr list_atom();
  ExprPtr list_comprehension();
  ExprPtr pattern_comprehension();
  ExprPtr quantifier();
  ExprPtr exists_subquery();
  ExprPtr function_call();
  ExprPtr map_literal();

  ExprPtr make(Op op, std::uint32_t first) const;
  ExprPtr finish(ExprPtr expr) const;
  ExprPtr binary(Op op, std::uint32_t first, ExprPtr left, ExprPtr right) const;

  Statement statement_;
  Dialect dialect_;
  std::uint32_t at_ = 0;
  std::uint32_t nesting_ = 0;
  std::uint32_t elements_ = 0;
};

}  // namespace hart::prov::cypher
