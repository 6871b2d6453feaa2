#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// The arguments of a call, put in the order of a signature. Views: the call's arguments must
/// outlive it.
class BoundArguments {
 public:
  /// `names` are the parameters in order, of which the first `required` must be given. Fails
  /// where an argument is missing, given twice or unknown, naming `function`.
  BoundArguments(std::string_view function, const Arguments& arguments,
                 std::initializer_list<std::string_view> names, std::size_t required = 0);

  [[nodiscard]] bool has(std::size_t index) const noexcept { return values_[index] != nullptr; }
  /// Given and not none.
  [[nodiscard]] bool is_set(std::size_t index) const noexcept {
    return has(index) && !values_[index]->is_none();
  }
  /// Precondition: has(index).
  [[nodiscard]] const Value& operator[](std::size_t index) const noexcept {
    return *values_[index];
  }

  /// The value of that type, or `fallback` where it is absent. Fails for another type.
  [[nodiscard]] std::int64_t integer(std::size_t index, std::int64_t fallback) const;
  [[nodiscard]] const std::string& text(std::size_t index) const;
  [[nodiscard]] std::string text(std::size_t index, const std::string& fallback) const;
  /// Any value, as Python's truth.
  [[nodiscard]] bool flag(std::size_t index, bool fallback) const;

 private:
  std::string function_;
  std::vector<const Value*> values_;
};

/// The items that iterating over `value` gives: of a dict its keys, of a string its characters,
/// of a generator what is left, which is used up then. Takes a step an item. Fails for what
/// cannot be iterated.
[[nodiscard]] Values items_of(const Value& value, Budget& budget);
/// Whether items_of would give items rather than fail.
[[nodiscard]] bool is_iterable(const Value& value) noexcept;

/// `len(value)`. Fails for what has no length.
[[nodiscard]] std::int64_t length_of(const Value& value);

/// Fails with the reason of an undefined value.
void require_defined(const Value& value);

}  // namespace hart::nn::jinja
