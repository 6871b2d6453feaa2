#pragma once

#include <array>
#include <unordered_map>

#include "nn/bpe_splitter.h"
#include "nn/symbol_merger.h"
#include "nn/tokenizer.h"

namespace hart::nn {

/// The merges of a byte-level vocabulary: pair of symbols → rank and merged symbol. Symbols are
/// tokens, numbered as in the vocabulary, and after them whatever else the merges mention.
class MergeTable {
 public:
  /// Reads `tokenizer.ggml.merges`. Throws Error(data) when it is missing or an entry is not
  /// two symbols with a space between them.
  MergeTable(const formats::GgufHeader& header, const Vocabulary& vocabulary);

  [[nodiscard]] std::optional<MergeRule> find(std::int32_t left,
                                              std::int32_t right) const noexcept;

 private:
  struct Merge {
    std::int32_t left, right, merged;
  };
  void build_index();

  std::vector<Merge> merges_;        ///< by rank
  std::vector<std::int32_t> slots_;  ///< open addressing on the pair, -1 is free
};

/// Byte-level BPE as GPT-2 made it: words cut by a splitter, bytes written as 256 printable
/// characters, neighbours merged in the order in which the merges were learnt.
/// Source: R. Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units",
/// ACL 2016; A. Radford et al., 2019; details as in llama.cpp.
class BpeTokenizer final : public Tokenizer {
 public:
  /// Throws Error(data) as Vocabulary and MergeTable do, and for an unknown splitter.
  explicit BpeTokenizer(const formats::GgufHeader& header);

 protected:
  void encode_text(std::string_view text, bool at_start,
                   std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string decode_text(TokenId token, std::string_view text) const override;

 private:
  void encode_word(std::string_view word, SymbolMerger& merger,
                   std::vector<TokenId>& out) const;

  BpeSplitter splitter_;
  MergeTable merges_;
  std::array<TokenId, 256> byte_tokens_;  ///< -1 where the vocabulary lacks the byte
};

}  // namespace hart::nn
