#pragma once

#include "core/events.h"
#include "infer/generate.h"

namespace hart::infer {

/// Tokens as the units of a usage record.
[[nodiscard]] std::int64_t token_micros(std::uint64_t tokens) noexcept;

/// The parameters that decide what is generated, in canonical order: ascending keys, and beside
/// the usual ones only those that are not at their neutral value. A grammar is named by the
/// hash of its text.
[[nodiscard]] Json generation_parameters(const GenerateRequest& request);

/// What computes here: the engine's version, the path through this processor.
[[nodiscard]] Engine transformer_engine();
/// A model as a receipt names it; its tensors are looked up or hashed when first asked for.
[[nodiscard]] UsedModel used_model(const RunnableModel& model, double weight = 1);

/// What a receipt begins with.
[[nodiscard]] GenerationBegin generation_begin(const RunnableModel& model,
                                               const GenerateRequest& request,
                                               const Uuid& inference, TimeUs started);
/// What a receipt says of one token.
[[nodiscard]] GeneratedToken receipt_token(const TokenEvent& event,
                                           const nn::Tokenizer& tokenizer);
/// What is charged.
[[nodiscard]] UsageRecord generation_usage(const RunnableModel& model,
                                           const GenerateRequest& request,
                                           const Generation& generation);

}  // namespace hart::infer
