#include "search/cluster_terms.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hart::search {
namespace {

constexpr std::size_t kShortestWord = 3;

/// In the order of their bytes, for a binary search.
constexpr std::array<std::string_view, 145> kFunctionWords = {
    "about",  "above",   "after",   "again",      "against",   "all",     "also",    "although",
    "always", "among",   "and",     "another",    "any",       "are",     "around",  "because",
    "been",   "before",  "being",   "below",      "between",   "both",    "but",     "can",
    "cannot", "could",   "did",     "does",       "doing",     "done",    "down",    "during",
    "each",   "either",  "else",    "especially", "etc",       "even",    "ever",    "every",
    "few",    "for",     "from",    "further",    "had",       "has",     "have",    "having",
    "hence",  "her",     "here",    "hers",       "herself",   "him",     "himself", "his",
    "how",    "however", "into",    "its",        "itself",    "just",    "least",   "less",
    "like",   "made",    "many",    "may",        "might",     "more",    "most",    "much",
    "must",   "myself",  "neither", "never",      "nor",       "not",     "now",     "off",
    "often",  "once",    "one",     "only",       "other",     "others",  "our",     "ours",
    "out",    "over",    "own",     "per",        "same",      "several", "shall",   "she",
    "should", "since",   "some",    "someone",    "something", "such",    "than",    "that",
    "the",    "their",   "theirs",  "them",       "then",      "there",   "these",   "they",
    "this",   "those",   "through", "thus",       "too",       "two",     "under",   "until",
    "upon",   "used",    "using",   "very",       "was",       "were",    "what",    "when",
    "where",  "whether", "which",   "while",      "who",       "whom",    "whose",   "why",
    "will",   "with",    "within",  "without",    "would",     "yet",     "you",     "your",
    "yours",
};
static_assert(std::is_sorted(kFunctionWords.begin(), kFunctionWords.end()));

bool is_function_word(std::string_view word) {
  return std::binary_search(kFunctionWords.begin(), kFunctionWords.end(), word);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_ascii_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}

/// Bytes of the punctuation that begins at `at`, 0 when there is none: the blocks U+0080 to
/// U+00BF, U+2000 to U+206F and U+3000 to U+303F.
std::size_t wide_punctuation(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  if (byte(0) == 0xC2 && byte(1) != 0) return 2;
  const bool general =
      byte(0) == 0xE2 && (byte(1) == 0x80 || (byte(1) == 0x81 && byte(2) < 0xB0));
  const bool ideographic = byte(0) == 0xE3 && byte(1) == 0x80;
  return (general || ideographic) && byte(2) != 0 ? 3 : 0;
}

bool names_a_subject(std::string_view word) {
  return word.size() >= kShortestWord && !std::all_of(word.begin(), word.end(), is_digit) &&
         !is_function_word(word);
}

}  // namespace

void for_each_subject_word(std::string_view text,
                           const std::function<void(std::string_view)>& visit) {
  std::string word;
  const auto end_word = [&] {
    if (names_a_subject(word)) visit(word);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (const std::size_t skipped = wide_punctuation(text, at); skipped > 0) {
      end_word();
      at += skipped;
      continue;
    }
    const bool beyond_ascii = (static_cast<unsigned char>(c) & 0x80) != 0;
    if (is_ascii_letter(c) || is_digit(c) || beyond_ascii)
      word += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    else
      end_word();
    ++at;
  }
  end_word();
}

void ClassTerms::add(std::size_t text_class, std::string_view text) {
  for_each_subject_word(text, [&](std::string_view word) {
    const auto [entry, is_new] =
        numbers_.try_emplace(std::string{word}, static_cast<std::uint32_t>(words_.size()));
    if (is_new) {
      words_.emplace_back(word);
      totals_.push_back(0);
    }
    ++counts_[text_class][entry->second];
    ++totals_[entry->second];
    ++sizes_[text_class];
    ++all_;
  });
}

std::vector<std::string> ClassTerms::strongest(std::size_t text_class,
                                               std::size_t limit) const {
  struct Weighted {
    double weight;
    std::uint32_t word, times;
  };
  const auto all = static_cast<double>(all_);
  const auto size = static_cast<double>(sizes_[text_class]);
  std::vector<Weighted> weighted;
  for (const auto& [word, times] : counts_[text_class]) {
    const double share = times / size;
    const double whole = static_cast<double>(totals_[word]) / all;
    weighted.push_back({share * std::log(share / whole), word, times});
  }
  const auto stronger = [&](const Weighted& a, const Weighted& b) {
    if (a.weight != b.weight) return a.weight > b.weight;
    if (a.times != b.times) return a.times > b.times;
    return words_[a.word] < words_[b.word];
  };
  const auto kept = static_cast<std::ptrdiff_t>(std::min(limit, weighted.size()));
  std::partial_sort(weighted.begin(), weighted.begin() + kept, weighted.end(), stronger);
  std::vector<std::string> terms;
  for (auto term = weighted.begin(); term != weighted.begin() + kept; ++term)
    terms.push_back(words_[term->word]);
  return terms;
}

}  // namespace hart::search
