#pragma once

#include <optional>

#include "core/id.h"
#include "core/json.h"
#include "infer/generate.h"

namespace hart::infer {

/// A request as a receipt tells it.
struct RecordedRequest {
  GenerateRequest request;
  /// The hash of the grammar's text, which is all that is recorded of it.
  std::optional<Id> grammar;
};

/// The inverse of generation_parameters, as far as parameters go: prompt, evidence and seed
/// stand elsewhere in a receipt. Throws Error(data) naming a parameter that this build does not
/// know or that is not of its type: leaving it out would generate something else.
[[nodiscard]] RecordedRequest parse_generation_parameters(const Json& parameters);

}  // namespace hart::infer
