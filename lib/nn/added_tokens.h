#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/character_set.h"
#include "nn/byte_trie.h"
#include "nn/vocabulary.h"

namespace hart::nn {

/// A token that is looked for in the text before anything else is done to it.
struct AddedToken {
  TokenId token;
  std::string content;
  bool is_special = false;   ///< a control token: only looked for where specials are parsed
  bool is_word = false;      ///< not inside a word
  bool strips_left = false;  ///< takes the white space before it along
  bool strips_right = false;
};

/// Finds added tokens, leftmost first and the longest of those that begin at one place.
/// Immutable.
class AddedTokens {
 public:
  AddedTokens() = default;
  /// `keys`: what to look for, one for each token; empty ones are never found.
  AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& keys);

  /// Calls visit(text, token) for the added tokens in `text` and what stands between them; then
  /// `token` is empty and the text is not.
  using Visitor = std::function<void(std::string_view text, std::optional<TokenId> token)>;
  void split(std::string_view text, bool parse_special, const Visitor& visit) const;

 private:
  [[nodiscard]] bool is_inside_word(std::string_view text, std::size_t begin,
                                    std::size_t end) const;

  std::vector<AddedToken> tokens_;
  ByteTrie trie_;  ///< key → index in tokens_
  std::optional<formats::CharacterSet> words_;
};

}  // namespace hart::nn
