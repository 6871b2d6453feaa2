#include "nn/tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "nn/tokenizer_bpe.h"
#include "nn/tokenizer_spm.h"

namespace hart::nn {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 30;

bool is_special(TokenKind kind) {
  return kind == TokenKind::control || kind == TokenKind::unknown ||
         kind == TokenKind::user_defined;
}

/// Bytes at the end of `text` that may begin a UTF-8 sequence and lack the rest of it.
std::size_t incomplete_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return wanted > back && byte < 0xF8 ? back : 0;
  }
  return 0;
}

}  // namespace

/// A special token, or text between two of them.
struct Tokenizer::Fragment {
  std::string_view text;
  std::optional<TokenId> token;
};

Tokenizer::Tokenizer(const formats::GgufHeader& header)
    : vocabulary_{header},
      add_bos_{header.get_bool("tokenizer.ggml.add_bos_token",
                               header.get_string("tokenizer.ggml.model", "") == "llama")},
      add_eos_{header.get_bool("tokenizer.ggml.add_eos_token", false)} {
  for (TokenId token = 0; token < vocabulary_.size(); ++token)
    if (is_special(vocabulary_.kind(token)) && !vocabulary_.text(token).empty())
      special_.push_back(token);
  std::stable_sort(special_.begin(), special_.end(), [&](TokenId a, TokenId b) {
    return vocabulary_.text(a).size() > vocabulary_.text(b).size();
  });
}

std::vector<Tokenizer::Fragment> Tokenizer::split_special(std::string_view text,
                                                          bool parse_special) const {
  std::vector<Fragment> fragments{{text, std::nullopt}};
  // Longest first over the whole text, not leftmost first: a longer token wins even where a
  // shorter one begins before it.
  for (const TokenId token : special_) {
    if (!parse_special && vocabulary_.kind(token) != TokenKind::user_defined) continue;
    const std::string_view spelling = vocabulary_.text(token);
    if (text.find(spelling) == std::string_view::npos) continue;
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

std::vector<TokenId> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  if (text.size() >= kLongestText)
    throw Error{Fault::data, "the text to tokenize is 1 GiB or larger"};
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

std::string Tokenizer::piece(TokenId token) const {
  if (!vocabulary_.contains(token))
    throw Error{Fault::data, "token " + std::to_string(token) +
                                 " is not in the vocabulary of " +
                                 std::to_string(vocab_size())};
  switch (vocabulary_.kind(token)) {
    case TokenKind::control:
    case TokenKind::unknown:
    case TokenKind::unused:
      return {};
    case TokenKind::user_defined:
      return std::string{vocabulary_.text(token)};
    default:
      return decode_text(token, vocabulary_.text(token));
  }
}

std::string Tokenizer::decode(std::span<const TokenId> tokens) const {
  std::string text;
  bool drop_space = adds_space();
  for (const TokenId token : tokens) {
    const std::string bytes = piece(token);
    const bool drop = drop_space && bytes.starts_with(' ') &&
                      vocabulary_.kind(token) != TokenKind::user_defined;
    text += std::string_view{bytes}.substr(drop ? 1 : 0);
    // encode puts a space at the beginning of the text and after every special token.
    const TokenKind kind = vocabulary_.kind(token);
    drop_space =
        adds_space() && (kind == TokenKind::control || kind == TokenKind::user_defined);
  }
  return text;
}

std::string PieceStream::push(TokenId token) {
  held_ += tokenizer_->piece(token);
  const std::size_t ready = held_.size() - incomplete_tail(held_);
  std::string text = held_.substr(0, ready);
  held_.erase(0, ready);
  return text;
}

std::string PieceStream::finish() {
  return std::exchange(held_, {});
}

std::unique_ptr<Tokenizer> make_tokenizer(const formats::GgufHeader& header) {
  const std::string_view model = header.get_string("tokenizer.ggml.model", "");
  if (model == "llama") return std::make_unique<SpmTokenizer>(header);
  if (model == "gpt2") return std::make_unique<BpeTokenizer>(header);
  if (model.empty()) throw Error{Fault::data, "tokenizer.ggml.model: missing"};
  throw Error{Fault::data, "tokenizer model '" + std::string{model} + "' is not supported"};
}

}  // namespace hart::nn
