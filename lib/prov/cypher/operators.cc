#include "prov/cypher/operators.h"

#include <algorithm>
#include <cmath>

#include "prov/cypher/compare.h"
#include "prov/cypher/functions.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

namespace {

[[noreturn]] void refuse_operands(const OperatorContext& context, const Value& a,
                                  const Value& b) {
  fail(Fault::data, context.at, "TypeError: InvalidArgumentType",
       "the operator does not take " + std::string{kind_name(a.kind())} + " and " +
           std::string{kind_name(b.kind())});
}

[[noreturn]] void refuse_overflow(const OperatorContext& context) {
  fail(Fault::data, context.at, "ArithmeticError: IntegerOverflow",
       "the result does not fit in 64 bits");
}

Value integer_arithmetic(const OperatorContext& context, Op op, std::int64_t a,
                         std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Op::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Op::subtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Op::multiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    default:
      if (b == 0)
        fail(Fault::data, context.at, "ArithmeticError: DivisionByZero", "division by zero");
      if (b == -1)
        return integer_arithmetic(context, Op::subtract, 0, op == Op::modulo ? 0 : a);
      result = op == Op::divide ? a / b : a % b;
  }
  if (overflow) refuse_overflow(context);
  return result;
}

Value number_arithmetic(const OperatorContext& context, Op op, const Value& a, const Value& b) {
  if (op == Op::power) return std::pow(a.number(), b.number());
  if (a.kind() == Kind::integer && b.kind() == Kind::integer)
    return integer_arithmetic(context, op, a.integer(), b.integer());
  switch (op) {
    case Op::add:
      return a.number() + b.number();
    case Op::subtract:
      return a.number() - b.number();
    case Op::multiply:
      return a.number() * b.number();
    case Op::divide:
      return a.number() / b.number();
    default:
      return std::fmod(a.number(), b.number());
  }
}

Value joined_lists(const OperatorContext& context, const Value& a, const Value& b) {
  List joined;
  const auto append = [&](const Value& part) {
    if (part.kind() == Kind::list)
      joined.insert(joined.end(), part.list().begin(), part.list().end());
    else
      joined.push_back(part);
  };
  append(a);
  append(b);
  context.budget.charge(joined.size());
  return joined;
}

std::string operand_text(const OperatorContext& context, const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::string:
      return a.string();
    case Kind::integer:
      return std::to_string(a.integer());
    case Kind::floating:
      return number_text(a.floating());
    default:
      refuse_operands(context, a, b);
  }
}

Value joined_strings(const OperatorContext& context, const Value& a, const Value& b) {
  std::string joined = operand_text(context, a, b) + operand_text(context, b, a);
  context.budget.charge(joined.size() / kBytesPerRow);
  return joined;
}

std::optional<Value> temporal_arithmetic(Op op, const Value& a, const Value& b) {
  const bool left = a.kind() == Kind::duration;
  const bool right = b.kind() == Kind::duration;
  if (op == Op::add && left && right) return add(a.duration(), b.duration());
  if (op == Op::subtract && left && right) return add(a.duration(), negate(b.duration()));
  if (op == Op::add && a.is_temporal() && right) return add(a.temporal(), b.duration());
  if (op == Op::add && left && b.is_temporal()) return add(b.temporal(), a.duration());
  if (op == Op::subtract && a.is_temporal() && right)
    return add(a.temporal(), negate(b.duration()));
  if (op == Op::multiply && left && b.is_number()) return multiply(a.duration(), b.number());
  if (op == Op::multiply && a.is_number() && right) return multiply(b.duration(), a.number());
  if (op == Op::divide && left && b.is_number()) return multiply(a.duration(), 1 / b.number());
  return std::nullopt;
}

std::int64_t bound(const OperatorContext& context, const Value& value, std::int64_t size) {
  if (value.kind() != Kind::integer)
    fail(Fault::data, context.at, "TypeError: InvalidArgumentType",
         "expected an integer, found " + std::string{kind_name(value.kind())});
  const std::int64_t index = value.integer();
  return std::clamp(index < 0 ? index + size : index, std::int64_t{0}, size);
}

}  // namespace

Value arithmetic(const OperatorContext& context, Op op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return number_arithmetic(context, op, a, b);
  if (op == Op::add) {
    if (a.kind() == Kind::list || b.kind() == Kind::list) return joined_lists(context, a, b);
    if (a.kind() == Kind::string || b.kind() == Kind::string)
      return joined_strings(context, a, b);
  }
  std::optional<Value> result;
  try {
    result = temporal_arithmetic(op, a, b);
  } catch (const Error& error) {
    fail(Fault::data, context.at, "ArithmeticError: InvalidArgumentValue", error.what());
  }
  if (!result) refuse_operands(context, a, b);
  return *result;
}

Value negated(const OperatorContext& context, const Value& value) {
  if (value.kind() == Kind::integer)
    return integer_arithmetic(context, Op::subtract, 0, value.integer());
  if (value.kind() == Kind::floating) return -value.floating();
  if (value.kind() == Kind::duration)
    return arithmetic(context, Op::multiply, value, std::int64_t{-1});
  refuse_operands(context, value, value);
}

std::optional<bool> compared(std::string_view symbol, const Value& a, const Value& b) {
  if (symbol == "=") return equals(a, b);
  if (symbol == "<>") {
    const auto same = equals(a, b);
    return same ? std::optional{!*same} : std::nullopt;
  }
  const auto ordering = compare(a, b);
  if (!ordering) return std::nullopt;
  if (*ordering == Ordering::equal) return symbol.size() == 2;
  return *ordering == (symbol.front() == '<' ? Ordering::less : Ordering::greater);
}

Value is_in(const OperatorContext& context, const Value& item, const Value& list) {
  if (list.is_null()) return {};
  if (list.kind() != Kind::list)
    fail(Fault::data, context.at, "TypeError: InvalidArgumentType",
         "expected a list after IN, found " + std::string{kind_name(list.kind())});
  context.budget.charge(list.list().size());
  bool unknown = false;
  for (const Value& one : list.list()) {
    const auto same = equals(item, one);
    if (same == true) return true;
    unknown = unknown || !same;
  }
  return unknown ? Value{} : Value{false};
}

Value string_predicate(Op op, const Value& text, const Value& part) {
  if (text.kind() != Kind::string || part.kind() != Kind::string) return {};
  if (op == Op::starts_with) return text.string().starts_with(part.string());
  if (op == Op::ends_with) return text.string().ends_with(part.string());
  return text.string().find(part.string()) != std::string::npos;
}

Value slice(const OperatorContext& context, const Value& list, const Value* from,
            const Value* to) {
  if (list.is_null() || (from != nullptr && from->is_null()) ||
      (to != nullptr && to->is_null()))
    return {};
  if (list.kind() != Kind::list)
    fail(Fault::data, context.at, "TypeError: InvalidArgumentType",
         "expected a list before `[`, found " + std::string{kind_name(list.kind())});
  const List& items = list.list();
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t first = from != nullptr ? bound(context, *from, size) : 0;
  const std::int64_t last = to != nullptr ? bound(context, *to, size) : size;
  if (first >= last) return List{};
  context.budget.charge(static_cast<std::uint64_t>(last - first));
  return List(items.begin() + first, items.begin() + last);
}

Value list_item(const OperatorContext& context, const List& list, const Value& index) {
  if (index.kind() != Kind::integer)
    fail(
        Fault::data, context.at, "TypeError: ListElementAccessByNonInteger",
        "expected an integer as a list's index, found " + std::string{kind_name(index.kind())});
  const auto size = static_cast<std::int64_t>(list.size());
  const std::int64_t at = index.integer();
  if (at >= size || at < -size) return {};
  return list[static_cast<std::size_t>(at < 0 ? at + size : at)];
}

}  // namespace hart::prov::cypher
