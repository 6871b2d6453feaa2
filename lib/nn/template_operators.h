#pragma once

#include <optional>

#include "nn/template_ast.h"
#include "nn/template_runtime.h"
#include "nn/template_value.h"

/// What Python's operators do. All fail for operands that do not fit, undefined ones among
/// them, and where an integer would need more than 64 bits.
namespace hart::nn::jinja {

[[nodiscard]] Value apply_unary(UnaryOperator op, const Value& operand);
[[nodiscard]] Value apply_binary(BinaryOperator op, const Value& left, const Value& right,
                                 Budget& budget);
[[nodiscard]] bool apply_comparison(Comparator comparator, const Value& left,
                                    const Value& right, Budget& budget);

/// `object[start:stop:step]` of a string, list, tuple or range.
[[nodiscard]] Value slice_of(const Value& object, const Value& start, const Value& stop,
                             const Value& step, Budget& budget);

/// Python's rounding of a binary64 to `digits` decimals, which may be negative: exact, ties to
/// even.
[[nodiscard]] double round_float(double value, std::int64_t digits);

}  // namespace hart::nn::jinja
