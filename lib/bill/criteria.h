#pragma once

#include <string>
#include <vector>

#include "bill/usage_event.h"
#include "core/json.h"

namespace hart::bill {

/// When a multiplier applies: a predicate over a usage event, written as a JSON object.
///
/// Every key names an attribute of the event (`operation` and `unit` name those of the event
/// itself); all keys must hold. A value that is a string, number or boolean must be equal; a
/// value that is an object holds operators, all of which must hold: `=`, `!=`, `<`, `<=`, `>`,
/// `>=`, `in` with an array, and `exists` with true or false. Numbers are ordered as numbers,
/// strings by their bytes; values of different kinds are unequal and not ordered. An attribute
/// that is missing satisfies nothing but {"exists": false}. The empty object always holds.
///
/// For example {"tokens_in": {">": 500}, "model": {"in": ["a", "b"]}}.
class Criteria {
 public:
  Criteria() = default;
  /// Throws Error(data, "<what>: ...") unless `json` is as described.
  Criteria(const Json& json, const std::string& what);

  [[nodiscard]] bool matches(const UsageEvent& event) const noexcept;
  [[nodiscard]] const Json& json() const noexcept { return json_; }

 private:
  enum class Operator { equal, unequal, less, at_most, greater, at_least, in, exists };
  /// A value that owns its text.
  struct Operand {
    explicit Operand(const Json& json);
    AttributeValue value;
    std::string text;
  };
  struct Condition {
    std::string key;
    Operator op = Operator::equal;
    std::vector<Operand> operands;  ///< one, but for `in`
  };

  void add(const std::string& key, Operator op, const Json& operand);
  void add_operators(const std::string& key, const Json& operators, const std::string& what);
  static bool holds(const Condition& condition, const AttributeValue* value) noexcept;

  Json json_ = Json::object();
  std::vector<Condition> conditions_;
};

}  // namespace hart::bill
