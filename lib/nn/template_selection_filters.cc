// Filters that take another filter, a test or an attribute: map, select and their kin; and how
// a filter is found by its name.

#include "nn/template_arguments.h"
#include "nn/template_attribute_path.h"
#include "nn/template_filters.h"
#include "nn/template_methods.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

/// `arguments` without the first `count` positional ones.
Arguments without_first(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

const std::string& name_argument(const Arguments& arguments, std::size_t index,
                                 const char* what) {
  if (index >= arguments.positional.size() || !arguments.positional[index].is_string())
    fail(std::string{"expected the name of "} + what);
  return arguments.positional[index].text();
}

Value map_attribute(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Value* path = nullptr;
  const Value* fallback = nullptr;
  for (const auto& [name, value] : arguments.named) {
    if (name != "attribute" && name != "default") fail("map has no argument '" + name + "'");
    (name == "attribute" ? path : fallback) = &value;
  }
  if (path == nullptr) fail("map requires a filter argument");
  Values mapped;
  for (const Value& item : items_of(input, runtime.budget)) {
    Value value = follow_path(runtime, item, *path);
    if (value.is_undefined() && fallback != nullptr) value = *fallback;
    mapped.push_back(std::move(value));
  }
  return Value::generator(std::move(mapped));
}

Value map_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  if (arguments.positional.empty()) return map_attribute(runtime, input, arguments);
  const std::string& name = name_argument(arguments, 0, "a filter");
  const Arguments rest = without_first(arguments, 1);
  Values mapped;
  for (const Value& item : items_of(input, runtime.budget))
    mapped.push_back(apply_filter(runtime, name, item, rest));
  return Value::generator(std::move(mapped));
}

template <bool keeps, bool by_attribute>
Value select_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  constexpr std::size_t kTest = by_attribute ? 1 : 0;
  if (by_attribute && arguments.positional.empty()) fail("expected the name of an attribute");
  const bool tested = arguments.positional.size() > kTest;
  const std::string name = tested ? name_argument(arguments, kTest, "a test") : "";
  const Arguments rest = tested ? without_first(arguments, kTest + 1) : Arguments{};
  Values selected;
  for (const Value& item : items_of(input, runtime.budget)) {
    const Value value =
        by_attribute ? follow_path(runtime, item, arguments.positional[0]) : item;
    const bool holds = tested ? apply_test(runtime, name, value, rest) : truth(value);
    if (holds == keeps) selected.push_back(item);
  }
  return Value::generator(std::move(selected));
}

Value attr_filter(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound{"attr", arguments, {"name"}, 1};
  // Attributes alone: a key of a dict is none.
  if (input.is(Kind::mapping) && find_method(input, bound.text(0)) == nullptr)
    return Value::undefined("'dict object' has no attribute '" + bound.text(0) + "'");
  return attribute_of(runtime, input, bound.text(0));
}

}  // namespace

Value follow_path(Runtime& runtime, const Value& item, const Value& path) {
  if (path.is_none() || path.is_undefined()) return item;
  if (!path.is_string()) return item_of(runtime, item, path);
  Value value = item;
  for (const std::string_view part : split_at(path.text(), ".", -1)) {
    const bool number = !part.empty() && part.size() < 10 &&
                        part.find_first_not_of("0123456789") == std::string_view::npos;
    runtime.budget.take_steps(1);
    value =
        item_of(runtime, value, number ? Value{std::stoll(std::string{part})} : Value{part});
  }
  return value;
}

Value comparable(const Value& value, bool case_sensitive) {
  return value.is_string() && !case_sensitive ? Value{lower(value.text())} : value;
}

FilterFunction find_selection_filter(std::string_view name) noexcept {
  if (name == "map") return map_filter;
  if (name == "select") return select_filter<true, false>;
  if (name == "reject") return select_filter<false, false>;
  if (name == "selectattr") return select_filter<true, true>;
  if (name == "rejectattr") return select_filter<false, true>;
  if (name == "attr") return attr_filter;
  return nullptr;
}

namespace {

FilterFunction find_filter(std::string_view name) noexcept {
  if (const FilterFunction filter = find_text_filter(name)) return filter;
  if (const FilterFunction filter = find_sequence_filter(name)) return filter;
  return find_selection_filter(name);
}

}  // namespace

bool is_filter(std::string_view name) noexcept {
  return find_filter(name) != nullptr;
}

Value apply_filter(Runtime& runtime, const std::string& name, const Value& input,
                   const Arguments& arguments) {
  const FilterFunction filter = find_filter(name);
  if (filter == nullptr) fail("no filter is named '" + name + "'");
  runtime.budget.take_steps(1 + (input.is_string() ? input.text().size() / 64 : 0));
  if (input.is_string()) runtime.budget.take_bytes(input.text().size());
  return filter(runtime, input, arguments);
}

}  // namespace hart::nn::jinja
