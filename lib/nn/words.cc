#include "nn/words.h"

#include <array>

#include "formats/utf8.h"

namespace hart::nn {
namespace {

constexpr std::size_t kShortestWord = 2;
constexpr std::size_t kShortestStem = 3;

/// U+00C0 to U+00FF in ASCII; × and ÷ are no letters.
constexpr std::array<std::string_view, 64> kLatin1Folds = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss",
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y"};

struct Inflection {
  std::string_view suffix, replacement;
  bool doubles;  ///< the suffix may double the consonant before it
};

constexpr std::array<Inflection, 16> kInflections = {{
    {"ies", "y", false},
    {"s", "", false},
    {"es", "", false},
    {"ied", "y", false},
    {"ed", "e", false},
    {"ed", "", true},
    {"ing", "e", false},
    {"ing", "", true},
    {"ily", "y", false},
    {"ly", "", false},
    {"iness", "y", false},
    {"ness", "", false},
    {"er", "e", false},
    {"er", "", true},
    {"est", "e", false},
    {"est", "", true},
}};

/// The letters and digits of `value` in lower-case ASCII; nothing when it separates words.
std::string_view fold(char32_t value) {
  constexpr std::string_view kDigits = "0123456789", kLetters = "abcdefghijklmnopqrstuvwxyz";
  if (value >= '0' && value <= '9') return kDigits.substr(value - '0', 1);
  if (value >= 'a' && value <= 'z') return kLetters.substr(value - 'a', 1);
  if (value >= 'A' && value <= 'Z') return kLetters.substr(value - 'A', 1);
  if (value >= 0xC0 && value <= 0xFF) return kLatin1Folds[value - 0xC0];
  return {};
}

}  // namespace

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& visit) {
  std::string word;
  const auto end_word = [&] {
    if (word.size() >= kShortestWord) visit(word);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::decode_utf8(as_bytes(text), at);
    const std::string_view folded = point.size == 0 ? "" : fold(point.value);
    if (folded.empty()) end_word();
    word += folded;
    at += point.size == 0 ? 1 : point.size;
  }
  end_word();
}

std::vector<std::string> word_stems(std::string_view word) {
  std::vector<std::string> stems;
  for (const auto& [suffix, replacement, doubles] : kInflections) {
    // "glass" is no plural.
    if (!word.ends_with(suffix) || (suffix == "s" && word.ends_with("ss"))) continue;
    std::string stem{word.substr(0, word.size() - suffix.size())};
    stem += replacement;
    if (stem.size() < kShortestStem) continue;
    stems.push_back(stem);
    const bool is_doubled = doubles && stem.back() == stem[stem.size() - 2];
    if (is_doubled && stem.size() > kShortestStem)
      stems.push_back(stem.substr(0, stem.size() - 1));
  }
  return stems;
}

}  // namespace hart::nn
