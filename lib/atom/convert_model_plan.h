#pragma once

#include "atom/convert_model.h"
#include "atom/convert_model_source.h"

namespace hart::atom {

/// The two halves of plan_conversion.
[[nodiscard]] ModelConversion plan_gguf(const ConversionSource& source,
                                        const ConversionOptions& options);
[[nodiscard]] ModelConversion plan_safetensors(const ConversionSource& source,
                                               const ConversionOptions& options);

}  // namespace hart::atom
