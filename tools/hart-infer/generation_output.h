#pragma once

#include <string>

#include "core/json.h"
#include "infer/generate.h"

namespace hart::infer_tool {

/// The line of `--stream` for a token.
[[nodiscard]] Json token_json(const infer::TokenEvent& event);

/// The `inference` line of a generation whose `text` is this.
[[nodiscard]] Json inference_json(const infer::Generation& generation, const std::string& model,
                                  const std::string& text);

}  // namespace hart::infer_tool
