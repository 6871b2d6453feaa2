#pragma once

#include <string>
#include <string_view>

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

using FilterFunction = Value (*)(Runtime& runtime, const Value& input,
                                 const Arguments& arguments);

struct NamedFilter {
  std::string_view name;
  FilterFunction filter;
};

/// The filter `name`, or null: those that give a text or a number out of one value, and those
/// that work on sequences.
[[nodiscard]] FilterFunction find_text_filter(std::string_view name) noexcept;
[[nodiscard]] FilterFunction find_sequence_filter(std::string_view name) noexcept;
[[nodiscard]] FilterFunction find_selection_filter(std::string_view name) noexcept;

/// `input | name(arguments)`. Fails, naming the filter, when there is none of that name.
[[nodiscard]] Value apply_filter(Runtime& runtime, const std::string& name, const Value& input,
                                 const Arguments& arguments);
[[nodiscard]] bool is_filter(std::string_view name) noexcept;

/// `input is name(arguments)`. Fails, naming the test, when there is none of that name.
[[nodiscard]] bool apply_test(Runtime& runtime, const std::string& name, const Value& input,
                              const Arguments& arguments);
[[nodiscard]] bool is_test(std::string_view name) noexcept;

}  // namespace hart::nn::jinja
