#include "nn/tokenizer_pipeline.h"

#include <utility>

#include "nn/byte_alphabet.h"

namespace hart::nn {
namespace {

bool begins_with(const std::vector<TokenId>& tokens, std::optional<TokenId> token) {
  return token && !tokens.empty() && tokens.front() == *token;
}

bool ends_with(const std::vector<TokenId>& tokens, std::optional<TokenId> token) {
  return token && !tokens.empty() && tokens.back() == *token;
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(PipelineParts parts)
    : Tokenizer{Vocabulary{parts.vocabulary}, begins_with(parts.before, parts.vocabulary.bos),
                ends_with(parts.after, parts.vocabulary.eos)},
      parts_{std::move(parts)},
      words_{parts_.words},
      model_{parts_.make_model(words_)} {
  parts_.vocabulary = {};
  parts_.words = {};
  parts_.make_model = nullptr;
}

PipelineTokenizer::WordEncoder PipelineTokenizer::start_encoder(
    std::size_t size, std::vector<TokenId>& out) const {
  if (const auto* bpe = std::get_if<BpeModel>(&model_))
    return [&out, session = BpeModel::Session{*bpe, size}](std::string_view word) mutable {
      session.encode(word, out);
    };
  // Only BPE spells bytes by itself.
  const bool spells = parts_.pre_tokenizer.is_byte_level;
  return [this, &out, spells](std::string_view word) {
    const std::string spelt = spells ? to_alphabet(word) : std::string{};
    if (spells) word = spelt;
    if (const auto* word_piece = std::get_if<WordPieceModel>(&model_))
      word_piece->encode(word, out);
    else
      std::get<UnigramModel>(model_).encode(word, out);
  };
}

void PipelineTokenizer::encode_text(std::string_view text, bool is_first, bool parse_special,
                                    const WordEncoder& encode_word,
                                    std::vector<TokenId>& out) const {
  std::string normalized;
  if (parts_.normalizer) {
    normalized = parts_.normalizer->apply(std::string{text});
    text = normalized;
  }
  parts_.normalized_tokens.split(
      text, parse_special, [&](std::string_view part, std::optional<TokenId> token) {
        if (token) {
          out.push_back(*token);
        } else if (parts_.pre_tokenizer.splitter) {
          const bool part_is_first = is_first && part.data() == text.data();
          parts_.pre_tokenizer.splitter->split(
              part, part_is_first, [&](std::string_view word, bool) { encode_word(word); });
        } else {
          encode_word(part);
        }
      });
}

std::vector<TokenId> PipelineTokenizer::encode(std::string_view text,
                                               EncodeOptions options) const {
  require_length(text);
  std::vector<TokenId> out;
  if (options.add_special) out = parts_.before;
  const WordEncoder encode_word = start_encoder(text.size(), out);
  parts_.raw_tokens.split(text, options.parse_special,
                          [&](std::string_view part, std::optional<TokenId> token) {
                            if (token)
                              out.push_back(*token);
                            else
                              encode_text(part, part.data() == text.data(),
                                          options.parse_special, encode_word, out);
                          });
  if (options.add_special) out.insert(out.end(), parts_.after.begin(), parts_.after.end());
  return out;
}

std::string PipelineTokenizer::join(std::vector<std::string> spellings) const {
  if (parts_.decoder) parts_.decoder->apply(spellings);
  std::string text;
  for (std::size_t i = 0; i < spellings.size(); ++i) {
    if (i > 0 && !parts_.decoder) text += ' ';
    text += spellings[i];
  }
  return text;
}

std::string PipelineTokenizer::piece(TokenId token) const {
  require_token(token);
  const TokenKind kind = vocabulary().kind(token);
  if (kind == TokenKind::control || kind == TokenKind::unused) return {};
  // Behind another token, for decoders treat the first one in their own way.
  const std::string before = join({"a"});
  const std::string both = join({"a", std::string{vocabulary().text(token)}});
  return both.starts_with(before) ? both.substr(before.size()) : both;
}

std::string PipelineTokenizer::decode(std::span<const TokenId> tokens) const {
  std::vector<std::string> spellings;
  spellings.reserve(tokens.size());
  for (const TokenId token : tokens) {
    require_token(token);
    const TokenKind kind = vocabulary().kind(token);
    if (kind != TokenKind::control && kind != TokenKind::unused)
      spellings.emplace_back(vocabulary().text(token));
  }
  return join(std::move(spellings));
}

}  // namespace hart::nn
