#pragma once

#include <array>

#include "nn/symbol_merger.h"
#include "nn/tokenizer_gguf.h"

namespace hart::nn {

/// SentencePiece's BPE as the llama models use it: spaces become U+2581, neighbours merge into
/// the token of the highest score, what is in no token is spelt in byte tokens. Source: T. Kudo
/// and J. Richardson, "SentencePiece", EMNLP 2018; details as in llama.cpp.
class SpmTokenizer final : public GgufTokenizer {
 public:
  /// Throws Error(data) as Vocabulary does and when there are no scores.
  explicit SpmTokenizer(const formats::GgufHeader& header);

 protected:
  void encode_text(std::string_view text, bool at_start,
                   std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode_text(TokenId token, std::string_view text) const override;
  [[nodiscard]] bool adds_space() const noexcept override { return add_space_prefix_; }

 private:
  void encode_segment(std::string_view escaped, SymbolMerger& merger,
                      std::vector<TokenId>& out) const;

  bool add_space_prefix_;
  /// True when no token has a space mark after another character. Then no merge crosses the
  /// beginning of a word, and words can be encoded one by one with the same result.
  bool words_are_separate_;
  std::array<std::optional<TokenId>, 256> byte_tokens_;
};

}  // namespace hart::nn
