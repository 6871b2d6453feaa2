#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/merge_table.h"
#include "nn/symbol_merger.h"
#include "nn/vocabulary.h"

namespace hart::nn {

/// How words become the first symbols of byte-pair encoding, and what has no token.
struct BpeOptions {
  /// Symbols are bytes, which the vocabulary spells in GPT-2's alphabet; else they are
  /// characters.
  bool is_byte_level = true;
  /// A character without a token becomes the tokens <0xNN> of its bytes, when all are there.
  bool falls_back_to_bytes = false;
  /// Unknown characters one after the other are one unknown token.
  bool fuses_unknown = false;
  /// A word that is a token becomes it whatever the merges say.
  bool ignores_merges = false;
  /// Characters without a token vanish before merging, so that their neighbours meet (the
  /// peers of tokenizer.json); else they stay and separate.
  bool drops_unknown = false;
  std::string inside_prefix;  ///< before every character but a word's first
  std::string end_suffix;     ///< behind a word's last character
  std::optional<TokenId> unknown;
};

/// Byte-pair encoding of one word: neighbours merge in the order in which the merges were
/// learnt. Immutable. Source: R. Sennrich et al., "Neural Machine Translation of Rare Words
/// with Subword Units", ACL 2016.
class BpeModel {
 public:
  /// `vocabulary` must outlive the model. Throws Error(data) as MergeTable does.
  BpeModel(const Vocabulary& vocabulary, std::span<const MergePair> merges, BpeOptions options);

  /// Encodes words one after the other; remembers those it has met. For one thread.
  class Session {
   public:
    /// `model` must outlive the session. `size_hint`: bytes to come, roughly.
    Session(const BpeModel& model, std::size_t size_hint);
    /// Appends the tokens of `word` to `out`.
    void encode(std::string_view word, std::vector<TokenId>& out);

   private:
    static constexpr std::size_t kLongestWord = 26, kMostTokens = 5;
    /// A word met before; direct-mapped, so that a newer one takes its place.
    struct Remembered {
      std::uint8_t size = 0, count = 0;
      std::array<char, kLongestWord> word;
      std::array<TokenId, kMostTokens> tokens;
    };
    void encode_word(std::string_view word, std::vector<TokenId>& out);
    void encode_anew(std::string_view word, std::vector<TokenId>& out);

    const BpeModel* model_;
    SymbolMerger merger_;
    std::vector<Remembered> remembered_;
  };

 private:
  [[nodiscard]] bool may_split_at_marks() const;
  void add_symbols(std::string_view word, SymbolMerger& merger) const;
  [[nodiscard]] TokenId symbol_of(std::string_view word, std::size_t at,
                                  std::size_t size) const;
  bool add_bytes(std::string_view word, std::size_t at, std::size_t size,
                 SymbolMerger& merger) const;
  void emit(const Symbol& symbol, std::string_view word, std::vector<TokenId>& out) const;

  const Vocabulary* vocabulary_;
  BpeOptions options_;
  MergeTable merges_;
  /// True when no merge crosses the space mark that begins a word. Then words can be encoded
  /// one by one, with the same result as their text as a whole.
  bool splits_at_marks_;
  std::array<TokenId, 256> byte_tokens_;      ///< in the alphabet, or -1
  std::array<TokenId, 256> fallback_tokens_;  ///< <0xNN>, or -1
};

/// The tokens <0x00> … <0xFF> of a vocabulary, -1 where one is missing.
[[nodiscard]] std::array<TokenId, 256> find_byte_tokens(const Vocabulary& vocabulary);

}  // namespace hart::nn
