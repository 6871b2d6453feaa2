#include <array>
#include <charconv>

#include "search/where.h"

namespace hart::search {
namespace {

using Kind = WhereExpression::Kind;
using Operator = WhereExpression::Operator;

std::string quoted(const std::string& text) {
  std::string written = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') written += '\\';
    written += c;
  }
  return written + '"';
}

/// The shortest text that reads as the same number, and as no whole one.
std::string decimal(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text{buffer.data(), end};
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct ValueText {
  std::string operator()(std::nullptr_t) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return decimal(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
};

std::string_view operator_text(Operator comparison) {
  switch (comparison) {
    case Operator::equal:
      return "=";
    case Operator::not_equal:
      return "!=";
    case Operator::less:
      return "<";
    case Operator::less_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_equal:
      return ">=";
    case Operator::glob:
      return "~";
    case Operator::like:
      return "like";
    case Operator::contains:
      return "contains";
    case Operator::in:
      return "in";
    case Operator::exists:
      return "exists";
  }
  return {};
}

class WhereWriter {
 public:
  explicit WhereWriter(WhereValues values) : values_{values} {}

  std::string write(const WhereExpression& expression) const {
    switch (expression.kind) {
      case Kind::condition:
        return write_condition(expression);
      case Kind::negation:
        return "not " + write_operand(expression, expression.parts.front());
      case Kind::all:
      case Kind::any:
        break;
    }
    std::string text;
    for (const WhereExpression& part : expression.parts) {
      if (!text.empty()) text += expression.kind == Kind::all ? " and " : " or ";
      text += write_operand(expression, part);
    }
    return text;
  }

 private:
  /// In parentheses where they are needed to be read as the same.
  std::string write_operand(const WhereExpression& parent, const WhereExpression& part) const {
    const bool list = part.kind == Kind::all || part.kind == Kind::any;
    const bool binds = parent.kind == Kind::any && part.kind == Kind::all;
    return list && !binds ? "(" + write(part) + ")" : write(part);
  }

  std::string write_condition(const WhereExpression& condition) const {
    std::string field = condition.field;
    if (!condition.path.empty()) field += condition.path.substr(1);
    const std::string name{operator_text(condition.comparison)};
    if (condition.comparison == Operator::exists) return name + " " + field;
    std::string text = field + " " + name + " ";
    if (condition.comparison != Operator::in)
      return text + write_value(condition.values.front());
    std::string values;
    for (const WhereExpression::Value& value : condition.values)
      values += (values.empty() ? "" : ", ") + write_value(value);
    return text + "(" + values + ")";
  }

  std::string write_value(const WhereExpression::Value& value) const {
    return values_ == WhereValues::hidden ? "?" : std::visit(ValueText{}, value);
  }

  WhereValues values_;
};

}  // namespace

std::string where_text(const WhereExpression& expression, WhereValues values) {
  return WhereWriter{values}.write(expression);
}

}  // namespace hart::search
