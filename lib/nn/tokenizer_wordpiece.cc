#include "nn/tokenizer_wordpiece.h"

#include <limits>

#include "nn/space_mark.h"

namespace hart::nn {

WordPieceTokenizer::WordPieceTokenizer(const formats::GgufHeader& header)
    : GgufTokenizer{header,
                    {.add_bos = true,
                     .add_eos = header.get_bool("tokenizer.ggml.add_sep_token", true)}},
      model_{vocabulary(),
             {.begin_prefix = std::string{kSpaceMark},
              .inside_prefix = {},
              .longest_word = std::numeric_limits<std::size_t>::max(),
              .unknown = vocabulary().unknown}} {
  normalization_.lowercases = header.get_bool("tokenizer.ggml.normalizer.lowercase", true);
  normalization_.strips_accents =
      header.get_bool("tokenizer.ggml.normalizer.strip_accents", normalization_.lowercases);
}

void WordPieceTokenizer::encode_text(std::string_view text, bool,
                                     std::vector<TokenId>& out) const {
  split_bert(normalize_bert(text, normalization_),
             [&](std::string_view word) { model_.encode(word, out); });
}

std::string WordPieceTokenizer::decode_text(TokenId, std::string_view text) const {
  return unmark_spaces(text);
}

}  // namespace hart::nn
