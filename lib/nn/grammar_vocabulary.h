#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/tokenizer.h"

namespace hart::nn {

/// The texts of a vocabulary's tokens as a tree of bytes, for walks that ask of all tokens at
/// once whether they may come next. Built once a model; immutable, so that any number of
/// constraints may share it. Takes about 12 bytes a node and 4 a token.
class TokenTrie {
 public:
  /// A byte of one or several tokens. Nodes stand in depth-first order.
  struct Node {
    std::uint32_t end;          ///< the first node that is not below this one
    std::uint32_t first_token;  ///< of the tokens that end here, in tokens(); up to the next's
    std::uint16_t depth;        ///< from 1
    std::uint8_t byte;
  };

  /// Tokens without text (control tokens among them) are left out, those that end a generation
  /// are listed apart. Throws Error(data) for a token of more than 65535 bytes.
  explicit TokenTrie(const Tokenizer& tokenizer);
  /// The same for tokens 0, 1, … with these texts, the tokens in `ends` ending a generation.
  TokenTrie(std::vector<std::string> pieces, std::vector<TokenId> ends);

  /// All nodes, and one more at the end whose first_token is tokens().size().
  [[nodiscard]] std::span<const Node> nodes() const noexcept { return nodes_; }
  /// Ordered by their bytes.
  [[nodiscard]] std::span<const TokenId> tokens() const noexcept { return tokens_; }
  [[nodiscard]] std::span<const TokenId> ends() const noexcept { return ends_; }
  [[nodiscard]] std::size_t vocab_size() const noexcept { return pieces_.size(); }
  [[nodiscard]] std::uint16_t max_depth() const noexcept { return max_depth_; }
  /// The bytes of `token`; empty for one that is left out. Precondition: it is in the
  /// vocabulary.
  [[nodiscard]] const std::string& piece(TokenId token) const noexcept {
    return pieces_[static_cast<std::size_t>(token)];
  }
  [[nodiscard]] bool ends_generation(TokenId token) const noexcept;

 private:
  void build();

  std::vector<std::string> pieces_;
  std::vector<TokenId> ends_;  ///< ascending
  std::vector<TokenId> tokens_;
  std::vector<Node> nodes_;
  std::uint16_t max_depth_ = 0;
};

}  // namespace hart::nn
