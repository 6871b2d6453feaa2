#include "nn/template_functions.h"

#include <locale.h>
#include <ctime>

#include "nn/template_arguments.h"
#include "nn/template_format.h"

namespace hart::nn::jinja {
namespace {

/// As many items as the sandbox of Jinja lets a range have.
constexpr std::int64_t kMaxRange = 100'000;
constexpr std::size_t kMaxTimeFormat = 1000;

Value range_function(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound{"range", arguments, {"start", "stop", "step"}, 1};
  std::int64_t start = bound.integer(0, 0);
  std::int64_t stop = bound.integer(1, 0);
  if (!bound.has(1)) stop = std::exchange(start, 0);
  const std::int64_t step = bound.integer(2, 1);
  if (step == 0) fail("range() arg 3 must not be zero");
  Values items;
  for (std::int64_t at = start; step > 0 ? at < stop : at > stop;) {
    if (items.size() == static_cast<std::size_t>(kMaxRange))
      fail("range too big, it may have " + std::to_string(kMaxRange) + " items");
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  runtime.budget.take_steps(items.size());
  runtime.budget.take_bytes(items.size() * sizeof(Value));
  std::string text = "range(" + std::to_string(start) + ", " + std::to_string(stop) +
                     (step == 1 ? "" : ", " + std::to_string(step)) + ")";
  return Value{Sequence{
      .kind = SequenceKind::range, .items = std::move(items), .range_text = std::move(text)}};
}

/// The entries of `dict(…)` and `namespace(…)`: of one mapping or sequence of pairs, then the
/// named ones.
Mapping entries_of(Runtime& runtime, const Arguments& arguments, const char* function) {
  Mapping mapping;
  if (arguments.positional.size() > 1)
    fail(std::string{function} + " takes at most one positional argument");
  for (const Value& given : arguments.positional) {
    if (given.is(Kind::mapping)) {
      mapping = given.mapping();
      continue;
    }
    for (const Value& pair : items_of(given, runtime.budget)) {
      const Values both = items_of(pair, runtime.budget);
      if (both.size() != 2) fail(std::string{function} + " needs pairs of a key and a value");
      runtime.budget.take_steps(mapping.entries.size() / 8);
      mapping.set(both[0], both[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) mapping.set(Value{name}, value);
  runtime.budget.take_bytes((1 + mapping.entries.size()) * 2 * sizeof(Value));
  return mapping;
}

Value dict_function(Runtime& runtime, const Arguments& arguments) {
  return Value{entries_of(runtime, arguments, "dict")};
}

Value namespace_function(Runtime& runtime, const Arguments& arguments) {
  auto made = std::make_shared<Namespace>();
  for (const auto& [key, value] : entries_of(runtime, arguments, "namespace").entries)
    made->set(to_text(key, runtime.budget), value);
  runtime.budget.take_bytes(sizeof(Namespace) + 64);
  runtime.namespaces.push_back(made);
  return Value{std::move(made)};
}

Value raise_function(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound{"raise_exception", arguments, {"message"}, 1};
  fail(to_text(bound[0], runtime.budget));
}

Value time_function(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound{"strftime_now", arguments, {"format"}, 1};
  const std::string& format = bound.text(0);
  if (format.size() > kMaxTimeFormat) fail("the format of strftime_now is too long");
  static const locale_t kPlain = ::newlocale(LC_ALL_MASK, "C", nullptr);
  const auto seconds = static_cast<std::time_t>(runtime.now / 1'000'000);
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  std::vector<char> text(kMaxTimeFormat * 64);
  const std::size_t size =
      ::strftime_l(text.data(), text.size(), format.c_str(), &broken_down, kPlain);
  return Value{std::string{text.data(), size}};
}

}  // namespace

std::vector<std::pair<std::string, Value>> global_functions(Runtime& runtime) {
  const auto function = [&](const char* name, Value (*call)(Runtime&, const Arguments&)) {
    return std::pair{std::string{name},
                     Value{Callable{name, [&runtime, call](const Arguments& arguments) {
                                      return call(runtime, arguments);
                                    }}}};
  };
  return {function("range", range_function), function("dict", dict_function),
          function("namespace", namespace_function),
          function("raise_exception", raise_function), function("strftime_now", time_function)};
}

}  // namespace hart::nn::jinja
