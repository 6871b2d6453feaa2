#pragma once

#include <optional>
#include <vector>

#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// What `=` says: nothing when a null decides, false for values of different kinds. Integers
/// and floats compare by value; NaN equals nothing.
[[nodiscard]] std::optional<bool> equals(const Value& a, const Value& b);

enum class Ordering : std::uint8_t { less, equal, greater, unordered };

/// What `<` and its like see: nothing when the kinds cannot be compared or a null is in the
/// way, `unordered` where NaN takes part.
[[nodiscard]] std::optional<Ordering> compare(const Value& a, const Value& b);

/// The total order of ORDER BY, DISTINCT and grouping: negative, zero or positive. Nulls are
/// equal and last, NaN is equal to itself and after every number.
[[nodiscard]] int order(const Value& a, const Value& b);

/// `order` of rows, for ordered containers.
struct RowLess {
  bool operator()(const std::vector<Value>& a, const std::vector<Value>& b) const;
};

}  // namespace hart::prov::cypher
