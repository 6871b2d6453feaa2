#include "nn/template_operators.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "nn/template_arguments.h"
#include "nn/template_format.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

[[noreturn]] void fail_operands(const char* op, const Value& left, const Value& right) {
  require_defined(left);
  require_defined(right);
  fail(std::string{"unsupported operands for "} + op + ": '" + type_name(left) + "' and '" +
       type_name(right) + "'");
}

std::int64_t checked(bool overflow, std::int64_t value) {
  if (overflow) fail("an integer needs more than 64 bits");
  return value;
}

/// A list or a tuple, which may be joined and repeated.
bool is_list_like(const Value& value) {
  return value.is(Kind::sequence) && value.sequence().kind <= SequenceKind::tuple;
}

Value add(const Value& left, const Value& right, Budget& budget) {
  if (left.is_integral() && right.is_integral()) {
    std::int64_t sum = 0;
    const bool overflow = __builtin_add_overflow(left.integer(), right.integer(), &sum);
    return Value{checked(overflow, sum)};
  }
  if (left.is_number() && right.is_number()) return Value{left.number() + right.number()};
  if (left.is_string() && right.is_string()) {
    budget.take_bytes(left.text().size() + right.text().size());
    return Value{left.text() + right.text()};
  }
  const bool joined = is_list_like(left) && is_list_like(right) &&
                      left.sequence().kind == right.sequence().kind;
  if (!joined) fail_operands("+", left, right);
  Values items = items_of(left, budget);
  for (Value& item : items_of(right, budget)) items.push_back(std::move(item));
  return Value{Sequence{.kind = left.sequence().kind, .items = std::move(items)}};
}

Value subtract(const Value& left, const Value& right) {
  if (!left.is_number() || !right.is_number()) fail_operands("-", left, right);
  if (!left.is_integral() || !right.is_integral()) return Value{left.number() - right.number()};
  std::int64_t difference = 0;
  const bool overflow = __builtin_sub_overflow(left.integer(), right.integer(), &difference);
  return Value{checked(overflow, difference)};
}

Value repeat(const Value& what, std::int64_t times, Budget& budget) {
  const std::uint64_t count = static_cast<std::uint64_t>(std::max<std::int64_t>(times, 0));
  const std::uint64_t size =
      what.is_string() ? what.text().size() : 1 + what.sequence().items.size() * sizeof(Value);
  budget.take_bytes(count, size);
  if (what.is_string()) {
    std::string text;
    text.reserve(size * count);
    if (!what.text().empty())
      for (std::uint64_t i = 0; i < count; ++i) text += what.text();
    return Value{std::move(text)};
  }
  Values items;
  const Values& each = what.sequence().items;
  if (!each.empty())
    for (std::uint64_t i = 0; i < count; ++i)
      items.insert(items.end(), each.begin(), each.end());
  return Value{Sequence{.kind = what.sequence().kind, .items = std::move(items)}};
}

Value multiply(const Value& left, const Value& right, Budget& budget) {
  const auto repeatable = [](const Value& v) { return v.is_string() || is_list_like(v); };
  if (repeatable(left) && right.is_integral()) return repeat(left, right.integer(), budget);
  if (left.is_integral() && repeatable(right)) return repeat(right, left.integer(), budget);
  if (!left.is_number() || !right.is_number()) fail_operands("*", left, right);
  if (!left.is_integral() || !right.is_integral()) return Value{left.number() * right.number()};
  std::int64_t product = 0;
  const bool overflow = __builtin_mul_overflow(left.integer(), right.integer(), &product);
  return Value{checked(overflow, product)};
}

/// Python's floor division and remainder, whose sign is the divisor's.
struct Division {
  double quotient, remainder;
};
Division divide_floats(double a, double b) {
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) {
      remainder += b;
      quotient -= 1;
    }
  } else {
    remainder = std::copysign(0.0, b);
  }
  if (quotient == 0) return {std::copysign(0.0, a / b), remainder};
  double floor = std::floor(quotient);
  if (quotient - floor > 0.5) floor += 1;
  return {floor, remainder};
}

Value divide(BinaryOperator op, const Value& left, const Value& right) {
  const char* symbol = op == BinaryOperator::divide         ? "/"
                       : op == BinaryOperator::floor_divide ? "//"
                                                            : "%";
  if (!left.is_number() || !right.is_number()) fail_operands(symbol, left, right);
  if (right.number() == 0) fail("division by zero");
  if (op == BinaryOperator::divide) return Value{left.number() / right.number()};
  if (!left.is_integral() || !right.is_integral()) {
    const Division result = divide_floats(left.number(), right.number());
    return Value{op == BinaryOperator::modulo ? result.remainder : result.quotient};
  }
  const std::int64_t a = left.integer();
  const std::int64_t b = right.integer();
  if (b == -1) {
    // The quotient of the lowest integer does not fit; the processor traps at it.
    if (op == BinaryOperator::modulo) return Value{0};
    return Value{checked(a == INT64_MIN, a == INT64_MIN ? 0 : -a)};
  }
  const bool inexact = a % b != 0 && ((a < 0) != (b < 0));
  if (op == BinaryOperator::floor_divide) return Value{a / b - (inexact ? 1 : 0)};
  return Value{a % b + (inexact ? b : 0)};
}

Value power(const Value& left, const Value& right) {
  if (!left.is_number() || !right.is_number()) fail_operands("**", left, right);
  if (!left.is_integral() || !right.is_integral() || right.integer() < 0) {
    if (left.number() == 0 && right.number() < 0)
      fail("0.0 cannot be raised to a negative power");
    const double value = std::pow(left.number(), right.number());
    if (std::isnan(value) && !std::isnan(left.number()) && !std::isnan(right.number()))
      fail("a negative number cannot be raised to a fractional power");
    return Value{value};
  }
  std::int64_t base = left.integer();
  std::int64_t result = 1;
  if (base == 0 || base == 1 || base == -1)
    return Value{right.integer() == 0 ? 1 : (right.integer() % 2 == 0 ? base * base : base)};
  for (std::int64_t i = 0; i < right.integer(); ++i)
    checked(__builtin_mul_overflow(result, base, &result), result);
  return Value{result};
}

bool contains(const Value& item, const Value& holder, Budget& budget) {
  if (holder.is_string()) {
    if (!item.is_string()) {
      require_defined(item);
      fail(std::string{"'in <string>' requires a string on the left, not "} + type_name(item));
    }
    budget.take_steps(1 + holder.text().size() / 16);
    return find_bytes(holder.text(), item.text()) != std::string_view::npos;
  }
  budget.take_steps(holder.extent().count);
  if (holder.is(Kind::mapping)) {
    require_hashable(item);
    return holder.mapping().find(item) != nullptr;
  }
  if (!is_iterable(holder))
    fail(std::string{"argument of type '"} + type_name(holder) + "' is not iterable");
  const Values items = items_of(holder, budget);
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& each) { return equal(each, item); });
}

/// A slice's bound among `length` items, as CPython's PySlice_AdjustIndices has it.
std::int64_t adjust(const Value& bound, std::int64_t length, std::int64_t step,
                    std::int64_t fallback) {
  if (bound.is_none()) return fallback;
  require_defined(bound);
  if (!bound.is_integral()) fail("slice indices must be integers or none");
  std::int64_t at = bound.integer();
  if (at < 0) {
    at = at < -length ? -1 : at + length;
    return at < 0 ? (step < 0 ? -1 : 0) : at;
  }
  return at >= length ? (step < 0 ? length - 1 : length) : at;
}

template <typename Item>
std::vector<Item> pick(const std::vector<Item>& all, std::int64_t start, std::int64_t stop,
                       std::int64_t step) {
  std::vector<Item> picked;
  for (std::int64_t at = start; step > 0 ? at < stop : at > stop;) {
    picked.push_back(all[static_cast<std::size_t>(at)]);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return picked;
}

}  // namespace

Value apply_unary(UnaryOperator op, const Value& operand) {
  if (op == UnaryOperator::logical_not) return Value{!truth(operand)};
  if (!operand.is_number()) {
    require_defined(operand);
    fail(std::string{"bad operand type for unary operator: '"} + type_name(operand) + "'");
  }
  if (operand.is(Kind::floating))
    return Value{op == UnaryOperator::minus ? -operand.number() : operand.number()};
  const std::int64_t value = operand.integer();
  if (op == UnaryOperator::plus) return Value{value};
  return Value{checked(value == INT64_MIN, value == INT64_MIN ? 0 : -value)};
}

Value apply_binary(BinaryOperator op, const Value& left, const Value& right, Budget& budget) {
  switch (op) {
    case BinaryOperator::add:
      return add(left, right, budget);
    case BinaryOperator::subtract:
      return subtract(left, right);
    case BinaryOperator::multiply:
      return multiply(left, right, budget);
    case BinaryOperator::power:
      return power(left, right);
    default:
      if (op == BinaryOperator::modulo && left.is_string())
        return Value{format_percent(left.text(), right, budget)};
      return divide(op, left, right);
  }
}

bool apply_comparison(Comparator comparator, const Value& left, const Value& right,
                      Budget& budget) {
  if (comparator == Comparator::in) return contains(left, right, budget);
  if (comparator == Comparator::not_in) return !contains(left, right, budget);
  budget.take_steps(std::min(left.extent().count, right.extent().count));
  const bool unordered = (left.is(Kind::floating) && std::isnan(left.number())) ||
                         (right.is(Kind::floating) && std::isnan(right.number()));
  switch (comparator) {
    case Comparator::eq:
      return equal(left, right);
    case Comparator::ne:
      return !equal(left, right);
    case Comparator::lt:
      return compare(left, right) < 0 && !unordered;
    case Comparator::le:
      return compare(left, right) <= 0 && !unordered;
    case Comparator::gt:
      return compare(left, right) > 0 && !unordered;
    default:
      return compare(left, right) >= 0 && !unordered;
  }
}

Value slice_of(const Value& object, const Value& start, const Value& stop, const Value& step,
               Budget& budget) {
  require_defined(object);
  require_defined(step);
  const bool sliceable = object.is_string() || (object.is(Kind::sequence) &&
                                                object.sequence().kind <= SequenceKind::range);
  // As Jinja: what has no such item is undefined.
  if (!sliceable)
    return Value::undefined(std::string{"'"} + type_name(object) + "' cannot be sliced");
  if (!step.is_none() && !step.is_integral()) fail("slice indices must be integers or none");
  const std::int64_t by = step.is_none() ? 1 : step.integer();
  if (by == 0) fail("slice step cannot be zero");
  const std::int64_t length = length_of(object);
  const std::int64_t from = adjust(start, length, by, by < 0 ? length - 1 : 0);
  const std::int64_t to = adjust(stop, length, by, by < 0 ? -1 : length);
  budget.take_steps(static_cast<std::uint64_t>(length) / 16 + 1);
  if (object.is_string()) {
    budget.take_bytes(object.text().size());
    std::string text;
    for (const std::string_view point : pick(split_code_points(object.text()), from, to, by))
      text += point;
    return Value{std::move(text)};
  }
  const SequenceKind kind =
      object.sequence().kind == SequenceKind::tuple ? SequenceKind::tuple : SequenceKind::list;
  return Value{Sequence{.kind = kind, .items = pick(object.sequence().items, from, to, by)}};
}

double round_float(double value, std::int64_t digits) {
  if (!std::isfinite(value) || digits > 323) return value;
  if (digits < -308) return std::copysign(0.0, value);
  if (digits >= 0) {
    // printf rounds the exact binary value, ties to even, as Python does.
    char text[700];
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(digits), value);
    return std::strtod(text, nullptr);
  }
  const double scale = std::pow(10.0, static_cast<double>(-digits));
  return std::nearbyint(value / scale) * scale;
}

}  // namespace hart::nn::jinja
