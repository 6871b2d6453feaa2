#include <charconv>
#include <limits>

#include "prov/cypher/parser.h"

namespace hart::prov::cypher {

Pattern Parser::pattern() {
  Pattern pattern;
  do pattern.parts.push_back(pattern_part());
  while (skip_symbol(","));
  return pattern;
}

PatternPart Parser::pattern_part() {
  PatternPart part;
  part.at = peek().at;
  if (at_name() && at_symbol("=", 1)) {
    part.variable = expect_name("a path's name");
    expect_symbol("=");
  }
  pattern_chain(part);
  return part;
}

void Parser::pattern_chain(PatternPart& part) {
  // Parentheses around a whole chain mean nothing.
  if (at_symbol("(") && at_symbol("(", 1)) {
    expect_symbol("(");
    if (++nesting_ > kMaxNesting) refuse("less nesting");
    pattern_chain(part);
    --nesting_;
    expect_symbol(")");
    return;
  }
  part.nodes.push_back(node_pattern());
  while (at_symbol("-") || at_symbol("<")) {
    part.edges.push_back(edge_pattern());
    part.nodes.push_back(node_pattern());
  }
}

NodePattern Parser::node_pattern() {
  count_element();
  NodePattern node;
  node.at = peek().at;
  expect_symbol("(");
  if (at_name()) node.variable = expect_name("a variable");
  while (skip_symbol(":")) node.labels.push_back(expect_name("a label"));
  node.properties = pattern_properties();
  expect_symbol(")");
  return node;
}

ExprPtr Parser::pattern_properties() {
  if (peek().kind == TokenKind::parameter)
    refuse("InvalidParameterUse", "a map, in which parameters may be values");
  return at_symbol("{") ? map_literal() : nullptr;
}

EdgePattern Parser::edge_pattern() {
  EdgePattern edge;
  edge.at = peek().at;
  const bool left = skip_symbol("<");
  expect_symbol("-");
  if (skip_symbol("[")) {
    edge_detail(edge);
    expect_symbol("]");
  }
  expect_symbol("-");
  const bool right = skip_symbol(">");
  if (left != right) edge.direction = left ? Direction::in : Direction::out;
  return edge;
}

void Parser::edge_detail(EdgePattern& edge) {
  if (at_name()) edge.variable = expect_name("a variable");
  if (skip_symbol(":")) {
    edge.types.push_back(expect_name("a relationship's type"));
    while (skip_symbol("|")) {
      skip_symbol(":");
      edge.types.push_back(expect_name("a relationship's type"));
    }
  }
  if (skip_symbol("*")) hop_range(edge);
  if (at_symbol("..") || at_symbol("-"))
    refuse("InvalidRelationshipPattern", "`*` before a range of hops, which are not negative");
  edge.properties = pattern_properties();
}

void Parser::hop_range(EdgePattern& edge) {
  edge.variable_length = true;
  edge.max_hops = std::numeric_limits<std::int64_t>::max();
  const bool has_min = peek().kind == TokenKind::integer;
  if (has_min) edge.min_hops = hop_count();
  if (skip_symbol("..")) {
    if (peek().kind == TokenKind::integer) edge.max_hops = hop_count();
  } else if (has_min) {
    edge.max_hops = edge.min_hops;
  }
}

std::int64_t Parser::hop_count() {
  const std::string& digits = peek().text;
  if (digits.size() > 9) refuse("fewer hops");
  std::int64_t count = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc{} || end != digits.data() + digits.size())
    refuse("a number of hops in decimal digits");
  ++at_;
  return count;
}

// A parenthesis opens a pattern if what it holds reads as a node and a relationship follows.
bool Parser::pattern_ahead() const {
  if (!at_symbol("(")) return false;
  std::size_t ahead = 1;
  if (at_name(ahead)) ++ahead;
  if (!at_symbol(")", ahead) && !at_symbol(":", ahead) && !at_symbol("{", ahead)) return false;
  std::size_t depth = 1;
  for (; depth > 0; ++ahead) {
    if (peek(ahead).kind == TokenKind::end) return false;
    if (at_symbol("(", ahead) || at_symbol("{", ahead)) ++depth;
    if (at_symbol(")", ahead) || at_symbol("}", ahead)) --depth;
  }
  if (at_symbol("<", ahead))
    return at_symbol("-", ahead + 1) &&
           (at_symbol("[", ahead + 2) || at_symbol("-", ahead + 2));
  return at_symbol("-", ahead) && (at_symbol("[", ahead + 1) || at_symbol("-", ahead + 1));
}

}  // namespace hart::prov::cypher
