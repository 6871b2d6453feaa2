#include "nn/template_parser.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "nn/template_expression_parser.h"

namespace hart::nn::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(TokenStream tokens) : tokens_{std::move(tokens)}, expressions_{tokens_} {}

  Statements run();

 private:
  struct Tag {
    std::string_view name;
    void (Parser::*parse)(Position, Statements&);
  };
  static const Tag kTags[];

  /// Statements up to one of the tags `ends`, whose name is current then.
  Statements parse_until(Names ends, Position opening);
  /// Statements up to the tag `end`, which is passed.
  Statements parse_block(std::string_view end, Position opening);
  void parse_tag(Statements& out);
  void end_block() { tokens_.expect_type(TokenType::block_end, "the end of the tag, '%}'"); }
  template <typename Node> static void add(Statements& out, Position position, Node node) {
    out.push_back(std::make_unique<const Statement>(Statement{position, std::move(node)}));
  }

  void parse_if(Position position, Statements& out);
  void parse_for(Position position, Statements& out);
  void parse_set(Position position, Statements& out);
  void parse_macro(Position position, Statements& out);
  void parse_call(Position position, Statements& out);
  void parse_filter(Position position, Statements& out);
  void parse_with(Position position, Statements& out);
  void parse_generation(Position position, Statements& out);
  void parse_break(Position position, Statements& out);
  void parse_continue(Position position, Statements& out);
  void parse_parameters(Function& function);
  void parse_function_body(Function& function, std::string_view end, Position position);

  TokenStream tokens_;
  ExpressionParser expressions_;
  unsigned depth_ = 0;
  unsigned loops_ = 0;  ///< around the current statement, within its function
};

const Parser::Tag Parser::kTags[] = {
    {"if", &Parser::parse_if},       {"for", &Parser::parse_for},
    {"set", &Parser::parse_set},     {"macro", &Parser::parse_macro},
    {"call", &Parser::parse_call},   {"filter", &Parser::parse_filter},
    {"with", &Parser::parse_with},   {"generation", &Parser::parse_generation},
    {"break", &Parser::parse_break}, {"continue", &Parser::parse_continue}};

Statements Parser::run() {
  return parse_until({}, {});
}

Statements Parser::parse_until(Names ends, Position opening) {
  if (++depth_ > kMaxHeight) fail_height(tokens_.current().position);
  Statements out;
  while (true) {
    const Position position = tokens_.current().position;
    if (tokens_.at(TokenType::end)) {
      if (ends.size() == 0) break;
      fail_at(position, "expected '{% " + std::string{std::data(ends)[ends.size() - 1]} +
                            " %}' for the tag in line " + std::to_string(opening.line) +
                            ", found the end of the template");
    }
    if (tokens_.at(TokenType::text)) {
      add(out, position, Text{tokens_.next().text});
    } else if (tokens_.at(TokenType::print_begin)) {
      tokens_.next();
      add(out, position, Print{expressions_.parse_tuple()});
      tokens_.expect_type(TokenType::print_end, "the end of the expression, '}}'");
    } else {
      tokens_.expect_type(TokenType::block_begin, "a tag");
      if (std::any_of(ends.begin(), ends.end(),
                      [&](std::string_view end) { return tokens_.at_name(end); }))
        break;
      parse_tag(out);
    }
  }
  --depth_;
  return out;
}

Statements Parser::parse_block(std::string_view end, Position opening) {
  Statements body = parse_until({end}, opening);
  tokens_.next();
  end_block();
  return body;
}

void Parser::parse_tag(Statements& out) {
  const Position position = tokens_.current().position;
  if (!tokens_.at(TokenType::name)) tokens_.fail_expected("the name of a tag");
  for (const Tag& tag : kTags) {
    if (!tokens_.skip_name(tag.name)) continue;
    (this->*tag.parse)(position, out);
    return;
  }
  std::string known;
  for (const Tag& tag : kTags) known += (known.empty() ? "" : ", ") + std::string{tag.name};
  tokens_.fail_expected("one of the tags " + known);
}

void Parser::parse_if(Position position, Statements& out) {
  If statement;
  bool closed = false;
  while (!closed) {
    ExpressionPtr test = expressions_.parse_tuple(false);
    end_block();
    Statements body = parse_until({"elif", "else", "endif"}, position);
    statement.branches.emplace_back(std::move(test), std::move(body));
    if (tokens_.skip_name("elif")) continue;
    if (tokens_.skip_name("else")) {
      end_block();
      statement.branches.emplace_back(nullptr, parse_block("endif", position));
    } else {
      tokens_.next();
      end_block();
    }
    closed = true;
  }
  add(out, position, std::move(statement));
}

void Parser::parse_for(Position position, Statements& out) {
  For statement;
  statement.target = expressions_.parse_target({"in"}, false);
  if (!tokens_.skip_name("in")) tokens_.fail_expected("'in'");
  statement.items = expressions_.parse_tuple(false, {"recursive"});
  if (tokens_.skip_name("if")) statement.condition = expressions_.parse_expression();
  statement.recursive = tokens_.skip_name("recursive");
  end_block();
  ++loops_;
  statement.body = parse_until({"else", "endfor"}, position);
  --loops_;
  if (tokens_.skip_name("else")) {
    end_block();
    statement.otherwise = parse_block("endfor", position);
  } else {
    tokens_.next();
    end_block();
  }
  add(out, position, std::move(statement));
}

void Parser::parse_set(Position position, Statements& out) {
  Target target = expressions_.parse_target({}, true);
  if (tokens_.skip_symbol("=")) {
    ExpressionPtr value = expressions_.parse_tuple();
    end_block();
    return add(out, position, Set{std::move(target), std::move(value)});
  }
  ExpressionPtr filter;
  if (tokens_.skip_symbol("|")) filter = expressions_.parse_filter_chain();
  if (!tokens_.at(TokenType::block_end)) tokens_.fail_expected("'=' or the end of the tag");
  end_block();
  Statements body = parse_block("endset", position);
  add(out, position, SetBlock{std::move(target), std::move(filter), std::move(body)});
}

void Parser::parse_parameters(Function& function) {
  tokens_.expect_symbol("(");
  while (!tokens_.at_symbol(")")) {
    Parameter parameter{tokens_.expect_name("the name of a parameter"), nullptr};
    if (tokens_.skip_symbol("=")) {
      parameter.fallback = expressions_.parse_expression();
    } else if (!function.parameters.empty() && function.parameters.back().fallback) {
      tokens_.fail_expected("'=', as the parameter before has a default");
    }
    function.parameters.push_back(std::move(parameter));
    if (!tokens_.skip_symbol(",")) break;
  }
  tokens_.expect_symbol(")");
}

void Parser::parse_function_body(Function& function, std::string_view end, Position position) {
  expressions_.functions.push_back(&function);
  const unsigned loops = std::exchange(loops_, 0);
  function.body = parse_block(end, position);
  loops_ = loops;
  expressions_.functions.pop_back();
}

void Parser::parse_macro(Position position, Statements& out) {
  Macro statement;
  statement.function.name = tokens_.expect_name("the name of a macro");
  parse_parameters(statement.function);
  end_block();
  parse_function_body(statement.function, "endmacro", position);
  add(out, position, std::move(statement));
}

void Parser::parse_call(Position position, Statements& out) {
  CallBlock statement;
  statement.caller.name = "caller";
  if (tokens_.at_symbol("(")) parse_parameters(statement.caller);
  statement.call = expressions_.parse_expression();
  if (!std::holds_alternative<Call>(statement.call->node))
    fail_at(statement.call->position, "expected the call of a macro");
  end_block();
  parse_function_body(statement.caller, "endcall", position);
  add(out, position, std::move(statement));
}

void Parser::parse_filter(Position position, Statements& out) {
  FilterBlock statement;
  statement.filter = expressions_.parse_filter_chain();
  end_block();
  statement.body = parse_block("endfilter", position);
  add(out, position, std::move(statement));
}

void Parser::parse_with(Position position, Statements& out) {
  With statement;
  while (!tokens_.at(TokenType::block_end)) {
    if (!statement.variables.empty()) tokens_.expect_symbol(",");
    Target target = expressions_.parse_target({}, false);
    tokens_.expect_symbol("=");
    statement.variables.emplace_back(std::move(target), expressions_.parse_expression());
  }
  end_block();
  statement.body = parse_block("endwith", position);
  add(out, position, std::move(statement));
}

void Parser::parse_generation(Position position, Statements& out) {
  With statement;
  end_block();
  statement.body = parse_block("endgeneration", position);
  add(out, position, std::move(statement));
}

void Parser::parse_break(Position position, Statements& out) {
  if (loops_ == 0) fail_at(position, "expected a loop around 'break'");
  end_block();
  add(out, position, Break{});
}

void Parser::parse_continue(Position position, Statements& out) {
  if (loops_ == 0) fail_at(position, "expected a loop around 'continue'");
  end_block();
  add(out, position, Continue{});
}

}  // namespace

Statements parse_template(std::string_view source) {
  return Parser{TokenStream{tokenize_template(source)}}.run();
}

}  // namespace hart::nn::jinja
