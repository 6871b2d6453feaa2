#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/vocabulary.h"

namespace hart::nn {

struct WordPieceOptions {
  std::string begin_prefix;          ///< before a word's first piece in the vocabulary
  std::string inside_prefix = "##";  ///< before the others
  std::size_t longest_word = 100;    ///< characters; longer ones are unknown
  std::optional<TokenId> unknown;
};

/// The longest piece first, from the left; a word of which a part has no piece is unknown as a
/// whole. Immutable. Source: Y. Wu et al., "Google's Neural Machine Translation System", 2016;
/// J. Devlin et al., "BERT", NAACL 2019.
class WordPieceModel {
 public:
  /// `vocabulary` must outlive the model.
  WordPieceModel(const Vocabulary& vocabulary, WordPieceOptions options);

  /// Appends the tokens of `word`; nothing for a word that is unknown where no token says so.
  void encode(std::string_view word, std::vector<TokenId>& out) const;

 private:
  const Vocabulary* vocabulary_;
  WordPieceOptions options_;
  std::size_t longest_token_ = 0;  ///< bytes
};

}  // namespace hart::nn
