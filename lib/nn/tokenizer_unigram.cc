#include "nn/tokenizer_unigram.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.h"
#include "formats/utf8.h"
#include "nn/space_mark.h"

namespace hart::nn {
namespace {

/// The byte that a token <0xNN> spells, or -1.
int spelt_byte(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const std::string digits{text.substr(3, 2)};
  char* end = nullptr;
  const long value = std::strtol(digits.c_str(), &end, 16);
  return *end == '\0' ? static_cast<int>(value) : -1;
}

ByteBuffer charsmap_bytes(const formats::GgufArray& array) {
  ByteBuffer bytes;
  bytes.reserve(array.integers.size());
  for (const std::int64_t value : array.integers)
    bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

}  // namespace

UnigramTokenizer::UnigramTokenizer(const formats::GgufHeader& header)
    : GgufTokenizer{header, {.add_eos = true}},
      adds_space_prefix_{header.get_bool("tokenizer.ggml.add_space_prefix", false)},
      merges_spaces_{header.get_bool("tokenizer.ggml.remove_extra_whitespaces", false)} {
  if (!vocabulary().has_scores()) throw Error{Fault::data, "tokenizer.ggml.scores: missing"};
  const auto* map = header.get_array("tokenizer.ggml.precompiled_charsmap");
  if (map != nullptr && !map->integers.empty()) charsmap_.emplace(charsmap_bytes(*map));
  std::vector<UnigramPiece> pieces;
  double least = std::numeric_limits<double>::infinity();
  bool has_bytes = false;
  for (TokenId token = 0; token < vocab_size(); ++token) {
    const TokenKind kind = vocabulary().kind(token);
    has_bytes |= kind == TokenKind::byte;
    if (kind != TokenKind::normal && kind != TokenKind::user_defined &&
        kind != TokenKind::unused)
      continue;
    const double score = vocabulary().score(token);
    if (kind == TokenKind::normal) least = std::min(least, score);
    pieces.push_back(
        {vocabulary().text(token), token, kind == TokenKind::user_defined ? 0.0 : score});
  }
  model_.emplace(vocabulary(), pieces,
                 UnigramOptions{.unknown = vocabulary().unknown,
                                .falls_back_to_bytes = has_bytes,
                                .least_score = std::isfinite(least) ? least : 0.0});
}

std::string UnigramTokenizer::normalize(std::string_view text) const {
  std::string out;
  bool in_word = false, has_prefix = false;
  const auto append = [&](std::string_view bytes) {
    for (const char byte : bytes) {
      if (byte == ' ') {
        in_word = false;
        if (!merges_spaces_) out += kSpaceMark;
        continue;
      }
      const bool wants_mark = (adds_space_prefix_ && !has_prefix) || merges_spaces_;
      if (!in_word && wants_mark) {
        out += kSpaceMark;
        has_prefix = true;
      }
      in_word = true;
      out += byte;
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    Charsmap::Match match;
    if (charsmap_) match = charsmap_->longest_prefix(text.substr(at));
    if (match.length > 0) {
      append(match.replacement);
      at += match.length;
      continue;
    }
    const formats::CodePoint point = formats::decode_utf8(as_bytes(text), at);
    if (point.size > 0)
      append(text.substr(at, point.size));
    else
      append("\uFFFD");
    at += std::max<std::size_t>(point.size, 1);
  }
  return out;
}

void UnigramTokenizer::encode_text(std::string_view text, bool,
                                   std::vector<TokenId>& out) const {
  model_->encode(normalize(text), out);
}

std::string UnigramTokenizer::decode_text(TokenId token, std::string_view text) const {
  const int byte = vocabulary().kind(token) == TokenKind::byte ? spelt_byte(text) : -1;
  return byte >= 0 ? std::string(1, static_cast<char>(byte)) : unmark_spaces(text);
}

}  // namespace hart::nn
