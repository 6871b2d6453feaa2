#pragma once

#include <memory>

#include "core/bytes.h"
#include "nn/tokenizer.h"

namespace hart::nn {

/// The tokenizer that a Hugging Face `tokenizer.json` describes, with the begin and end tokens
/// that `tokenizer_config.json` names (empty when there is none). Models BPE, WordPiece and
/// Unigram; see make_normalizer, make_pre_tokenizer and make_decoder for what surrounds them;
/// post-processors TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence.
/// Truncation and padding are not done. Added tokens that the file calls special are control
/// tokens, found where `parse_special` asks for them; the others are always found. The bytes
/// may go away afterwards.
///
/// Throws Error(data) that names the place and what was expected there, for anything that is
/// malformed, contradicts itself, or is not supported. Results are those of the tokenizers
/// library, version 0.23, on text of characters that its Unicode tables know; ours are of
/// Unicode 14.
[[nodiscard]] std::unique_ptr<Tokenizer> make_tokenizer_from_json(ByteView tokenizer_json,
                                                                  ByteView tokenizer_config);

}  // namespace hart::nn
