#pragma once

#include <string_view>

#include "nn/template_ast.h"

namespace hart::nn::jinja {

/// The statements of a chat template. `generation` blocks become plain scopes, as transformers
/// reads them when it does not ask which tokens the assistant wrote. Throws Error(data) with
/// line, column and what was expected there; for tags that chat templates have no use for
/// (`include`, `extends`, `block`, …) too.
[[nodiscard]] Statements parse_template(std::string_view source);

}  // namespace hart::nn::jinja
