#include "nn/grammar_vocabulary.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/error.h"

namespace hart::nn {
namespace {

constexpr std::size_t kLongestPiece = UINT16_MAX;

std::size_t common_length(const std::string& a, const std::string& b) noexcept {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

}  // namespace

TokenTrie::TokenTrie(const Tokenizer& tokenizer) {
  for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
    if (tokenizer.is_end(token)) ends_.push_back(token);
    pieces_.push_back(tokenizer.is_end(token) ? std::string{} : tokenizer.piece(token));
  }
  build();
}

TokenTrie::TokenTrie(std::vector<std::string> pieces, std::vector<TokenId> ends)
    : pieces_{std::move(pieces)}, ends_{std::move(ends)} {
  std::sort(ends_.begin(), ends_.end());
  for (const TokenId end : ends_) pieces_[static_cast<std::size_t>(end)].clear();
  build();
}

bool TokenTrie::ends_generation(TokenId token) const noexcept {
  return std::binary_search(ends_.begin(), ends_.end(), token);
}

void TokenTrie::build() {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].size() > kLongestPiece)
      throw Error{Fault::data, "token " + std::to_string(i) + " is longer than 65535 bytes"};
    if (!pieces_[i].empty()) tokens_.push_back(static_cast<TokenId>(i));
  }
  std::sort(tokens_.begin(), tokens_.end(), [&](TokenId a, TokenId b) {
    return std::tie(piece(a), a) < std::tie(piece(b), b);
  });
  std::vector<std::size_t> open;  // the nodes from the root to the last one
  const std::string none;
  const std::string* before = &none;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const std::string& bytes = piece(tokens_[i]);
    const std::size_t common = common_length(*before, bytes);
    for (; open.size() > common; open.pop_back())
      nodes_[open.back()].end = static_cast<std::uint32_t>(nodes_.size());
    for (std::size_t at = common; at < bytes.size(); ++at) {
      open.push_back(nodes_.size());
      nodes_.push_back({0, static_cast<std::uint32_t>(i), static_cast<std::uint16_t>(at + 1),
                        static_cast<std::uint8_t>(bytes[at])});
    }
    max_depth_ = std::max(max_depth_, static_cast<std::uint16_t>(bytes.size()));
    before = &bytes;
  }
  const auto end = static_cast<std::uint32_t>(nodes_.size());
  for (const std::size_t node : open) nodes_[node].end = end;
  nodes_.push_back({end, static_cast<std::uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace hart::nn
