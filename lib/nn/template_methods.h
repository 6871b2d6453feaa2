#pragma once

#include <string_view>

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

using Method = Value (*)(Runtime& runtime, const Value& self, const Arguments& arguments);

/// The method `name` of the value's type, or null. Those that would change a list or dict are
/// none: the sandbox that templates run in refuses them.
[[nodiscard]] Method find_method(const Value& self, std::string_view name) noexcept;

/// `object.name`, as the sandbox looks it up: a method before a key, and undefined for what is
/// absent, begins with an underscore or would change the object. Undefined objects fail.
[[nodiscard]] Value attribute_of(Runtime& runtime, const Value& object,
                                 const std::string& name);
/// `object[index]`: a key or an index before a method.
[[nodiscard]] Value item_of(Runtime& runtime, const Value& object, const Value& index);

}  // namespace hart::nn::jinja
