#include "nn/unigram_model.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "formats/text_cursor.h"
#include "nn/bpe_model.h"

namespace hart::nn {
namespace {

constexpr double kUnknownPenalty = 10.0;

std::vector<TrieEntry> trie_entries(const std::vector<UnigramPiece>& pieces) {
  std::vector<TrieEntry> entries;
  entries.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i)
    entries.push_back({pieces[i].text, static_cast<std::int32_t>(i)});
  return entries;
}

}  // namespace

UnigramModel::UnigramModel(const Vocabulary& vocabulary,
                           const std::vector<UnigramPiece>& pieces, UnigramOptions options)
    : trie_{trie_entries(pieces)},
      options_{options},
      byte_tokens_{find_byte_tokens(vocabulary)} {
  for (const UnigramPiece& piece : pieces) {
    if (!std::isfinite(piece.score))
      throw Error{Fault::data, "the score of token " + std::to_string(piece.token) +
                                   " is not a finite number"};
    tokens_.push_back(piece.token);
    scores_.push_back(piece.score);
  }
}

void UnigramModel::encode(std::string_view text, std::vector<TokenId>& out) const {
  Search search{.text = text, .unknown_from = text.npos};
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    size = formats::character_at(text, at).size;
    // No piece goes beyond this place: the best way passes through it.
    if (search.start + search.best.size() - 1 == at) emit(search, out);
    extend(search, at, size);
  }
  emit(search, out);
  if (search.unknown_from != text.npos) add_unknown(text.substr(search.unknown_from), out);
}

/// Offers all pieces that begin at `at`, where a character of `size` bytes stands.
void UnigramModel::extend(Search& search, std::size_t at, std::size_t size) const {
  const std::size_t here = at - search.start;
  const auto offer = [&](std::size_t length, double score, std::int32_t piece) {
    if (search.best.size() <= here + length) search.best.resize(here + length + 1);
    Best& target = search.best[here + length];
    const double total = search.best[here].score + score;
    if (target.begin >= 0 && !(total > target.score)) return;
    target = {total, static_cast<std::int64_t>(here), piece};
  };
  bool has_single = false;
  trie_.for_each_prefix(search.text.substr(at), [&](std::size_t length, std::int32_t piece) {
    offer(length, scores_[static_cast<std::size_t>(piece)], piece);
    has_single |= length == size;
  });
  if (!has_single) offer(size, options_.least_score - kUnknownPenalty, -1);
}

/// Puts out the best way from `start` to the end of what was searched, and begins anew there.
void UnigramModel::emit(Search& search, std::vector<TokenId>& out) const {
  const std::string_view text = search.text;
  search.ends.clear();
  for (std::size_t end = search.best.size() - 1; end > 0;
       end = static_cast<std::size_t>(search.best[end].begin))
    search.ends.push_back(end);
  for (auto end = search.ends.rbegin(); end != search.ends.rend(); ++end) {
    const Best& last = search.best[*end];
    const std::size_t begin = search.start + static_cast<std::size_t>(last.begin);
    const bool is_unknown =
        last.piece < 0 || (options_.unknown &&
                           tokens_[static_cast<std::size_t>(last.piece)] == *options_.unknown);
    if (is_unknown) {
      search.unknown_from = std::min(search.unknown_from, begin);
      continue;
    }
    if (search.unknown_from != text.npos)
      add_unknown(text.substr(search.unknown_from, begin - search.unknown_from), out);
    search.unknown_from = text.npos;
    out.push_back(tokens_[static_cast<std::size_t>(last.piece)]);
  }
  search.start += search.best.size() - 1;
  // The score goes on, so that rounding is that of one search.
  search.best.assign(1, Best{.score = search.best.back().score});
}

void UnigramModel::add_unknown(std::string_view text, std::vector<TokenId>& out) const {
  const auto has_token = [&](char byte) {
    return byte_tokens_[static_cast<std::uint8_t>(byte)] >= 0;
  };
  if (options_.falls_back_to_bytes && std::all_of(text.begin(), text.end(), has_token)) {
    for (const char byte : text) out.push_back(byte_tokens_[static_cast<std::uint8_t>(byte)]);
    return;
  }
  if (options_.unknown) out.push_back(*options_.unknown);
}

}  // namespace hart::nn
