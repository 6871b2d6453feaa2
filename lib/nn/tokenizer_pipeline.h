#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "nn/added_tokens.h"
#include "nn/bpe_model.h"
#include "nn/pre_tokenizer.h"
#include "nn/text_normalizer.h"
#include "nn/token_decoder.h"
#include "nn/tokenizer.h"
#include "nn/unigram_model.h"
#include "nn/wordpiece_model.h"

namespace hart::nn {

using WordModel = std::variant<BpeModel, WordPieceModel, UnigramModel>;

/// The parts of a tokenizer.json.
struct PipelineParts {
  VocabularyParts vocabulary;
  VocabularyParts words;          ///< the same without added tokens: what the model knows
  AddedTokens raw_tokens;         ///< looked for in the text as it is
  AddedTokens normalized_tokens;  ///< looked for in normalized text
  std::unique_ptr<TextNormalizer> normalizer;
  PreTokenizerChoice pre_tokenizer;
  /// Made once the words have their place; the argument outlives the model.
  std::function<WordModel(const Vocabulary&)> make_model;
  std::unique_ptr<TokenDecoder> decoder;
  std::vector<TokenId> before, after;  ///< what `add_special` puts around a text
};

/// Added tokens, normalizer, pre-tokenizer, model, post-processor, decoder, as the tokenizers
/// library runs them.
class PipelineTokenizer final : public Tokenizer {
 public:
  explicit PipelineTokenizer(PipelineParts parts);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            EncodeOptions options) const override;
  [[nodiscard]] std::string piece(TokenId token) const override;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens) const override;

 private:
  using WordEncoder = std::function<void(std::string_view word)>;
  [[nodiscard]] WordEncoder start_encoder(std::size_t size, std::vector<TokenId>& out) const;
  void encode_text(std::string_view text, bool is_first, bool parse_special,
                   const WordEncoder& encode_word, std::vector<TokenId>& out) const;
  [[nodiscard]] std::string join(std::vector<std::string> spellings) const;

  PipelineParts parts_;
  Vocabulary words_;
  WordModel model_;
};

}  // namespace hart::nn
