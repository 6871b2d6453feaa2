#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// The functions that every template may call: range, dict, namespace, and transformers'
/// raise_exception and strftime_now. They hold on to `runtime`.
[[nodiscard]] std::vector<std::pair<std::string, Value>> global_functions(Runtime& runtime);

}  // namespace hart::nn::jinja
