#pragma once

#include <optional>
#include <string_view>

#include "prov/cypher/ast.h"
#include "prov/cypher/budget.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// What an operator knows beside its operands.
struct OperatorContext {
  Position at;
  Budget& budget;
};

/// + - * / % ^ of two values that are not null. Throws Error{Fault::data} on operands that the
/// operator does not take, on overflow of an integer and on its division by zero.
[[nodiscard]] Value arithmetic(const OperatorContext& context, Op op, const Value& a,
                               const Value& b);
[[nodiscard]] Value negated(const OperatorContext& context, const Value& value);

/// `a symbol b`, symbol one of = <> < > <= >=; nothing for null.
[[nodiscard]] std::optional<bool> compared(std::string_view symbol, const Value& a,
                                           const Value& b);

[[nodiscard]] Value is_in(const OperatorContext& context, const Value& item, const Value& list);

/// STARTS WITH, ENDS WITH, CONTAINS; null unless both are strings.
[[nodiscard]] Value string_predicate(Op op, const Value& text, const Value& part);

/// list[from..to]; either bound may be left out, and counts from the end when negative.
[[nodiscard]] Value slice(const OperatorContext& context, const Value& list, const Value* from,
                          const Value* to);

/// list[i], counting from the end when negative; null outside.
[[nodiscard]] Value list_item(const OperatorContext& context, const List& list,
                              const Value& index);

}  // namespace hart::prov::cypher
