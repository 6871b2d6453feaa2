#include "nn/tokenizer_spm.h"

#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "nn/space_mark.h"

namespace hart::nn {
namespace {

/// The length that a UTF-8 sequence beginning with `lead` claims; 1 for a stray byte.
std::size_t claimed_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

SpmTokenizer::SpmTokenizer(const formats::GgufHeader& header)
    : GgufTokenizer{header, {.add_bos = true}},
      add_space_prefix_{header.get_bool("tokenizer.ggml.add_space_prefix", true)},
      words_are_separate_{true} {
  if (!vocabulary().has_scores()) throw Error{Fault::data, "tokenizer.ggml.scores: missing"};
  for (TokenId token = 0; token < vocabulary().size(); ++token)
    if (marked_word_end(vocabulary().text(token)) != std::string_view::npos)
      words_are_separate_ = false;
  for (int byte = 0; byte < 256; ++byte) {
    char spelling[8];
    std::snprintf(spelling, sizeof spelling, "<0x%02X>", byte);
    byte_tokens_[byte] = vocabulary().find(spelling);
    const char raw = static_cast<char>(byte);
    if (!byte_tokens_[byte]) byte_tokens_[byte] = vocabulary().find({&raw, 1});
    if (!byte_tokens_[byte]) byte_tokens_[byte] = vocabulary().unknown;
  }
}

void SpmTokenizer::encode_text(std::string_view text, bool at_start,
                               std::vector<TokenId>& out) const {
  const std::string escaped = mark_spaces(text, add_space_prefix_ && at_start);
  SymbolMerger merger;
  std::string_view rest = escaped;
  while (!rest.empty()) {
    const std::size_t end = words_are_separate_ ? marked_word_end(rest) : rest.npos;
    const std::string_view segment = rest.substr(0, end);
    encode_segment(segment, merger, out);
    rest.remove_prefix(segment.size());
  }
}

void SpmTokenizer::encode_segment(std::string_view escaped, SymbolMerger& merger,
                                  std::vector<TokenId>& out) const {
  merger.clear();
  for (std::size_t at = 0; at < escaped.size();) {
    const std::size_t size = std::min(claimed_length(escaped[at]), escaped.size() - at);
    const auto token = vocabulary().find(escaped.substr(at, size));
    merger.add(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size),
               token.value_or(-1));
    at += size;
  }
  merger.run([&](const Symbol& left, const Symbol& right) -> std::optional<MergeRule> {
    const auto token = vocabulary().find(escaped.substr(left.begin, left.size + right.size));
    if (!token) return std::nullopt;
    return MergeRule{-static_cast<double>(vocabulary().score(*token)), *token};
  });
  merger.for_each([&](const Symbol& symbol) {
    if (symbol.id >= 0) {
      out.push_back(symbol.id);
      return;
    }
    for (const char byte : escaped.substr(symbol.begin, symbol.size))
      if (const auto token = byte_tokens_[static_cast<unsigned char>(byte)])
        out.push_back(*token);
  });
}

std::string SpmTokenizer::decode_text(TokenId token, std::string_view text) const {
  if (vocabulary().kind(token) == TokenKind::byte) {
    unsigned byte = 0;
    char closing = 0;
    const std::string spelling{text};
    if (std::sscanf(spelling.c_str(), "<0x%2X%c", &byte, &closing) == 2 && closing == '>')
      return std::string(1, static_cast<char>(byte));
    return spelling;
  }
  return unmark_spaces(text);
}

}  // namespace hart::nn
