#pragma once

#include "nn/bpe_model.h"
#include "nn/bpe_splitter.h"
#include "nn/tokenizer_gguf.h"

namespace hart::nn {

/// Byte-level BPE as GPT-2 made it: words cut by the family's splitter, bytes written as 256
/// printable characters, neighbours merged. Source: A. Radford et al., "Language Models are
/// Unsupervised Multitask Learners", 2019; details as in llama.cpp.
class BpeTokenizer final : public GgufTokenizer {
 public:
  /// Throws Error(data) as Vocabulary does, for an unknown `tokenizer.ggml.pre`, and when
  /// `tokenizer.ggml.merges` is missing or an entry is not two symbols with a space between
  /// them.
  explicit BpeTokenizer(const formats::GgufHeader& header);

 protected:
  void encode_text(std::string_view text, bool at_start,
                   std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode_text(TokenId token, std::string_view text) const override;

 private:
  BpeTokenizer(const formats::GgufHeader& header, const BpeFamily& family);

  BpeSplitter splitter_;
  BpeModel model_;
};

}  // namespace hart::nn
