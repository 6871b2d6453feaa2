#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/bpe_splitter.h"

namespace hart::nn {
namespace {

using Words = std::vector<std::string>;

Words split(std::string_view text) {
  std::vector<std::string_view> words;
  split_gpt2(text, words);
  return {words.begin(), words.end()};
}

TEST_CASE("split_gpt2: a word takes the one space before it") {
  CHECK(split("Hello world") == Words{"Hello", " world"});
  CHECK(split(" Hello") == Words{" Hello"});
  CHECK(split("a  b") == Words{"a", " ", " b"});
  CHECK(split("a   b") == Words{"a", "  ", " b"});
}

TEST_CASE("split_gpt2: white space other than a space stays apart from the word") {
  CHECK(split("a\nb") == Words{"a", "\n", "b"});
  CHECK(split("a\n\nb") == Words{"a", "\n", "\n", "b"});
  CHECK(split("a \nb") == Words{"a", " ", "\n", "b"});
  CHECK(split("a\t b") == Words{"a", "\t", " b"});
  CHECK(split("a\u00A0b") == Words{"a", "\u00A0", "b"});
  CHECK(split(" \u3000b") == Words{" ", "\u3000", "b"});
}

TEST_CASE("split_gpt2: white space at the end is one word") {
  CHECK(split("a   ") == Words{"a", "   "});
  CHECK(split(" ") == Words{" "});
  CHECK(split("\n\n\n") == Words{"\n\n\n"});
}

TEST_CASE("split_gpt2: letters, numbers and the rest do not mix") {
  CHECK(split("w048 7tu") == Words{"w", "048", " 7", "tu"});
  CHECK(split("x=1.5!") == Words{"x", "=", "1", ".", "5", "!"});
  CHECK(split("中文½Ⅷ²") == Words{"中文", "½Ⅷ²"});
  CHECK(split("e\u0301") == Words{"e", "\u0301"});
}

TEST_CASE("split_gpt2: contractions are cut off in lower case only") {
  CHECK(split("I'll've") == Words{"I", "'ll", "'ve"});
  CHECK(split("we'RE") == Words{"we", "'", "RE"});
  CHECK(split("'told") == Words{"'t", "old"});
  CHECK(split(" 's") == Words{" '", "s"});
  CHECK(split("''s") == Words{"''", "s"});
}

TEST_CASE("split_gpt2: invalid bytes are kept and count as neither letter nor space") {
  CHECK(split("a\xFF\xC3"
              "b") == Words{"a", "\xFF\xC3", "b"});
  CHECK(split(" \x80") == Words{" \x80"});
  CHECK(split("") == Words{});
}

TEST_CASE("find_bpe_splitter: knows gpt-2 and refuses what it does not know") {
  CHECK((find_bpe_splitter("gpt-2") == split_gpt2));
  CHECK((find_bpe_splitter("") == split_gpt2));
  CHECK((find_bpe_splitter("llama-bpe") == nullptr));
  CHECK((find_bpe_splitter("default") == nullptr));
}

}  // namespace
}  // namespace hart::nn
