#pragma once

#include <string_view>

#include "nn/template_methods.h"

namespace hart::nn::jinja {

/// The method of strings called `name`, or null.
[[nodiscard]] Method find_string_method(std::string_view name) noexcept;

}  // namespace hart::nn::jinja
