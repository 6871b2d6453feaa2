#pragma once

#include <optional>

#include "nn/charsmap.h"
#include "nn/tokenizer_gguf.h"
#include "nn/unigram_model.h"

namespace hart::nn {

/// SentencePiece's Unigram as the T5 models use it: text normalized by the file's compiled map,
/// spaces turned into U+2581, the best segmentation by score. Source: T. Kudo and J.
/// Richardson, "SentencePiece", EMNLP 2018; details as in llama.cpp.
class UnigramTokenizer final : public GgufTokenizer {
 public:
  /// Throws Error(data) as Vocabulary and Charsmap do, and when there are no scores.
  explicit UnigramTokenizer(const formats::GgufHeader& header);

 protected:
  void encode_text(std::string_view text, bool at_start,
                   std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode_text(TokenId token, std::string_view text) const override;
  [[nodiscard]] bool adds_space() const noexcept override {
    return adds_space_prefix_ || merges_spaces_;
  }

 private:
  [[nodiscard]] std::string normalize(std::string_view text) const;

  bool adds_space_prefix_;
  bool merges_spaces_;
  std::optional<Charsmap> charsmap_;
  std::optional<UnigramModel> model_;
};

}  // namespace hart::nn
