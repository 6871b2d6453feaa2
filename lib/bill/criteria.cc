#include "bill/criteria.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"

namespace hart::bill {
namespace {

bool is_scalar(const Json& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

bool same_kind(const Json& a, const Json& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string()) ||
         (a.is_boolean() && b.is_boolean());
}

bool equal(const Json& a, const Json& b) {
  return same_kind(a, b) && a == b;
}

bool ordered(const Json& a, const Json& b) {
  return same_kind(a, b) && !a.is_boolean();
}

}  // namespace

Criteria::Criteria(const Json& json, const std::string& what) : json_(json) {
  if (!json.is_object()) throw Error{Fault::data, what + ": is not an object"};
  for (const auto& [key, value] : json.items()) {
    const std::string name = what + "." + key;
    if (is_scalar(value))
      conditions_.push_back({key, Operator::equal, value});
    else if (value.is_object() && !value.empty())
      add_operators(key, value, name);
    else
      throw Error{Fault::data, name + ": is neither a value nor an object of operators"};
  }
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
                  what + ": operator '" + symbol + "' does not take " + dump_json(operand)};
    conditions_.push_back({key, op, operand});
  }
}

bool Criteria::holds(const Condition& condition, const Json* value) {
  if (condition.op == Operator::exists)
    return (value != nullptr) == condition.operand.get<bool>();
  if (value == nullptr) return false;
  const Json& operand = condition.operand;
  switch (condition.op) {
    case Operator::equal:
      return equal(*value, operand);
    case Operator::unequal:
      return !equal(*value, operand);
    case Operator::less:
      return ordered(*value, operand) && *value < operand;
    case Operator::at_most:
      return ordered(*value, operand) && *value <= operand;
    case Operator::greater:
      return ordered(*value, operand) && *value > operand;
    case Operator::at_least:
      return ordered(*value, operand) && *value >= operand;
    case Operator::in:
      return std::ranges::any_of(operand, [&](const Json& one) { return equal(*value, one); });
    case Operator::exists:
      break;
  }
  return false;
}

bool Criteria::matches(const UsageRecord& record) const {
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    if (condition.key == "operation" || condition.key == "unit") {
      const Json own = condition.key == "unit" ? record.unit : record.operation;
      return holds(condition, &own);
    }
    const auto found = record.attributes.find(condition.key);
    const bool present = found != record.attributes.end() && !found->is_null();
    return holds(condition, present ? &*found : nullptr);
  });
}

}  // namespace hart::bill
