#include <algorithm>
#include <array>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "search/where.h"
#include "search/where_field.h"
#include "search/where_token.h"
#include "store/catalog.h"

namespace hart::search {
namespace {

using Kind = WhereExpression::Kind;
using Operator = WhereExpression::Operator;
using Value = WhereExpression::Value;

struct OperatorName {
  std::string_view name;
  Operator comparison;
};
constexpr std::array<OperatorName, 10> kOperators{{{"=", Operator::equal},
                                                   {"!=", Operator::not_equal},
                                                   {"<", Operator::less},
                                                   {"<=", Operator::less_equal},
                                                   {">", Operator::greater},
                                                   {">=", Operator::greater_equal},
                                                   {"~", Operator::glob},
                                                   {"like", Operator::like},
                                                   {"contains", Operator::contains},
                                                   {"in", Operator::in}}};

std::optional<Operator> find_operator(std::string_view name) {
  for (const OperatorName& known : kOperators)
    if (known.name == name) return known.comparison;
  return std::nullopt;
}

bool is_pattern(Operator comparison) {
  return comparison == Operator::glob || comparison == Operator::like;
}

bool is_order(Operator comparison) {
  return comparison == Operator::less || comparison == Operator::less_equal ||
         comparison == Operator::greater || comparison == Operator::greater_equal;
}

bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

/// A recursive descent over the grammar of where.h.
class WhereParser {
 public:
  explicit WhereParser(std::string_view text) : lexer_{text} { advance(); }

  WhereExpression run() {
    WhereExpression expression = parse_any();
    if (token_.kind != WhereToken::Kind::end) expected("and, or, or the end");
    return expression;
  }

 private:
  void advance() { token_ = lexer_.next(); }

  [[nodiscard]] bool at_word(std::string_view word) const {
    return token_.kind == WhereToken::Kind::word && token_.text == word;
  }
  [[nodiscard]] bool at_symbol(std::string_view symbol) const {
    return token_.kind == WhereToken::Kind::symbol && token_.text == symbol;
  }

  [[noreturn]] void expected(const std::string& what) const {
    refuse_where(
        token_.position,
        "expected " + what + ", found " +
            (token_.kind == WhereToken::Kind::end ? "the end" : "'" + token_.text + "'"));
  }

  void take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) expected(std::string{symbol});
    advance();
  }

  WhereExpression parse_any() { return parse_list("or", Kind::any); }

  /// Operands of `or`, or of `and`, and the list that they make where there are several.
  WhereExpression parse_list(std::string_view word, Kind kind) {
    const auto operand = [&] {
      return kind == Kind::any ? parse_list("and", Kind::all) : parse_term();
    };
    WhereExpression first = operand();
    if (!at_word(word)) return first;
    WhereExpression list;
    list.kind = kind;
    list.parts.push_back(std::move(first));
    while (at_word(word)) {
      advance();
      list.parts.push_back(operand());
    }
    return list;
  }

  WhereExpression parse_term() {
    if (++depth_ > kMaxWhereDepth)
      refuse_where(token_.position,
                   "nested deeper than " + std::to_string(kMaxWhereDepth) + " levels");
    WhereExpression term = parse_nested();
    --depth_;
    return term;
  }

  WhereExpression parse_nested() {
    if (at_word("not")) {
      advance();
      WhereExpression negation;
      negation.kind = Kind::negation;
      negation.parts.push_back(parse_term());
      return negation;
    }
    if (!at_symbol("(")) return parse_condition();
    advance();
    WhereExpression inner = parse_any();
    take_symbol(")");
    return inner;
  }

  WhereExpression parse_condition() {
    WhereExpression condition;
    // A condition becomes an operand of its own even when it has no value.
    count_value();
    if (at_word("exists")) {
      advance();
      parse_field(condition);
      condition.comparison = Operator::exists;
      return condition;
    }
    const WhereField& field = parse_field(condition);
    const auto comparison =
        token_.kind == WhereToken::Kind::value ? std::nullopt : find_operator(token_.text);
    if (!comparison) expected("=, !=, <, <=, >, >=, ~, like, contains or in");
    condition.comparison = *comparison;
    check_operator(field, *comparison);
    advance();
    if (*comparison == Operator::in)
      parse_values(field, condition);
    else
      condition.values.push_back(parse_value(field, *comparison));
    return condition;
  }

  const WhereField& parse_field(WhereExpression& condition) {
    const WhereField* field =
        token_.kind == WhereToken::Kind::word ? find_where_field(token_.text) : nullptr;
    if (field == nullptr)
      expected(token_.kind == WhereToken::Kind::word
                   ? "a field (" + std::string{where_field_names()} + ")"
                   : "a field, not, exists or (");
    condition.field = field->name;
    advance();
    if (field->type == WhereType::json) parse_path(condition);
    return *field;
  }

  void parse_path(WhereExpression& condition) {
    condition.path = "$";
    if (!at_symbol(".")) expected(". and a key of the metadata");
    while (at_symbol(".") || at_symbol("[")) {
      const bool key = at_symbol(".");
      advance();
      if (key)
        parse_key(condition.path);
      else
        parse_element(condition.path);
    }
  }

  void parse_key(std::string& path) {
    const bool quoted = token_.kind == WhereToken::Kind::value &&
                        std::holds_alternative<std::string>(token_.value);
    const bool word =
        token_.kind == WhereToken::Kind::word ||
        (token_.kind == WhereToken::Kind::value && !quoted && !is_number(token_.value));
    if (!quoted && !word) expected("a key");
    // SQLite's JSON paths have no way to write these in a key.
    if (token_.text.find_first_of("\"\\") != std::string::npos)
      refuse_where(token_.position, "a key cannot hold \" or \\");
    path += ".\"" + token_.text + '"';
    advance();
  }

  void parse_element(std::string& path) {
    const auto* number = std::get_if<std::int64_t>(&token_.value);
    if (token_.kind != WhereToken::Kind::value || number == nullptr || *number < 0 ||
        *number > 1'000'000'000)
      expected("the number of an element, from 0");
    path += '[' + std::to_string(*number) + ']';
    advance();
    take_symbol("]");
  }

  void check_operator(const WhereField& field, Operator comparison) const {
    const bool fits = field.type == WhereType::json ||
                      (is_pattern(comparison) ? field.type == WhereType::text
                       : is_order(comparison) ? field.type != WhereType::modality
                                              : comparison != Operator::contains);
    if (!fits)
      refuse_where(token_.position,
                   std::string{field.name} + " cannot be compared by " + token_.text);
  }

  void parse_values(const WhereField& field, WhereExpression& condition) {
    take_symbol("(");
    for (;;) {
      condition.values.push_back(parse_value(field, Operator::in));
      if (at_symbol(")")) break;
      if (!at_symbol(",")) expected(", or )");
      advance();
    }
    advance();
  }

  void count_value() {
    if (++values_ > kMaxWhereValues)
      refuse_where(token_.position,
                   "more than " + std::to_string(kMaxWhereValues) + " conditions and values");
  }

  Value parse_value(const WhereField& field, Operator comparison) {
    count_value();
    if (token_.kind != WhereToken::Kind::value) expected("a value");
    check_value(field, comparison);
    Value value = std::move(token_.value);
    advance();
    return value;
  }

  void check_value(const WhereField& field, Operator comparison) const {
    const bool text = std::holds_alternative<std::string>(token_.value);
    if (is_pattern(comparison)) {
      if (!text) expected("a pattern in quotation marks");
      if (token_.text.size() > kMaxWherePatternBytes)
        refuse_where(token_.position, "a pattern of more than " +
                                          std::to_string(kMaxWherePatternBytes) + " bytes");
    }
    if (is_order(comparison) && !text && !is_number(token_.value))
      expected("a string or a number");
    switch (field.type) {
      case WhereType::text:
        if (!text) expected("a string");
        break;
      case WhereType::number:
        if (!is_number(token_.value)) expected("a number");
        break;
      case WhereType::time:
        if (!text) expected("a time in quotation marks");
        check_time();
        break;
      case WhereType::modality:
        if (!text || !store::find_modality(token_.text))
          expected("one of image, audio, video, text, tensor, code, model, sensor, graph");
        break;
      case WhereType::json:
        break;
    }
  }

  void check_time() const {
    try {
      static_cast<void>(parse_time(token_.text));
    } catch (const Error& error) {
      refuse_where(token_.position, error.what());
    }
  }

  WhereLexer lexer_;
  WhereToken token_;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

WhereExpression parse_where(std::string_view text) {
  if (text.size() > kMaxWhereBytes)
    refuse_where(kMaxWhereBytes + 1,
                 "longer than " + std::to_string(kMaxWhereBytes) + " bytes");
  return WhereParser{text}.run();
}

}  // namespace hart::search
