#pragma once

#include "nn/bert_text.h"
#include "nn/tokenizer_gguf.h"
#include "nn/wordpiece_model.h"

namespace hart::nn {

/// BERT's WordPiece as GGUF files carry it: pieces that begin a word are marked by U+2581, the
/// others by nothing. Text is normalized as for the uncased models unless
/// `tokenizer.ggml.normalizer.lowercase` is false.
class WordPieceTokenizer final : public GgufTokenizer {
 public:
  /// Throws Error(data) as Vocabulary does.
  explicit WordPieceTokenizer(const formats::GgufHeader& header);

 protected:
  void encode_text(std::string_view text, bool at_start,
                   std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode_text(TokenId token, std::string_view text) const override;
  [[nodiscard]] bool adds_space() const noexcept override { return true; }

 private:
  BertNormalization normalization_;
  WordPieceModel model_;
};

}  // namespace hart::nn
