// What may stand after `is`.

#include "nn/template_arguments.h"
#include "nn/template_filters.h"
#include "nn/template_format.h"
#include "nn/template_operators.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

using TestFunction = bool (*)(Runtime& runtime, const Value& input, const Value& argument);

struct NamedTest {
  std::string_view name;
  bool takes_argument;
  TestFunction test;
};

template <Kind kind> bool has_kind(Runtime&, const Value& input, const Value&) {
  return input.is(kind);
}

template <Comparator comparator>
bool compares(Runtime& runtime, const Value& input, const Value& argument) {
  return apply_comparison(comparator, input, argument, runtime.budget);
}

bool is_defined(Runtime&, const Value& input, const Value&) {
  return !input.is_undefined();
}

bool is_number(Runtime&, const Value& input, const Value&) {
  return input.is_number();
}

template <bool wanted> bool is_boolean(Runtime&, const Value& input, const Value&) {
  return input.is(Kind::boolean) && truth(input) == wanted;
}

bool is_sequence(Runtime&, const Value& input, const Value&) {
  // As Jinja asks: has it a length and items?
  if (input.is(Kind::sequence)) return input.sequence().kind <= SequenceKind::range;
  return input.is_string() || input.is(Kind::mapping) || input.is_undefined();
}

bool is_iterable_test(Runtime&, const Value& input, const Value&) {
  return is_iterable(input);
}

bool is_callable(Runtime&, const Value& input, const Value&) {
  return input.is(Kind::callable) || input.is_undefined();
}

bool is_same(Runtime&, const Value& input, const Value& argument) {
  if (input.kind() != argument.kind()) return false;
  if (input.address() != nullptr) return input.address() == argument.address();
  return input.is_none() || input.is_undefined() || equal(input, argument);
}

template <int remainder> bool has_parity(Runtime& runtime, const Value& input, const Value&) {
  const Value rest = apply_binary(BinaryOperator::modulo, input, Value{2}, runtime.budget);
  return equal(rest, Value{remainder});
}

bool is_divisible(Runtime& runtime, const Value& input, const Value& argument) {
  return equal(apply_binary(BinaryOperator::modulo, input, argument, runtime.budget), Value{0});
}

template <bool wants_upper> bool has_case(Runtime& runtime, const Value& input, const Value&) {
  const std::string text = to_text(input, runtime.budget);
  const std::string converted = wants_upper ? upper(text) : lower(text);
  return text == converted && (wants_upper ? lower(text) : upper(text)) != text;
}

bool is_known_filter(Runtime&, const Value& input, const Value&) {
  return input.is_string() && is_filter(input.text());
}

bool is_known_test(Runtime&, const Value& input, const Value&) {
  return input.is_string() && is_test(input.text());
}

bool is_escaped(Runtime&, const Value&, const Value&) {
  return false;
}

constexpr NamedTest kTests[] = {{"defined", false, is_defined},
                                {"undefined", false, has_kind<Kind::undefined>},
                                {"none", false, has_kind<Kind::none>},
                                {"boolean", false, has_kind<Kind::boolean>},
                                {"integer", false, has_kind<Kind::integer>},
                                {"float", false, has_kind<Kind::floating>},
                                {"number", false, is_number},
                                {"string", false, has_kind<Kind::string>},
                                {"mapping", false, has_kind<Kind::mapping>},
                                {"sequence", false, is_sequence},
                                {"iterable", false, is_iterable_test},
                                {"callable", false, is_callable},
                                {"true", false, is_boolean<true>},
                                {"false", false, is_boolean<false>},
                                {"odd", false, has_parity<1>},
                                {"even", false, has_parity<0>},
                                {"upper", false, has_case<true>},
                                {"lower", false, has_case<false>},
                                {"filter", false, is_known_filter},
                                {"test", false, is_known_test},
                                {"escaped", false, is_escaped},
                                {"divisibleby", true, is_divisible},
                                {"sameas", true, is_same},
                                {"in", true, compares<Comparator::in>},
                                {"eq", true, compares<Comparator::eq>},
                                {"equalto", true, compares<Comparator::eq>},
                                {"==", true, compares<Comparator::eq>},
                                {"ne", true, compares<Comparator::ne>},
                                {"!=", true, compares<Comparator::ne>},
                                {"lt", true, compares<Comparator::lt>},
                                {"lessthan", true, compares<Comparator::lt>},
                                {"<", true, compares<Comparator::lt>},
                                {"le", true, compares<Comparator::le>},
                                {"<=", true, compares<Comparator::le>},
                                {"gt", true, compares<Comparator::gt>},
                                {"greaterthan", true, compares<Comparator::gt>},
                                {">", true, compares<Comparator::gt>},
                                {"ge", true, compares<Comparator::ge>},
                                {">=", true, compares<Comparator::ge>}};

const NamedTest* find_test(std::string_view name) noexcept {
  for (const NamedTest& entry : kTests)
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace

bool is_test(std::string_view name) noexcept {
  return find_test(name) != nullptr;
}

bool apply_test(Runtime& runtime, const std::string& name, const Value& input,
                const Arguments& arguments) {
  const NamedTest* entry = find_test(name);
  if (entry == nullptr) fail("no test is named '" + name + "'");
  const std::size_t wanted = entry->takes_argument ? 1 : 0;
  if (arguments.positional.size() + arguments.named.size() != wanted)
    fail("the test '" + name + "' takes " + std::to_string(wanted) + " arguments");
  if (wanted == 0) return entry->test(runtime, input, Value{});
  const Value& argument = arguments.positional.empty() ? arguments.named.front().second
                                                       : arguments.positional.front();
  return entry->test(runtime, input, argument);
}

}  // namespace hart::nn::jinja
