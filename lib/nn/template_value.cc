#include "nn/template_value.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/utf8.h"

namespace hart::nn::jinja {
namespace {

/// Grows the extent of a holder by that of something it holds.
void hold(Extent& holder, const Value& held) {
  const Extent inner = held.extent();
  if (inner.nesting >= kMaxNesting)
    fail("values are nested deeper than " + std::to_string(kMaxNesting));
  holder.nesting = std::max(holder.nesting, inner.nesting + 1);
  holder.count += inner.count;
  if (holder.count > kMaxExtent) fail("a value holds too many others");
}

/// Wide enough for both, exactly: an integer of 64 bits does not fit a double.
int compare_numbers(const Value& a, const Value& b) {
  const auto wide = [](const Value& value) {
    return value.is_integral() ? static_cast<long double>(value.integer())
                               : static_cast<long double>(value.number());
  };
  static_assert(std::numeric_limits<long double>::digits >= 64);
  const long double x = wide(a);
  const long double y = wide(b);
  return x < y ? -1 : (x > y ? 1 : 0);
}

bool is_nan(const Value& value) {
  return value.is(Kind::floating) && std::isnan(value.number());
}

bool same_items(const Values& a, const Values& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

bool same_entries(const Mapping& a, const Mapping& b) {
  if (a.entries.size() != b.entries.size()) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&](const auto& entry) {
    const Value* other = b.find(entry.first);
    return other != nullptr && equal(entry.second, *other);
  });
}

[[noreturn]] void fail_order(const Value& a, const Value& b) {
  for (const Value* value : {&a, &b})
    if (value->is_undefined()) fail(value->reason());
  fail(std::string{"'"} + type_name(a) + "' and '" + type_name(b) + "' have no order");
}

}  // namespace

void fail(const std::string& message) {
  throw Error{Fault::data, message};
}

Value Value::undefined(std::string reason) {
  Value value;
  value.held_ = Missing{std::make_shared<const std::string>(std::move(reason))};
  return value;
}

Value Value::none() {
  Value value;
  value.held_ = NoneValue{};
  return value;
}

Value Value::generator(Values items) {
  return Value{Sequence{.kind = SequenceKind::generator, .items = std::move(items)}};
}

Value Value::list(Values items) {
  return Value{Sequence{.kind = SequenceKind::list, .items = std::move(items)}};
}

Value Value::tuple(Values items) {
  return Value{Sequence{.kind = SequenceKind::tuple, .items = std::move(items)}};
}

Value::Value(Sequence value) {
  value.extent = {.nesting = 1, .count = 1};
  for (const Value& item : value.items) hold(value.extent, item);
  held_ = std::make_shared<const Sequence>(std::move(value));
}

Value::Value(Mapping value) {
  value.extent = {.nesting = 1, .count = 1};
  for (const auto& [key, item] : value.entries) {
    hold(value.extent, key);
    hold(value.extent, item);
  }
  // Keys are searched one by one, so that two dicts compare in the square of their size.
  const std::uint64_t size = value.entries.size();
  if (size > 64) value.extent.count += size * size / 16;
  if (value.extent.count > kMaxExtent) fail("a dict holds too many keys");
  held_ = std::make_shared<const Mapping>(std::move(value));
}

Value::Value(Callable value) : held_{std::make_shared<const Callable>(std::move(value))} {}

std::int64_t Value::integer() const {
  return is(Kind::boolean) ? std::int64_t{std::get<bool>(held_)}
                           : std::get<std::int64_t>(held_);
}

double Value::number() const {
  return is(Kind::floating) ? std::get<double>(held_) : static_cast<double>(integer());
}

std::string Value::reason() const {
  const auto& reason = std::get<Missing>(held_).reason;
  return reason ? *reason : "the value is undefined";
}

const void* Value::address() const noexcept {
  switch (kind()) {
    case Kind::string:
      return std::get<std::shared_ptr<const std::string>>(held_).get();
    case Kind::sequence:
      return std::get<std::shared_ptr<const Sequence>>(held_).get();
    case Kind::mapping:
      return std::get<std::shared_ptr<const Mapping>>(held_).get();
    case Kind::name_space:
      return std::get<std::shared_ptr<Namespace>>(held_).get();
    case Kind::loop:
      return std::get<std::shared_ptr<Loop>>(held_).get();
    case Kind::callable:
      return std::get<std::shared_ptr<const Callable>>(held_).get();
    default:
      return nullptr;
  }
}

Extent Value::extent() const noexcept {
  switch (kind()) {
    case Kind::string:
      return {.nesting = 0, .count = 1 + text().size() / 64};
    case Kind::sequence:
      return sequence().extent;
    case Kind::mapping:
      return mapping().extent;
    case Kind::loop:
      return loop().items.extent();
    case Kind::callable:
      return callable().extent;
    default:
      return {};
  }
}

const Value* Mapping::find(const Value& key) const {
  for (const auto& [name, value] : entries)
    if (equal(name, key)) return &value;
  return nullptr;
}

const Value* Mapping::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name.is_string() && name.text() == key) return &value;
  return nullptr;
}

void Mapping::set(Value key, Value value) {
  require_hashable(key);
  for (auto& [name, held] : entries) {
    if (!equal(name, key)) continue;
    held = std::move(value);
    return;
  }
  entries.emplace_back(std::move(key), std::move(value));
}

const Value* Namespace::find(std::string_view name) const {
  for (const auto& [key, value] : names)
    if (key == name) return &value;
  return nullptr;
}

void Namespace::set(const std::string& name, Value value) {
  for (auto& [key, held] : names) {
    if (key != name) continue;
    held = std::move(value);
    return;
  }
  names.emplace_back(name, std::move(value));
}

const char* type_name(const Value& value) noexcept {
  static constexpr const char* kSequences[] = {
      "list", "tuple", "range", "dict_keys", "dict_values", "dict_items", "generator"};
  static constexpr const char* kKinds[] = {"Undefined", "NoneType",    "bool",    "int",
                                           "float",     "str",         "",        "dict",
                                           "Namespace", "LoopContext", "function"};
  if (value.is(Kind::sequence)) return kSequences[static_cast<int>(value.sequence().kind)];
  return kKinds[static_cast<int>(value.kind())];
}

bool truth(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
    case Kind::integer:
      return value.integer() != 0;
    case Kind::floating:
      return value.number() != 0;
    case Kind::string:
      return !value.text().empty();
    case Kind::sequence:
      return value.sequence().kind == SequenceKind::generator ||
             !value.sequence().items.empty();
    case Kind::mapping:
      return !value.mapping().entries.empty();
    default:
      return true;
  }
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return !is_nan(a) && !is_nan(b) && compare_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::string:
      return a.text() == b.text();
    case Kind::sequence:
      if (a.sequence().kind == SequenceKind::generator) return a.address() == b.address();
      return a.sequence().kind == b.sequence().kind &&
             same_items(a.sequence().items, b.sequence().items);
    case Kind::mapping:
      return same_entries(a.mapping(), b.mapping());
    default:
      return a.address() == b.address();
  }
}

void require_hashable(const Value& key) {
  const bool tuple = key.is(Kind::sequence) && key.sequence().kind == SequenceKind::tuple;
  const bool plain = key.is_undefined() || key.is_none() || key.is_number() || key.is_string();
  if (tuple) {
    for (const Value& item : key.sequence().items) require_hashable(item);
  } else if (!plain) {
    fail(std::string{"unhashable type: '"} + type_name(key) + "'");
  }
}

int compare(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b);
  if (a.is_string() && b.is_string()) return a.text().compare(b.text());
  const bool ordered = a.is(Kind::sequence) && b.is(Kind::sequence) &&
                       a.sequence().kind == b.sequence().kind &&
                       a.sequence().kind <= SequenceKind::tuple;
  if (!ordered) fail_order(a, b);
  const Values& x = a.sequence().items;
  const Values& y = b.sequence().items;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
    if (!equal(x[i], y[i])) return compare(x[i], y[i]);
  return x.size() < y.size() ? -1 : (x.size() > y.size() ? 1 : 0);
}

Value from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value{json.get<bool>()};
    case Json::value_t::number_integer:
      return Value{json.get<std::int64_t>()};
    case Json::value_t::number_unsigned: {
      const auto value = json.get<std::uint64_t>();
      return value <= INT64_MAX ? Value{value} : Value{static_cast<double>(value)};
    }
    case Json::value_t::number_float:
      return Value{json.get<double>()};
    case Json::value_t::string: {
      const auto& text = json.get_ref<const std::string&>();
      if (formats::is_utf8(text)) return Value{text};
      return Value{formats::to_utf8(formats::to_utf32(text))};
    }
    case Json::value_t::array: {
      Values items;
      for (const Json& item : json) items.push_back(from_json(item));
      return Value::list(std::move(items));
    }
    case Json::value_t::object: {
      // Keys are unique already: no search for each of them.
      Mapping mapping;
      for (auto entry = json.begin(); entry != json.end(); ++entry)
        mapping.entries.emplace_back(Value{entry.key()}, from_json(entry.value()));
      return Value{std::move(mapping)};
    }
    default:
      return Value::none();
  }
}

}  // namespace hart::nn::jinja
