#pragma once

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// What filters take as `attribute`: "name", "a.b.0" or an integer, applied to each item.
/// None or absent leaves the item as it is.
[[nodiscard]] Value follow_path(Runtime& runtime, const Value& item, const Value& path);

/// The item as filters compare it: strings in lower case unless `case_sensitive`.
[[nodiscard]] Value comparable(const Value& value, bool case_sensitive);

}  // namespace hart::nn::jinja
