#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/bpe_splitter.h"

namespace hart::nn {
namespace {

using Words = std::vector<std::string>;

Words split(std::string_view text, std::string_view family = "gpt-2") {
  const BpeSplitter splitter{find_bpe_family(family)->expressions};
  BpeSplitter::Session session{splitter};
  Words words;
  session.split(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST_CASE("gpt-2: a word takes the one space before it") {
  CHECK(split("Hello world") == Words{"Hello", " world"});
  CHECK(split(" Hello") == Words{" Hello"});
  CHECK(split("a  b") == Words{"a", " ", " b"});
  CHECK(split("a   b") == Words{"a", "  ", " b"});
}

TEST_CASE("gpt-2: white space other than a space stays apart from the word") {
  CHECK(split("a\nb") == Words{"a", "\n", "b"});
  CHECK(split("a\n\nb") == Words{"a", "\n", "\n", "b"});
  CHECK(split("a \nb") == Words{"a", " ", "\n", "b"});
  CHECK(split("a\t b") == Words{"a", "\t", " b"});
  CHECK(split("a\u00A0b") == Words{"a", "\u00A0", "b"});
  CHECK(split(" \u3000b") == Words{" ", "\u3000", "b"});
}

TEST_CASE("gpt-2: white space at the end is one word") {
  CHECK(split("a   ") == Words{"a", "   "});
  CHECK(split(" ") == Words{" "});
  CHECK(split("\n\n\n") == Words{"\n\n\n"});
}

TEST_CASE("gpt-2: letters, numbers and the rest do not mix") {
  CHECK(split("w048 7tu") == Words{"w", "048", " 7", "tu"});
  CHECK(split("x=1.5!") == Words{"x", "=", "1", ".", "5", "!"});
  CHECK(split("中文½Ⅷ²") == Words{"中文", "½Ⅷ²"});
  CHECK(split("e\u0301") == Words{"e", "\u0301"});
}

TEST_CASE("gpt-2: contractions are cut off in lower case only") {
  CHECK(split("I'll've") == Words{"I", "'ll", "'ve"});
  CHECK(split("we'RE") == Words{"we", "'", "RE"});
  CHECK(split("'told") == Words{"'t", "old"});
  CHECK(split(" 's") == Words{" '", "s"});
  CHECK(split("''s") == Words{"''", "s"});
}

TEST_CASE("gpt-2: invalid bytes are kept and count as neither letter nor space") {
  CHECK(split("a\xFF\xC3"
              "b") == Words{"a", "\xFF\xC3", "b"});
  CHECK(split(" \x80") == Words{" \x80"});
  CHECK(split("") == Words{});
}

TEST_CASE("llama-bpe: numbers come in threes, contractions in any case, lines with spaces") {
  CHECK(split("12345678", "llama-bpe") == Words{"123", "456", "78"});
  CHECK(split("I'LL we\u2019ll 'ſ", "llama-bpe") ==
        Words{"I", "'LL", " we", "\u2019ll", " '", "ſ"});
  CHECK(split("x'ſ", "llama-bpe") == Words{"x", "'ſ"});
  CHECK(split("a.b(c", "llama-bpe") == Words{"a", ".b", "(c"});
  CHECK(split("end.\n\n  x", "llama-bpe") == Words{"end", ".\n\n", " ", " x"});
  CHECK(split("  \n \r\n  x", "llama-bpe") == Words{"  \n \r\n", " ", " x"});
  CHECK(split("हिन्दी", "llama-bpe") == Words{"ह", "िन", "्द", "ी"});
}

TEST_CASE("qwen2: every digit is a word") {
  CHECK(split(" 12 ½", "qwen2") == Words{" ", "1", "2", " ", "½"});
}

TEST_CASE("tekken and gpt-4o: a change of case begins a word, marks stay with letters") {
  CHECK(split("HelloWORLDFoo", "tekken") == Words{"Hello", "WORLDFoo"});
  CHECK(split("fooBar'S 1234/\n", "gpt-4o") == Words{"foo", "Bar'S", " ", "123", "4", "/\n"});
  CHECK(split("fooBar'S", "tekken") == Words{"foo", "Bar", "'S"});
  CHECK(split("हिन्दी", "gpt-4o") == Words{"हिन्दी"});
}

TEST_CASE("deepseek, falcon, starcoder, viking: each expression cuts what the last one left") {
  CHECK(split("ab1234中文x, y", "deepseek-v3") ==
        Words{"ab", "123", "4", "中文", "x", ",", " y"});
  CHECK(split("a\nb 中文, 12", "deepseek-llm") ==
        Words{"a", "\n", "b", " ", "中文", ",", " ", "12"});
  CHECK(split("x, 12345 y", "falcon") == Words{"x", ",", " ", "123", "45", " y"});
  CHECK(split("abc 12", "starcoder") == Words{"abc", " ", "1", "2"});
  CHECK(split("ab, 12", "viking") == Words{"ab", ",", " ", "1", "2"});
}

TEST_CASE("superbpe: a place to cut that matches nothing cuts") {
  CHECK(split("x1234567", "superbpe") == Words{"x", "1", "234", "567"});
}

TEST_CASE("kimi-k2: ideographs are words of their own") {
  CHECK(split("abc中文Def", "kimi-k2") == Words{"abc", "中文", "Def"});
}

TEST_CASE("find_bpe_family: the words of every family are the text, whatever bytes it has") {
  const std::string text = "It's 12345 o'clock,\r\n\t  中文 ＡＢ ½ é\xFF\xE2\x82 'S \u00A0x  ";
  for (const char* name : {"",
                           "gpt-2",
                           "default",
                           "llama-bpe",
                           "qwen2",
                           "qwen35",
                           "tekken",
                           "gpt-4o",
                           "kimi-k2",
                           "starcoder",
                           "falcon",
                           "deepseek-llm",
                           "deepseek-coder",
                           "deepseek-v3",
                           "bloom",
                           "viking",
                           "superbpe",
                           "bailingmoe",
                           "seed-coder",
                           "chameleon",
                           "dbrx",
                           "smollm",
                           "mpt",
                           "olmo"}) {
    CAPTURE(name);
    std::string together;
    for (const std::string& word : split(text, name)) together += word;
    CHECK(together == text);
  }
}

TEST_CASE("find_bpe_family: refuses what it does not know") {
  CHECK(find_bpe_family("llama-bpe")->ignores_merges);
  CHECK(find_bpe_family("llama-bpe")->adds_bos);
  CHECK(!find_bpe_family("qwen2")->ignores_merges);
  CHECK((find_bpe_family("no-such-family") == nullptr));
  CHECK((find_bpe_family("GPT-2") == nullptr));
}

}  // namespace
}  // namespace hart::nn
