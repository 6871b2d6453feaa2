#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/words.h"

namespace hart::nn {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) {
  Words words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST_CASE("for_each_word: words are lower-case runs of letters and digits, two at least") {
  CHECK(words_of("The dog's 2 puppies: a B2!") == Words{"the", "dog", "puppies", "b2"});
  CHECK(words_of("snake_case-word") == Words{"snake", "case", "word"});
  CHECK(words_of("") == Words{});
  CHECK(words_of(" . ") == Words{});
  CHECK(words_of("ab") == Words{"ab"});
}

TEST_CASE("for_each_word: Latin-1 letters are folded, everything else separates") {
  CHECK(words_of("Crème brûlée Æsop Straße ÿþ") ==
        Words{"creme", "brulee", "aesop", "strasse", "yth"});
  CHECK(words_of("ab×cd÷ef") == Words{"ab", "cd", "ef"});
  CHECK(words_of("ab\u0142cd и 中文 xy\xFFzz") == Words{"ab", "cd", "xy", "zz"});
}

TEST_CASE("word_stems: the likeliest base form comes first") {
  CHECK(word_stems("puppies") == Words{"puppy", "puppie", "puppi"});
  CHECK(word_stems("dogs") == Words{"dog"});
  CHECK(word_stems("running") == Words{"runne", "runn", "run"});
  CHECK(word_stems("happily") == Words{"happy", "happi"});
  CHECK(word_stems("happiness") == Words{"happy", "happi"});
  CHECK(word_stems("bigger") == Words{"bigge", "bigg", "big"});
  CHECK(word_stems("tried") == Words{"try", "trie", "tri"});
  CHECK(word_stems("glass") == Words{});
  CHECK(word_stems("tree") == Words{});
}

TEST_CASE("word_stems: no stem is shorter than three letters") {
  CHECK(word_stems("as") == Words{});
  CHECK(word_stems("sing") == Words{});
  CHECK(word_stems("adds") == Words{"add"});
  CHECK(word_stems("added") == Words{"adde", "add"});
}

}  // namespace
}  // namespace hart::nn
