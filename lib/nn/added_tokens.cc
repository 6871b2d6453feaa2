#include "nn/added_tokens.h"

#include <algorithm>
#include <utility>

#include "formats/text_cursor.h"
#include "formats/unicode.h"

namespace hart::nn {
namespace {

std::vector<TrieEntry> entries_of(const std::vector<std::string>& keys) {
  std::vector<TrieEntry> entries;
  for (std::size_t i = 0; i < keys.size(); ++i)
    entries.push_back({keys[i], static_cast<std::int32_t>(i)});
  return entries;
}

std::size_t spaces_before(std::string_view text, std::size_t at) {
  while (at > 0) {
    const std::size_t last = formats::character_before(text, at);
    if (!formats::is_white_space(formats::character_at(text, last).value)) break;
    at = last;
  }
  return at;
}

std::size_t spaces_after(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const formats::CodePoint point = formats::character_at(text, at);
    if (!formats::is_white_space(point.value)) break;
    at += point.size;
  }
  return at;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& keys)
    : tokens_{std::move(tokens)}, trie_{entries_of(keys)} {
  if (std::any_of(tokens_.begin(), tokens_.end(),
                  [](const AddedToken& token) { return token.is_word; }))
    words_.emplace(formats::word_characters());
}

bool AddedTokens::is_inside_word(std::string_view text, std::size_t begin,
                                 std::size_t end) const {
  const bool before =
      begin > 0 &&
      words_->contains(
          formats::character_at(text, formats::character_before(text, begin)).value);
  return before ||
         (end < text.size() && words_->contains(formats::character_at(text, end).value));
}

void AddedTokens::split(std::string_view text, bool parse_special, const Visitor& visit) const {
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!trie_.may_begin(text[at])) {
      ++at;
      continue;
    }
    const ByteTrie::Found found = trie_.longest_prefix(text.substr(at));
    if (found.length == 0) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + found.length;
    at = end;
    const AddedToken& token = tokens_[static_cast<std::size_t>(found.value)];
    if (token.is_special && !parse_special) continue;
    if (token.is_word && is_inside_word(text, begin, end)) continue;
    if (token.strips_left) begin = spaces_before(text, begin);
    begin = std::max(begin, done);
    if (token.strips_right) end = spaces_after(text, end);
    if (begin > done) visit(text.substr(done, begin - done), std::nullopt);
    visit(text.substr(begin, end - begin), token.token);
    done = end;
    at = std::max(at, end);
  }
  if (done < text.size()) visit(text.substr(done), std::nullopt);
}

}  // namespace hart::nn
