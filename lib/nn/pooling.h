#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nn/transformer.h"

namespace hart::nn {

/// One vector (n_embd) for a sequence of tokens: the last block's normalised outputs, pooled,
/// and divided by their length where `normalizes`. The session's sequence is forgotten first.
/// Sums over tokens are exact to binary64. Throws as TransformerSession::evaluate_states, and
/// Error(usage) for Pooling::none.
[[nodiscard]] std::vector<float> embed(TransformerSession& session,
                                       std::span<const TokenId> tokens, Pooling pooling,
                                       bool normalizes);

}  // namespace hart::nn
