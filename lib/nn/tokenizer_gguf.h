#pragma once

#include <string_view>
#include <vector>

#include "nn/byte_trie.h"
#include "nn/tokenizer.h"

namespace hart::nn {

/// What the tokenizers of GGUF files share: special tokens are looked for first, longest first
/// over the whole text, and what stands between them is encoded piece by piece.
class GgufTokenizer : public Tokenizer {
 public:
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            EncodeOptions options) const final;
  [[nodiscard]] std::string piece(TokenId token) const final;
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens) const final;

 protected:
  /// Whether the begin and end tokens are added where the file does not say.
  struct Defaults {
    bool add_bos = false, add_eos = false;
  };
  /// Throws Error(data) as Vocabulary does.
  GgufTokenizer(const formats::GgufHeader& header, Defaults defaults);

  /// Appends the tokens of `text`, which is not empty and holds no special token. `at_start` is
  /// true at the beginning and after a special token.
  virtual void encode_text(std::string_view text, bool at_start,
                           std::vector<TokenId>& out) const = 0;
  /// The bytes of an ordinary token whose text in the vocabulary is `text`.
  [[nodiscard]] virtual std::string decode_text(TokenId token, std::string_view text) const = 0;
  /// True when encode_text puts a space before the text.
  [[nodiscard]] virtual bool adds_space() const noexcept { return false; }

 private:
  struct Fragment;
  [[nodiscard]] std::vector<TokenId> specials_in(std::string_view text,
                                                 bool parse_special) const;
  [[nodiscard]] std::vector<Fragment> split_special(std::string_view text,
                                                    bool parse_special) const;

  std::vector<TokenId> special_;  ///< control, unknown and user-defined tokens, longest first
  ByteTrie special_trie_;         ///< text → index in special_
};

}  // namespace hart::nn
