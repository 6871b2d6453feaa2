#include "search/stop_words.h"

#include <algorithm>
#include <array>

#include "store/text_index.h"

namespace hart::search {
namespace {

// In ascending order.
constexpr std::array<std::string_view, 90> kStopWords{
    "a",     "about", "am",     "an",     "and",  "any",   "are",   "as",   "at",    "be",
    "been",  "being", "but",    "by",     "can",  "could", "did",   "do",   "does",  "for",
    "from",  "had",   "has",    "have",   "he",   "her",   "here",  "hers", "him",   "his",
    "how",   "i",     "if",     "in",     "into", "is",    "it",    "its",  "may",   "me",
    "might", "mine",  "must",   "my",     "nor",  "of",    "on",    "or",   "our",   "ours",
    "s",     "shall", "she",    "should", "so",   "some",  "such",  "t",    "than",  "that",
    "the",   "their", "theirs", "them",   "then", "there", "these", "they", "this",  "those",
    "to",    "upon",  "us",     "was",    "we",   "were",  "what",  "when", "where", "which",
    "who",   "whom",  "whose",  "why",    "will", "with",  "would", "you",  "your",  "yours"};

/// ASCII alone: the list is English.
std::string folded(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// As `store::text_expression` cuts words.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

}  // namespace

bool is_stop_word(std::string_view word) noexcept {
  return std::binary_search(kStopWords.begin(), kStopWords.end(), word);
}

std::string without_stop_words(std::string_view text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '"') {
      end = std::min(text.find('"', i + 1), text.size() - 1) + 1;
    } else if (is_word_byte(text[i])) {
      while (end < text.size() && is_word_byte(text[end])) ++end;
      const bool prefix = end < text.size() && text[end] == '*';
      if (!prefix && is_stop_word(folded(text.substr(i, end - i)))) {
        i = end;
        continue;
      }
    }
    kept += text.substr(i, end - i);
    i = end;
  }
  return store::text_expression(kept).empty() ? std::string{text} : kept;
}

}  // namespace hart::search
