#include "search/where_sql.h"

#include "core/clock.h"
#include "search/where_field.h"
#include "store/catalog.h"

namespace hart::search {
namespace {

using Kind = WhereExpression::Kind;
using Operator = WhereExpression::Operator;
using Value = WhereExpression::Value;

/// As SQL writes it. Of glob, like and the comparisons only.
std::string_view sql_operator(Operator comparison) {
  switch (comparison) {
    case Operator::not_equal:
      return " <> ";
    case Operator::less:
      return " < ";
    case Operator::less_equal:
      return " <= ";
    case Operator::greater:
      return " > ";
    case Operator::greater_equal:
      return " >= ";
    case Operator::glob:
      return " GLOB ";
    case Operator::like:
      return " LIKE ";
    default:
      return " = ";
  }
}

/// A JSON value in SQL: its type as json_type names it, and what json_extract gives.
struct JsonOperand {
  std::string type;
  std::string value;
};

class SqlBuilder {
 public:
  explicit SqlBuilder(WhereSql& sql) : sql_{sql} {}

  std::string build(const WhereExpression& expression) {
    switch (expression.kind) {
      case Kind::condition:
        return "coalesce(" + condition(expression) + ", 0)";
      case Kind::negation:
        return "NOT " + operand(expression, expression.parts.front());
      case Kind::all:
      case Kind::any:
        break;
    }
    std::string text;
    for (const WhereExpression& part : expression.parts) {
      if (!text.empty()) text += expression.kind == Kind::all ? " AND " : " OR ";
      text += operand(expression, part);
    }
    return text;
  }

 private:
  /// No more parentheses than SQL needs: its parser keeps each open one in mind.
  std::string operand(const WhereExpression& parent, const WhereExpression& part) {
    const bool list = part.kind == Kind::all || part.kind == Kind::any;
    const bool binds = parent.kind == Kind::any && part.kind == Kind::all;
    return list && !binds ? "(" + build(part) + ")" : build(part);
  }

  std::string place(Value value) {
    sql_.parameters.push_back(std::move(value));
    return "?" + std::to_string(sql_.first + static_cast<int>(sql_.parameters.size()) - 1);
  }

  std::string condition(const WhereExpression& condition) {
    const WhereField& field = *find_where_field(condition.field);
    if (field.type == WhereType::json) return json_condition(field, condition);
    const std::string sql{field.sql};
    if (condition.comparison == Operator::exists)
      return field.type == WhereType::text ? sql + " <> ''" : sql + " IS NOT NULL";
    if (condition.comparison != Operator::in)
      return sql + std::string{sql_operator(condition.comparison)} +
             place(stored(field, condition.values.front()));
    std::string values;
    for (const Value& value : condition.values)
      values += (values.empty() ? "" : ", ") + place(stored(field, value));
    return sql + " IN (" + values + ")";
  }

  /// The value as the catalog keeps it.
  static Value stored(const WhereField& field, const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (field.type == WhereType::time) return std::int64_t{parse_time(*text)};
    if (field.type == WhereType::modality)
      return static_cast<std::int64_t>(*store::find_modality(*text));
    return value;
  }

  std::string json_condition(const WhereField& field, const WhereExpression& condition) {
    const std::string json{field.sql};
    const std::string path = place(condition.path);
    const JsonOperand at{"json_type(" + json + ", " + path + ")",
                         "json_extract(" + json + ", " + path + ")"};
    switch (condition.comparison) {
      case Operator::exists:
        return at.type + " IS NOT NULL";
      case Operator::contains:
        // Of what is no array json_each gives out the value itself.
        return at.type + " = 'array' AND EXISTS (SELECT 1 FROM json_each(" + json + ", " +
               path + ") AS e WHERE " +
               compared({"e.type", "e.value"}, Operator::equal, condition.values.front()) + ")";
      case Operator::in:
        break;
      default:
        return compared(at, condition.comparison, condition.values.front());
    }
    std::string any;
    for (const Value& value : condition.values)
      any += (any.empty() ? "" : " OR ") + compared(at, Operator::equal, value);
    return any;
  }

  /// False where the types differ: SQLite would order numbers before texts.
  std::string compared(const JsonOperand& at, Operator comparison, const Value& value) {
    const bool unequal = comparison == Operator::not_equal;
    if (std::holds_alternative<std::nullptr_t>(value))
      return at.type + (unequal ? " <> 'null'" : " = 'null'");
    if (const bool* truth = std::get_if<bool>(&value))
      return at.type + (*truth != unequal ? " = 'true'" : " = 'false'");
    const bool text = std::holds_alternative<std::string>(value);
    return at.type + (text ? " = 'text'" : " IN ('integer', 'real')") + " AND " + at.value +
           std::string{sql_operator(comparison)} + place(value);
  }

  WhereSql& sql_;
};

struct Binder {
  store::Statement& statement;
  int index;

  void operator()(std::nullptr_t) const { statement.bind(index, nullptr); }
  void operator()(bool value) const { statement.bind(index, value ? 1 : 0); }
  void operator()(std::int64_t value) const { statement.bind(index, value); }
  void operator()(double value) const { statement.bind(index, value); }
  void operator()(const std::string& value) const { statement.bind(index, value); }
};

}  // namespace

void WhereSql::bind(store::Statement& statement) const {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    std::visit(Binder{statement, first + static_cast<int>(i)}, parameters[i]);
}

WhereSql where_sql(const WhereExpression& expression, int first) {
  WhereSql sql;
  sql.first = first;
  sql.text = SqlBuilder{sql}.build(expression);
  return sql;
}

}  // namespace hart::search
