#include <algorithm>
#include <array>

#include "prov/cypher/functions.h"

namespace hart::prov::cypher {

namespace {

using ListArgs = std::span<const Value>;

const List& list_argument(const CallContext& context, const Value& value) {
  if (value.kind() != Kind::list) refuse_argument(context, "a list", value);
  return value.list();
}

Value size_function(CallContext& context, ListArgs args) {
  if (args[0].kind() == Kind::list) return static_cast<std::int64_t>(args[0].list().size());
  if (args[0].kind() != Kind::string) refuse_argument(context, "a list or a string", args[0]);
  const std::string& text = args[0].string();
  return static_cast<std::int64_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) {
    return (c & 0xc0U) != 0x80;  // code points, not bytes
  }));
}

Value head_function(CallContext& context, ListArgs args) {
  const List& list = list_argument(context, args[0]);
  return list.empty() ? Value{} : list.front();
}

Value last_function(CallContext& context, ListArgs args) {
  const List& list = list_argument(context, args[0]);
  return list.empty() ? Value{} : list.back();
}

Value tail_function(CallContext& context, ListArgs args) {
  const List& list = list_argument(context, args[0]);
  if (list.empty()) return List{};
  context.budget.charge(list.size());
  return List(list.begin() + 1, list.end());
}

Value reverse_function(CallContext& context, ListArgs args) {
  if (args[0].kind() == Kind::list) {
    const List& list = args[0].list();
    context.budget.charge(list.size());
    return List(list.rbegin(), list.rend());
  }
  if (args[0].kind() != Kind::string) refuse_argument(context, "a list or a string", args[0]);
  const std::string& text = args[0].string();
  std::string reversed;
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0U) == 0x80) --begin;
    reversed.append(text, begin, end - begin);
    end = begin;
  }
  return reversed;
}

Value range_function(CallContext& context, ListArgs args) {
  for (const Value& arg : args)
    if (arg.kind() != Kind::integer)
      fail(Fault::data, context.at, "ArgumentError: InvalidArgumentType",
           "expected an integer, found " + std::string{kind_name(arg.kind())});
  const std::int64_t end = args[1].integer();
  const std::int64_t step = args.size() > 2 ? args[2].integer() : 1;
  if (step == 0)
    fail(Fault::data, context.at, "ArgumentError: NumberOutOfRange",
         "expected a step that is not 0");
  List items;
  std::int64_t at = args[0].integer();
  while (step > 0 ? at <= end : at >= end) {
    context.budget.charge();
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return items;
}

Value coalesce_function(CallContext&, ListArgs args) {
  for (const Value& arg : args)
    if (!arg.is_null()) return arg;
  return {};
}

constexpr StaticType kAnyList{Type::list};
constexpr std::size_t kManyArgs = 1'000;

constexpr std::array<Function, 7> kListFunctions{{
    {"size", 1, 1, size_function, {Type::integer}, types_of(Type::list, Type::string)},
    {"head", 1, 1, head_function, {}, types_of(Type::list)},
    {"last", 1, 1, last_function, {}, types_of(Type::list)},
    {"tail", 1, 1, tail_function, kAnyList, types_of(Type::list)},
    {"reverse", 1, 1, reverse_function, {}, types_of(Type::list, Type::string)},
    {"range", 2, 3, range_function, {Type::list, Type::integer}},
    {"coalesce", 1, kManyArgs, coalesce_function, {}, kAnyType, false},
}};

}  // namespace

std::span<const Function> list_functions() noexcept {
  return kListFunctions;
}

}  // namespace hart::prov::cypher
