#include "nn/template_arguments.h"

#include <algorithm>

#include "nn/template_string.h"

namespace hart::nn::jinja {

BoundArguments::BoundArguments(std::string_view function, const Arguments& arguments,
                               std::initializer_list<std::string_view> names,
                               std::size_t required)
    : function_{function}, values_(names.size()) {
  if (arguments.positional.size() > names.size())
    fail(function_ + " takes at most " + std::to_string(names.size()) + " arguments, not " +
         std::to_string(arguments.positional.size()));
  for (std::size_t i = 0; i < arguments.positional.size(); ++i)
    values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) fail(function_ + " has no argument '" + name + "'");
    const Value*& slot = values_[static_cast<std::size_t>(found - names.begin())];
    if (slot != nullptr) fail(function_ + " got the argument '" + name + "' twice");
    slot = &value;
  }
  for (std::size_t i = 0; i < required; ++i)
    if (values_[i] == nullptr)
      fail(function_ + " needs the argument '" + std::string{std::data(names)[i]} + "'");
}

std::int64_t BoundArguments::integer(std::size_t index, std::int64_t fallback) const {
  if (!has(index)) return fallback;
  require_defined(*values_[index]);
  if (!values_[index]->is_integral())
    fail(function_ + " needs an integer, not " + type_name(*values_[index]));
  return values_[index]->integer();
}

const std::string& BoundArguments::text(std::size_t index) const {
  require_defined(*values_[index]);
  if (!values_[index]->is_string())
    fail(function_ + " needs a string, not " + type_name(*values_[index]));
  return values_[index]->text();
}

std::string BoundArguments::text(std::size_t index, const std::string& fallback) const {
  return has(index) ? text(index) : fallback;
}

bool BoundArguments::flag(std::size_t index, bool fallback) const {
  return has(index) ? truth(*values_[index]) : fallback;
}

Values items_of(const Value& value, Budget& budget) {
  Values items;
  switch (value.kind()) {
    case Kind::undefined:
      return {};
    case Kind::string:
      budget.take_steps(value.text().size());
      budget.take_bytes(value.text().size() * sizeof(std::string));
      for (const std::string_view point : split_code_points(value.text()))
        items.emplace_back(point);
      return items;
    case Kind::sequence: {
      const Sequence& sequence = value.sequence();
      budget.take_steps(sequence.items.size());
      if (sequence.kind != SequenceKind::generator) return sequence.items;
      items.assign(sequence.items.begin() + static_cast<std::ptrdiff_t>(sequence.taken),
                   sequence.items.end());
      sequence.taken = sequence.items.size();
      return items;
    }
    case Kind::mapping:
      budget.take_steps(value.mapping().entries.size());
      for (const auto& [key, item] : value.mapping().entries) items.push_back(key);
      return items;
    default:
      fail(std::string{"'"} + type_name(value) + "' object is not iterable");
  }
}

bool is_iterable(const Value& value) noexcept {
  return value.is_undefined() || value.is_string() || value.is(Kind::sequence) ||
         value.is(Kind::mapping) || value.is(Kind::loop);
}

std::int64_t length_of(const Value& value) {
  std::size_t length = 0;
  switch (value.kind()) {
    case Kind::undefined:
      break;
    case Kind::string:
      length = code_points(value.text());
      break;
    case Kind::mapping:
      length = value.mapping().entries.size();
      break;
    case Kind::loop:
      length = value.loop().items.sequence().items.size();
      break;
    case Kind::sequence:
      if (value.sequence().kind != SequenceKind::generator) {
        length = value.sequence().items.size();
        break;
      }
      [[fallthrough]];
    default:
      fail(std::string{"object of type '"} + type_name(value) + "' has no len()");
  }
  return static_cast<std::int64_t>(length);
}

void require_defined(const Value& value) {
  if (value.is_undefined()) fail(value.reason());
}

}  // namespace hart::nn::jinja
