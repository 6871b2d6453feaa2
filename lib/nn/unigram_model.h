#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/byte_trie.h"
#include "nn/vocabulary.h"

namespace hart::nn {

/// A piece of a Unigram vocabulary. `score` is the logarithm of its probability.
struct UnigramPiece {
  std::string_view text;
  TokenId token;
  double score;
};

struct UnigramOptions {
  std::optional<TokenId> unknown;
  /// A character without a piece becomes the tokens <0xNN> of its bytes, when all are there.
  bool falls_back_to_bytes = false;
  /// The score that an unknown character's lies 10 below; the least of the pieces as a rule.
  double least_score = 0;
};

/// The segmentation of greatest score, by Viterbi's algorithm. Neighbouring unknown characters
/// are one unknown token. Immutable. Source: T. Kudo, "Subword Regularization", ACL 2018; the
/// penalty of 10 as in SentencePiece.
class UnigramModel {
 public:
  /// `vocabulary` is read here only. Throws Error(data) for a score that is not finite.
  UnigramModel(const Vocabulary& vocabulary, const std::vector<UnigramPiece>& pieces,
               UnigramOptions options);

  /// Appends the tokens of `text`. Memory grows with the longest stretch that pieces span
  /// without a gap, not with the text.
  void encode(std::string_view text, std::vector<TokenId>& out) const;

 private:
  struct Best {
    double score = 0;
    std::int64_t begin = -1;  ///< of the last piece of the best way that ends here; -1: none
    std::int32_t piece = -1;  ///< -1: unknown
  };
  /// A search under way.
  struct Search {
    std::string_view text;
    std::size_t start = 0;      ///< what lies before is in `out` or unknown
    std::vector<Best> best{1};  ///< by the offset from `start`
    std::size_t unknown_from;   ///< begin of the unknown characters before `start`, or npos
    std::vector<std::size_t> ends{};  ///< scratch of `emit`
  };
  void extend(Search& search, std::size_t at, std::size_t size) const;
  void emit(Search& search, std::vector<TokenId>& out) const;
  void add_unknown(std::string_view text, std::vector<TokenId>& out) const;

  ByteTrie trie_;  ///< text → index of the piece
  std::vector<TokenId> tokens_;
  std::vector<double> scores_;
  UnigramOptions options_;
  std::array<TokenId, 256> byte_tokens_;
};

}  // namespace hart::nn
