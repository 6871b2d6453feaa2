#include "nn/template_methods.h"

#include <algorithm>
#include <array>

#include "nn/template_arguments.h"
#include "nn/template_format.h"
#include "nn/template_string.h"
#include "nn/template_string_methods.h"

namespace hart::nn::jinja {
namespace {

Values pairs_of(const Mapping& mapping) {
  Values pairs;
  for (const auto& [key, value] : mapping.entries) pairs.push_back(Value::tuple({key, value}));
  return pairs;
}

template <SequenceKind kind>
Value view_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"the method", arguments, {}};
  const Mapping& mapping = self.mapping();
  runtime.budget.take_steps(mapping.entries.size());
  if constexpr (kind == SequenceKind::items)
    return Value{Sequence{.kind = kind, .items = pairs_of(mapping)}};
  Values items;
  for (const auto& [key, value] : mapping.entries)
    items.push_back(kind == SequenceKind::keys ? key : value);
  return Value{Sequence{.kind = kind, .items = std::move(items)}};
}

Value get_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"get", arguments, {"key", "default"}, 1};
  require_hashable(bound[0]);
  runtime.budget.take_steps(1 + self.mapping().entries.size() / 8);
  const Value* value = self.mapping().find(bound[0]);
  if (value != nullptr) return *value;
  return bound.has(1) ? bound[1] : Value::none();
}

Value copy_method(Runtime&, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"copy", arguments, {}};
  return self;
}

Value index_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"index", arguments, {"value"}, 1};
  runtime.budget.take_steps(self.extent().count);
  const Values& items = self.sequence().items;
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const Value& each) { return equal(each, bound[0]); });
  if (found == items.end()) fail("the value is not in the list");
  return Value{found - items.begin()};
}

Value count_method(Runtime& runtime, const Value& self, const Arguments& arguments) {
  const BoundArguments bound{"count", arguments, {"value"}, 1};
  runtime.budget.take_steps(self.extent().count);
  const Values& items = self.sequence().items;
  return Value{std::count_if(items.begin(), items.end(),
                             [&](const Value& each) { return equal(each, bound[0]); })};
}

/// `loop.cycle('odd', 'even')`.
Value cycle_method(Runtime&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty()) fail("cycle needs at least one value");
  return arguments.positional[self.loop().index0 % arguments.positional.size()];
}

/// Methods that would change the object.
bool changes(const Value& object, std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 9> kLists = {
      "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "__iadd__"};
  static constexpr std::array<std::string_view, 5> kDicts = {"clear", "pop", "popitem",
                                                             "setdefault", "update"};
  const auto listed = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (object.is(Kind::mapping)) return listed(kDicts);
  return object.is(Kind::sequence) && object.sequence().kind == SequenceKind::list &&
         listed(kLists);
}

Value loop_attribute(const Loop& loop, const std::string& name) {
  const Values& items = loop.items.sequence().items;
  const std::size_t index = loop.index0;
  if (name == "index") return Value{index + 1};
  if (name == "index0") return Value{index};
  if (name == "first") return Value{index == 0};
  if (name == "last") return Value{index + 1 == items.size()};
  if (name == "length") return Value{items.size()};
  if (name == "revindex") return Value{items.size() - index};
  if (name == "revindex0") return Value{items.size() - index - 1};
  if (name == "depth") return Value{loop.depth0 + 1};
  if (name == "depth0") return Value{loop.depth0};
  if (name == "previtem")
    return index > 0 ? items[index - 1] : Value::undefined("there is no previous item");
  if (name == "nextitem")
    return index + 1 < items.size() ? items[index + 1]
                                    : Value::undefined("there is no next item");
  return Value::undefined("'loop' has no attribute '" + name + "'");
}

Value bound_method(Runtime& runtime, const Value& object, const std::string& name,
                   Method method) {
  Extent extent = object.extent();
  ++extent.nesting;
  if (extent.nesting > kMaxNesting) fail("values are nested too deep");
  return Value{Callable{name,
                        [&runtime, object, method](const Arguments& arguments) {
                          return method(runtime, object, arguments);
                        },
                        extent}};
}

Value missing_attribute(const Value& object, const std::string& name) {
  return Value::undefined(std::string{"'"} + type_name(object) + " object' has no attribute '" +
                          name + "'");
}

}  // namespace

Method find_method(const Value& self, std::string_view name) noexcept {
  switch (self.kind()) {
    case Kind::string:
      return find_string_method(name);
    case Kind::mapping:
      if (name == "items") return view_method<SequenceKind::items>;
      if (name == "keys") return view_method<SequenceKind::keys>;
      if (name == "values") return view_method<SequenceKind::values>;
      if (name == "get") return get_method;
      if (name == "copy") return copy_method;
      return nullptr;
    case Kind::sequence:
      if (self.sequence().kind > SequenceKind::range) return nullptr;
      if (name == "index") return index_method;
      if (name == "count") return count_method;
      if (name == "copy" && self.sequence().kind == SequenceKind::list) return copy_method;
      return nullptr;
    case Kind::loop:
      return name == "cycle" ? cycle_method : nullptr;
    default:
      return nullptr;
  }
}

Value attribute_of(Runtime& runtime, const Value& object, const std::string& name) {
  require_defined(object);
  if (const Method method = find_method(object, name))
    return bound_method(runtime, object, name, method);
  if (changes(object, name) || name.starts_with("__"))
    return Value::undefined("access to attribute '" + name + "' of '" + type_name(object) +
                            "' object is unsafe");
  switch (object.kind()) {
    case Kind::mapping: {
      runtime.budget.take_steps(object.mapping().entries.size() / 8);
      const Value* value = object.mapping().find(name);
      return value != nullptr ? *value : missing_attribute(object, name);
    }
    case Kind::name_space: {
      const Value* value = object.name_space().find(name);
      return value != nullptr ? *value : missing_attribute(object, name);
    }
    case Kind::loop:
      return loop_attribute(object.loop(), name);
    case Kind::callable:
      if (name == "name") return Value{object.callable().name};
      return missing_attribute(object, name);
    default:
      return missing_attribute(object, name);
  }
}

Value item_of(Runtime& runtime, const Value& object, const Value& index) {
  require_defined(object);
  if (object.is(Kind::mapping)) {
    runtime.budget.take_steps(object.mapping().entries.size() / 8);
    if (const Value* value = object.mapping().find(index)) return *value;
  } else if (index.is_integral()) {
    const bool indexable =
        object.is_string() ||
        (object.is(Kind::sequence) && object.sequence().kind <= SequenceKind::range);
    const std::int64_t length = indexable ? length_of(object) : 0;
    std::int64_t at = index.integer();
    if (at < 0) at += length;
    if (at >= 0 && at < length) {
      if (!object.is_string()) return object.sequence().items[static_cast<std::size_t>(at)];
      runtime.budget.take_steps(object.text().size() / 16);
      return Value{split_code_points(object.text())[static_cast<std::size_t>(at)]};
    }
  }
  if (index.is_string()) return attribute_of(runtime, object, index.text());
  return Value::undefined(std::string{"'"} + type_name(object) + "' object has no element " +
                          to_repr(index, runtime.budget));
}

}  // namespace hart::nn::jinja
