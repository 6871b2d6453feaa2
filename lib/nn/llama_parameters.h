#pragma once

#include "nn/llama.h"

namespace hart::nn {

/// The parameters in the metadata; n_vocab is left 0, for the embedding's shape tells it.
/// Throws Error(data) naming the key, as LlamaModel documents.
[[nodiscard]] LlamaParameters read_llama_parameters(const formats::GgufHeader& header);

}  // namespace hart::nn
