#pragma once

#include <functional>
#include <span>

#include "infer/generate.h"
#include "infer/generator.h"
#include "infer/sequence.h"

namespace hart::infer {

/// Generates after `prompt`, which `sequence` has evaluated and `generator` has read, to the
/// end, given the logits of what follows it (not looked at where the generation is over
/// already). With lookup decoding several tokens are guessed and evaluated at once, as long as
/// the generator's own choices are those that were guessed: the same events come in the same
/// order, whatever `lookup` says. Every event is shown to `see` before the next is made.
/// Throws as Generator::step, TransformerSession::evaluate and `see` do.
void decode(Generator& generator, Sequence& sequence, std::span<const nn::TokenId> prompt,
            std::span<const float> logits, std::uint32_t max_tokens, Lookup lookup,
            const std::function<void(const TokenEvent&)>& see);

}  // namespace hart::infer
