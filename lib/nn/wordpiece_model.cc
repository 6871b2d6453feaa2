#include "nn/wordpiece_model.h"

#include <algorithm>
#include <utility>

#include "formats/text_cursor.h"

namespace hart::nn {
namespace {

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += formats::character_at(text, at).size)
    ++count;
  return count;
}

}  // namespace

WordPieceModel::WordPieceModel(const Vocabulary& vocabulary, WordPieceOptions options)
    : vocabulary_{&vocabulary}, options_{std::move(options)} {
  for (TokenId token = 0; token < vocabulary.size(); ++token)
    longest_token_ = std::max(longest_token_, vocabulary.text(token).size());
}

void WordPieceModel::encode(std::string_view word, std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  const auto give_up = [&] {
    out.resize(before);
    if (options_.unknown) out.push_back(*options_.unknown);
  };
  if (count_characters(word) > options_.longest_word) return give_up();
  std::string spelling;
  for (std::size_t begin = 0; begin < word.size();) {
    spelling = begin == 0 ? options_.begin_prefix : options_.inside_prefix;
    const std::size_t prefix = spelling.size();
    spelling += word.substr(begin, longest_token_);
    std::optional<TokenId> token = vocabulary_->find(spelling);
    while (!token && spelling.size() > prefix) {
      spelling.resize(prefix +
                      formats::character_before(std::string_view{spelling}.substr(prefix),
                                                spelling.size() - prefix));
      if (spelling.size() > prefix) token = vocabulary_->find(spelling);
    }
    if (!token) return give_up();
    out.push_back(*token);
    begin += spelling.size() - prefix;
  }
}

}  // namespace hart::nn
