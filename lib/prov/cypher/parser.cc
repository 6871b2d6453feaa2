#include "prov/cypher/parser.h"

#include <array>

namespace hart::prov::cypher {

namespace {

std::string shown(const Token& token) {
  switch (token.kind) {
    case TokenKind::end:
      return "the end of the query";
    case TokenKind::string:
      return "a string";
    case TokenKind::parameter:
      return "$" + token.text;
    default:
      return "`" + token.text + "`";
  }
}

}  // namespace

Parser::Parser(std::string_view text, Dialect dialect) : dialect_{dialect} {
  statement_.text = std::string{text};
  statement_.tokens = tokenize(statement_.text);
}

const Token& Parser::peek(std::size_t ahead) const {
  const std::size_t last = statement_.tokens.size() - 1;
  return statement_.tokens[std::min<std::size_t>(at_ + ahead, last)];
}

bool Parser::at_symbol(std::string_view symbol, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == symbol;
}

bool Parser::at_word(std::string_view word, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::name && same_word(peek(ahead).text, word);
}

bool Parser::at_name(std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::name || peek(ahead).kind == TokenKind::quoted_name;
}

bool Parser::skip_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  ++at_;
  return true;
}

bool Parser::skip_word(std::string_view word) {
  if (!at_word(word)) return false;
  ++at_;
  return true;
}

void Parser::expect_symbol(std::string_view symbol) {
  if (!skip_symbol(symbol)) refuse("`" + std::string{symbol} + "`");
}

void Parser::expect_word(std::string_view word) {
  if (!skip_word(word)) refuse(word);
}

std::string Parser::expect_name(std::string_view what) {
  if (!at_name()) refuse(what);
  return statement_.tokens[at_++].text;
}

void Parser::refuse(std::string_view expectation) const {
  refuse("UnexpectedSyntax", expectation);
}

void Parser::refuse(std::string_view detail, std::string_view expectation) const {
  fail_syntax(peek().at, detail,
              "expected " + std::string{expectation} + ", found " + shown(peek()));
}

Statement Parser::statement() {
  statement_.branches.push_back(single_query(false));
  for (bool first = true; skip_word("UNION"); first = false) {
    const Position at = peek().at;
    const bool all = skip_word("ALL");
    if (!first && all != statement_.union_all)
      fail_syntax(at, "InvalidClauseComposition", "UNION and UNION ALL cannot be mixed");
    statement_.union_all = all;
    statement_.branches.push_back(single_query(false));
  }
  skip_symbol(";");
  if (peek().kind != TokenKind::end) refuse("a clause or the end of the query");
  return std::move(statement_);
}

SingleQuery Parser::single_query(bool nested) {
  SingleQuery query;
  query.at = peek().at;
  const auto at_clause = [&] {
    static constexpr std::array<std::string_view, 6> kWords{"MATCH", "OPTIONAL", "UNWIND",
                                                            "WITH",  "RETURN",   "CREATE"};
    for (const std::string_view word : kWords)
      if (at_word(word)) return true;
    return false;
  };
  while (at_clause()) query.clauses.push_back(clause());
  if (query.clauses.empty()) refuse("MATCH, OPTIONAL MATCH, UNWIND, WITH or RETURN");
  check_composition(query, nested);
  return query;
}

void Parser::check_composition(const SingleQuery& query, bool nested) {
  for (std::size_t i = 0; i < query.clauses.size(); ++i) {
    const Clause& clause = query.clauses[i];
    const bool last = i + 1 == query.clauses.size();
    if (clause.kind == ClauseKind::return_ && !last)
      fail_syntax(query.clauses[i + 1].at, "InvalidClauseComposition",
                  "expected the end of the query after RETURN");
    if (last && clause.kind != ClauseKind::return_ && clause.kind != ClauseKind::create &&
        !nested)
      fail_syntax(clause.at, "InvalidClauseComposition",
                  "expected the query to end in RETURN, not in this clause");
  }
}

void Parser::count_element() {
  if (++elements_ > kMaxElements)
    refuse("at most " + std::to_string(kMaxElements) + " clauses and nodes of patterns");
}

Clause Parser::clause() {
  count_element();
  const Position at = peek().at;
  const auto read = [&]() -> Clause {
    if (skip_word("MATCH")) return match_clause(ClauseKind::match);
    if (skip_word("OPTIONAL")) {
      expect_word("MATCH");
      return match_clause(ClauseKind::optional_match);
    }
    if (skip_word("UNWIND")) return unwind_clause();
    if (skip_word("WITH")) return projection_clause(ClauseKind::with);
    if (skip_word("RETURN")) return projection_clause(ClauseKind::return_);
    if (dialect_ != Dialect::scratch) refuse("a reading clause");
    expect_word("CREATE");
    Clause create;
    create.kind = ClauseKind::create;
    create.pattern = pattern();
    return create;
  };
  Clause clause = read();
  clause.at = at;
  return clause;
}

Clause Parser::match_clause(ClauseKind kind) {
  Clause clause;
  clause.kind = kind;
  clause.pattern = pattern();
  if (skip_word("WHERE")) clause.where = expression();
  return clause;
}

Clause Parser::unwind_clause() {
  Clause clause;
  clause.kind = ClauseKind::unwind;
  clause.expr = expression();
  expect_word("AS");
  clause.variable = expect_name("a variable");
  return clause;
}

Clause Parser::projection_clause(ClauseKind kind) {
  Clause clause;
  clause.kind = kind;
  Projection& projection = clause.projection;
  projection.distinct = skip_word("DISTINCT");
  projection.star = skip_symbol("*");
  if (!projection.star) projection.items.push_back(projection_item());
  while (skip_symbol(",")) projection.items.push_back(projection_item());
  if (skip_word("ORDER")) {
    expect_word("BY");
    sort_items(projection);
  }
  if (skip_word("SKIP")) projection.skip = expression();
  if (skip_word("LIMIT")) projection.limit = expression();
  if (kind == ClauseKind::with && skip_word("WHERE")) projection.where = expression();
  return clause;
}

ProjectionItem Parser::projection_item() {
  ProjectionItem item;
  item.at = peek().at;
  const std::uint32_t begin = peek().begin;
  item.expr = expression();
  const std::uint32_t end = statement_.tokens[at_ - 1].end;
  item.aliased = skip_word("AS");
  if (item.aliased)
    item.name = expect_name("an alias");
  else if (item.expr->op == Op::variable)
    item.name = item.expr->name;
  else
    item.name = statement_.text.substr(begin, end - begin);
  return item;
}

void Parser::sort_items(Projection& projection) {
  do {
    SortItem item;
    item.expr = expression();
    if (skip_word("DESC") || skip_word("DESCENDING"))
      item.descending = true;
    else if (!skip_word("ASC"))
      skip_word("ASCENDING");
    projection.order.push_back(std::move(item));
  } while (skip_symbol(","));
}

}  // namespace hart::prov::cypher
