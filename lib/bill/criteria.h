#pragma once

#include <string>
#include <vector>

#include "core/events.h"
#include "core/json.h"

namespace hart::bill {

/// When a multiplier applies: a predicate over a usage record, written as a JSON object.
///
/// Every key names an attribute of the record (`operation` and `unit` name those of the record
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

  [[nodiscard]] bool matches(const UsageRecord& record) const;
  [[nodiscard]] const Json& json() const noexcept { return json_; }

 private:
  enum class Operator { equal, unequal, less, at_most, greater, at_least, in, exists };
  struct Condition {
    std::string key;
    Operator op = Operator::equal;
    Json operand;
  };

  void add_operators(const std::string& key, const Json& operators, const std::string& what);
  static bool holds(const Condition& condition, const Json* value);

  Json json_ = Json::object();
  std::vector<Condition> conditions_;
};

}  // namespace hart::bill
