#pragma once

#include <vector>

#include "core/json.h"

namespace hart::search_tool {

/// A vector as users write it: an array of numbers, `{"dtype":"f32","base64":…}`, or an object
/// that holds either under `vector`, as hart-infer embed prints. Throws Error(data).
[[nodiscard]] std::vector<float> read_vector(const Json& json);

}  // namespace hart::search_tool
