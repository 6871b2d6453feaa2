#include "bill/criteria.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"

namespace hart::bill {
namespace {

using Kind = AttributeValue::Kind;

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

/// A key as a part of a JSON pointer. Source: RFC 6901, section 3.
std::string pointer_part(const std::string& key) {
  std::string part = "/";
  for (const char c : key) {
    if (c == '~' || c == '/')
      part += c == '~' ? "~0" : "~1";
    else
      part += c;
  }
  return part;
}

bool is_number(const AttributeValue& value) noexcept {
  return value.kind == Kind::integer || value.kind == Kind::real;
}

/// How two values of one kind are ordered; unordered for values of different kinds.
std::partial_ordering compare(const AttributeValue& a, std::string_view a_text,
                              const AttributeValue& b, std::string_view b_text) noexcept {
  if (a.kind == Kind::integer && b.kind == Kind::integer) return a.integer <=> b.integer;
  if (is_number(a) && is_number(b)) {
    const double left = a.kind == Kind::real ? a.real : static_cast<double>(a.integer);
    const double right = b.kind == Kind::real ? b.real : static_cast<double>(b.integer);
    return left <=> right;
  }
  if (a.kind != b.kind) return std::partial_ordering::unordered;
  if (a.kind == Kind::text) return a_text.compare(b_text) <=> 0;
  if (a.kind == Kind::boolean) return a.boolean <=> b.boolean;
  return std::partial_ordering::unordered;
}

}  // namespace

Criteria::Operand::Operand(const Json& json)
    : value{attribute_value(json)}, text{json.is_string() ? json.get<std::string>() : ""} {}

Criteria::Criteria(const Json& json, const std::string& what) : json_(json) {
  if (!json.is_object()) throw Error{Fault::data, what + ": is not an object"};
  for (const auto& [key, value] : json.items()) {
    const std::string name = what + pointer_part(key);
    if (is_scalar(value))
      add(key, Operator::equal, value);
    else if (value.is_object() && !value.empty())
      add_operators(key, value, name);
    else
      throw Error{Fault::data, name + ": is neither a value nor an object of operators"};
  }
}

void Criteria::add(const std::string& key, Operator op, const Json& operand) {
  Condition condition{key, op, {}};
  if (op == Operator::in)
    for (const Json& one : operand) condition.operands.emplace_back(one);
  else
    condition.operands.emplace_back(operand);
  conditions_.push_back(std::move(condition));
}

void Criteria::add_operators(const std::string& key, const Json& operators,
                             const std::string& what) {
  static constexpr std::array<std::pair<std::string_view, Operator>, 8> kOperators{
      {{"=", Operator::equal},
       {"!=", Operator::unequal},
       {"<", Operator::less},
       {"<=", Operator::at_most},
       {">", Operator::greater},
       {">=", Operator::at_least},
       {"in", Operator::in},
       {"exists", Operator::exists}}};
  for (const auto& [symbol, operand] : operators.items()) {
    const auto* found = std::ranges::find(kOperators, std::string_view{symbol},
                                          [](const auto& known) { return known.first; });
    if (found == kOperators.end())
      throw Error{Fault::data, what + ": unknown operator '" + symbol + "'"};
    const Operator op = found->second;
    const bool fits = op == Operator::in
                          ? operand.is_array() && std::ranges::all_of(operand, is_scalar)
                      : op == Operator::exists ? operand.is_boolean()
                      : op == Operator::equal || op == Operator::unequal
                          ? is_scalar(operand)
                          : operand.is_number() || operand.is_string();
    if (!fits)
      throw Error{Fault::data,
                  what + pointer_part(symbol) + ": does not take " + dump_json(operand)};
    add(key, op, operand);
  }
}

bool Criteria::holds(const Condition& condition, const AttributeValue* value) noexcept {
  if (condition.op == Operator::exists)
    return (value != nullptr) == condition.operands.front().value.boolean;
  if (value == nullptr) return false;
  const auto against = [&](const Operand& operand) {
    return compare(*value, value->text, operand.value, operand.text);
  };
  if (condition.op == Operator::in)
    return std::ranges::any_of(condition.operands,
                               [&](const Operand& one) { return against(one) == 0; });
  const std::partial_ordering order = against(condition.operands.front());
  switch (condition.op) {
    case Operator::equal:
      return order == 0;
    case Operator::unequal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::at_most:
      return order <= 0;
    case Operator::greater:
      return order > 0;
    case Operator::at_least:
      return order >= 0;
    case Operator::in:
    case Operator::exists:
      break;
  }
  return false;
}

bool Criteria::matches(const UsageEvent& event) const noexcept {
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    if (condition.key == "operation" || condition.key == "unit") {
      AttributeValue own;
      own.kind = Kind::text;
      own.text = condition.key == "unit" ? event.unit : event.operation;
      return holds(condition, &own);
    }
    return holds(condition, event.find(condition.key));
  });
}

}  // namespace hart::bill
