#pragma once

#include <string>
#include <string_view>

#include "nn/bpe_splitter.h"

namespace hart::nn {

/// How BERT's text is made ready. Source: J. Devlin et al., "BERT", NAACL 2019, code.
struct BertNormalization {
  bool cleans = true;          ///< control characters vanish, white space becomes a space
  bool separates_cjk = true;   ///< a space before and after every ideograph
  bool strips_accents = true;  ///< decomposed, less its non-spacing marks
  bool lowercases = true;
};

/// `text` normalized. Bytes that are not valid UTF-8 count as U+FFFD, which cleaning removes.
[[nodiscard]] std::string normalize_bert(std::string_view text,
                                         const BertNormalization& options);

/// Calls visit(word) for the words of `text`: runs between white space, every punctuation
/// character a word of its own.
void split_bert(std::string_view text, const WordVisitor& visit);

/// General category P*, or an ASCII character that is neither letter, digit, space nor control.
[[nodiscard]] bool is_bert_punctuation(char32_t value) noexcept;

/// `text` in lower case, character by character, by the full mappings that need no context.
[[nodiscard]] std::string lowercase(std::string_view text);

}  // namespace hart::nn
