#include "nn/tokenizer_gguf.h"

#include <algorithm>
#include <utility>

namespace hart::nn {
namespace {

bool is_special(TokenKind kind) {
  return kind == TokenKind::control || kind == TokenKind::unknown ||
         kind == TokenKind::user_defined;
}

}  // namespace

/// A special token, or text between two of them.
struct GgufTokenizer::Fragment {
  std::string_view text;
  std::optional<TokenId> token;
};

GgufTokenizer::GgufTokenizer(const formats::GgufHeader& header, Defaults defaults)
    : Tokenizer{Vocabulary{header},
                header.get_bool("tokenizer.ggml.add_bos_token", defaults.add_bos),
                header.get_bool("tokenizer.ggml.add_eos_token", defaults.add_eos)} {
  for (TokenId token = 0; token < vocab_size(); ++token)
    if (is_special(vocabulary().kind(token)) && !vocabulary().text(token).empty())
      special_.push_back(token);
  std::stable_sort(special_.begin(), special_.end(), [&](TokenId a, TokenId b) {
    return vocabulary().text(a).size() > vocabulary().text(b).size();
  });
  std::vector<TrieEntry> entries;
  for (std::size_t i = special_.size(); i-- > 0;)
    entries.push_back({vocabulary().text(special_[i]), static_cast<std::int32_t>(i)});
  special_trie_ = ByteTrie{entries};
}

/// The special tokens to look for that stand somewhere in `text`, longest first.
std::vector<TokenId> GgufTokenizer::specials_in(std::string_view text,
                                                bool parse_special) const {
  std::vector<bool> seen(special_.size());
  for (std::size_t at = 0; at < text.size(); ++at)
    if (special_trie_.may_begin(text[at]))
      special_trie_.for_each_prefix(text.substr(at), [&](std::size_t, std::int32_t index) {
        seen[static_cast<std::size_t>(index)] = true;
      });
  std::vector<TokenId> found;
  for (std::size_t i = 0; i < special_.size(); ++i) {
    const bool is_wanted =
        parse_special || vocabulary().kind(special_[i]) == TokenKind::user_defined;
    if (seen[i] && is_wanted) found.push_back(special_[i]);
  }
  return found;
}

std::vector<GgufTokenizer::Fragment> GgufTokenizer::split_special(std::string_view text,
                                                                  bool parse_special) const {
  std::vector<Fragment> fragments{{text, std::nullopt}};
  // Longest first over the whole text, not leftmost first: a longer token wins even where a
  // shorter one begins before it.
  for (const TokenId token : specials_in(text, parse_special)) {
    const std::string_view spelling = vocabulary().text(token);
    std::vector<Fragment> next;
    for (const Fragment& fragment : fragments) {
      std::string_view rest = fragment.text;
      for (std::size_t at; !fragment.token && (at = rest.find(spelling)) != rest.npos;) {
        if (at > 0) next.push_back({rest.substr(0, at), std::nullopt});
        next.push_back({spelling, token});
        rest.remove_prefix(at + spelling.size());
      }
      if (fragment.token || !rest.empty()) next.push_back({rest, fragment.token});
    }
    fragments = std::move(next);
  }
  return fragments;
}

std::vector<TokenId> GgufTokenizer::encode(std::string_view text, EncodeOptions options) const {
  require_length(text);
  std::vector<TokenId> tokens;
  if (options.add_special && add_bos()) tokens.push_back(*bos());
  bool at_start = true;
  if (!text.empty()) {
    for (const Fragment& fragment : split_special(text, options.parse_special)) {
      if (fragment.token)
        tokens.push_back(*fragment.token);
      else
        encode_text(fragment.text, at_start, tokens);
      at_start = fragment.token.has_value();
    }
  }
  if (options.add_special && add_eos()) tokens.push_back(*eos());
  return tokens;
}

std::string GgufTokenizer::piece(TokenId token) const {
  require_token(token);
  switch (vocabulary().kind(token)) {
    case TokenKind::control:
    case TokenKind::unknown:
    case TokenKind::unused:
      return {};
    case TokenKind::user_defined:
      return std::string{vocabulary().text(token)};
    default:
      return decode_text(token, vocabulary().text(token));
  }
}

std::string GgufTokenizer::decode(std::span<const TokenId> tokens) const {
  std::string text;
  bool drop_space = adds_space();
  for (const TokenId token : tokens) {
    const std::string bytes = piece(token);
    const bool drop = drop_space && bytes.starts_with(' ') &&
                      vocabulary().kind(token) != TokenKind::user_defined;
    text += std::string_view{bytes}.substr(drop ? 1 : 0);
    // encode puts a space at the beginning of the text and after every special token.
    const TokenKind kind = vocabulary().kind(token);
    drop_space =
        adds_space() && (kind == TokenKind::control || kind == TokenKind::user_defined);
  }
  return text;
}

}  // namespace hart::nn
