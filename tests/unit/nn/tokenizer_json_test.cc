#include "nn/tokenizer_json.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace hart::nn {
namespace {

using Tokens = std::vector<TokenId>;

/// A file with a byte-level model of a, b, ab and the space; `more` are further members.
std::string bpe_file(const std::string& more = "") {
  return R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4},
             "merges": ["a b", "Ġ ab"]})" +
         (more.empty() ? "" : "," + more) + "}";
}

constexpr const char* kByteLevel =
    R"("pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
       "decoder": {"type": "ByteLevel"})";

std::unique_ptr<Tokenizer> load(const std::string& file, const std::string& config = "") {
  return make_tokenizer_from_json(as_bytes(file), as_bytes(config));
}

/// A piece of a file whose model knows single letters; the tokens are the text's letters.
std::string words_of(const std::string& steps, const std::string& text) {
  std::string vocabulary = R"("[U]": 0)";
  int id = 1;
  for (const char* token :
       {"a", "b",  "c",  "ab", "abc", "a-", "-b",  "-", "--", "1",  "2", "12",
        "!", "▁a", "▁b", "▁",  "e",   "é",  "a b", " ", "'",  "b!", "A"})
    vocabulary += ", " + Json(token).dump() + ": " + std::to_string(id++);
  const auto tokenizer = load(R"({"model": {"type": "WordPiece", "unk_token": "[U]",
      "continuing_subword_prefix": "##", "vocab": {)" +
                              vocabulary + "}}, " + steps + "}");
  std::string words;
  for (const TokenId token : tokenizer->encode(text)) {
    if (!words.empty()) words += '|';
    words += tokenizer->vocabulary().text(token);
  }
  return words;
}

std::string split_words(const std::string& pattern, const std::string& behavior,
                        const std::string& text) {
  return words_of(R"("pre_tokenizer": {"type": "Split", "pattern": {"String": ")" + pattern +
                      R"("}, "behavior": ")" + behavior + R"(", "invert": false})",
                  text);
}

void check_refused(const std::string& file, const std::string& because,
                   const std::string& config = "") {
  CAPTURE(file);
  try {
    (void)load(file, config);
    FAIL("was not refused");
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.find(because) != std::string::npos);
  }
}

TEST_CASE("tokenizer.json: byte-level BPE merges by rank and gives the bytes back") {
  const auto tokenizer = load(bpe_file(kByteLevel));
  CHECK(tokenizer->encode("ab ab") == Tokens{3, 4});
  CHECK(tokenizer->encode("a zb") == Tokens{0, 2, 1});  // z has no token and no trace
  CHECK(tokenizer->decode(Tokens{3, 4}) == "ab ab");
  CHECK(tokenizer->piece(4) == " ab");
  CHECK(tokenizer->vocab_size() == 5);
}

TEST_CASE("tokenizer.json: special tokens are text unless they are parsed") {
  const std::string added =
      R"(, "added_tokens": [
         {"id": 5, "content": "<s>", "special": true, "normalized": false},
         {"id": 6, "content": "<t>", "special": false, "normalized": false},
         {"id": 9, "content": "</s>", "special": true, "normalized": false, "lstrip": true}],
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 9], "cls": ["<s>", 5]})";
  const auto tokenizer = load(bpe_file(kByteLevel + added));
  CHECK(tokenizer->encode("a<s>b", {.parse_special = true}) == Tokens{0, 5, 1});
  CHECK(tokenizer->encode("a<s>b") == Tokens{0, 1});
  CHECK(tokenizer->encode("a<t>b") == Tokens{0, 6, 1});
  CHECK(tokenizer->encode("a \n</s>b", {.parse_special = true}) == Tokens{0, 9, 1});
  CHECK(tokenizer->encode("a", {.add_special = true}) == Tokens{5, 0, 9});
  CHECK(tokenizer->encode("", {.add_special = true}) == Tokens{5, 9});
  CHECK(tokenizer->decode(Tokens{5, 0, 6, 9}) == "a<t>");
  CHECK(tokenizer->bos() == 5);
  CHECK(tokenizer->eos() == 9);
  CHECK(tokenizer->add_bos());
  CHECK(tokenizer->is_end(9));
  CHECK(!tokenizer->is_end(5));
  CHECK(tokenizer->vocab_size() == 10);
  CHECK(tokenizer->piece(7).empty());  // a number that nothing has
  CHECK(tokenizer->piece(9).empty());
  CHECK_THROWS_AS((void)tokenizer->piece(10), Error);
}

TEST_CASE("tokenizer_config.json: names the begin and the end, as text or as objects") {
  const std::string added = R"(, "added_tokens": [
      {"id": 5, "content": "<s>", "special": true}, {"id": 6, "content": "<e>", "special": true}])";
  const auto tokenizer = load(bpe_file(kByteLevel + added),
                              R"({"bos_token": "<s>", "eos_token": {"content": "<e>"}})");
  CHECK(tokenizer->bos() == 5);
  CHECK(tokenizer->eos() == 6);
  CHECK(tokenizer->is_end(6));
  CHECK(!tokenizer->add_bos());
  CHECK(!load(bpe_file(kByteLevel))->bos());
}

TEST_CASE("tokenizer.json: an added token that is no word of the model is none inside it") {
  const auto tokenizer = load(
      R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}},
          "added_tokens": [{"id": 2, "content": "xy", "special": true}],
          "pre_tokenizer": {"type": "WhitespaceSplit"}})");
  CHECK(tokenizer->encode("a xy") == Tokens{1, 0});
  CHECK(tokenizer->encode("a xy", {.parse_special = true}) == Tokens{1, 0 + 2});
}

TEST_CASE("added tokens: the longest at the leftmost place; single words stand alone") {
  const std::string added = R"(, "added_tokens": [
      {"id": 5, "content": "xx"}, {"id": 6, "content": "xxx"},
      {"id": 7, "content": "word", "single_word": true},
      {"id": 8, "content": "[M]", "lstrip": true, "rstrip": true}])";
  const auto tokenizer = load(bpe_file(kByteLevel + added));
  CHECK(tokenizer->encode("xxxx") == Tokens{6});  // and an x that has no token
  CHECK(tokenizer->encode("xxxxx") == Tokens{6, 5});
  CHECK(tokenizer->encode("word,word") == Tokens{7, 7});
  CHECK(tokenizer->encode("aword worda éword") == Tokens{0, 2, 0, 2});
  CHECK(tokenizer->encode("a  [M] \n b") == Tokens{0, 8, 1});
  CHECK(tokenizer->encode(" [M] [M]") == Tokens{8, 8});
}

TEST_CASE("Split: the behaviors keep, drop or join what matched") {
  CHECK(split_words("-", "Isolated", "a-b--a") == "a|-|b|-|-|a");
  CHECK(split_words("-", "Removed", "a-b--a") == "a|b|a");
  CHECK(split_words("-", "MergedWithPrevious", "a-a") == "a-|a");
  CHECK(split_words("-", "MergedWithPrevious", "a--a") == "a-|-|a");
  CHECK(split_words("-", "MergedWithNext", "a-b--b") == "a|-b|-|-b");
  CHECK(split_words("-", "Contiguous", "a--b") == "a|--|b");
  CHECK(split_words("", "Isolated", "ab") == "ab");
}

TEST_CASE("pre-tokenizers: each cuts where it says") {
  const auto simple = [](const std::string& type, const std::string& text) {
    return words_of(R"("pre_tokenizer": {"type": ")" + type + R"("})", text);
  };
  CHECK(simple("Whitespace", "ab! --\u3000a") == "ab|!|--|a");
  CHECK(simple("WhitespaceSplit", " a-\n -b\u00A0a") == "a-|-b|a");
  CHECK(simple("BertPreTokenizer", "a--b a") == "a|-|-|b|a");
  CHECK(simple("Punctuation", "a!b") == "a|!|b");
  CHECK(words_of(R"("pre_tokenizer": {"type": "Digits", "individual_digits": true})", "a12") ==
        "a|1|2");
  CHECK(words_of(R"("pre_tokenizer": {"type": "Digits"})", "a12b") == "a|12|b");
  CHECK(words_of(R"("pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": "-"})",
                 "a-b") == "a|b");
  CHECK(simple("Metaspace", "a b") == "▁a|▁b");
  CHECK(words_of(R"("pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "never"})",
                 "a b") == "a|▁b");
  CHECK(words_of(R"("pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "first"},
                    "added_tokens": [{"id": 30, "content": "<t>"}])",
                 "a<t>a b") == "▁a|<t>|a|▁b");
}

TEST_CASE("normalizers: each changes what it says, one after the other") {
  const auto normalized = [](const std::string& steps, const std::string& text) {
    return words_of(R"("normalizer": {"type": "Sequence", "normalizers": [)" + steps + "]}",
                    text);
  };
  CHECK(normalized(R"({"type": "NFC"})", "e\u0301") == "é");
  CHECK(normalized(R"({"type": "NFD"}, {"type": "StripAccents"})", "é") == "e");
  CHECK(normalized(R"({"type": "NFKC"}, {"type": "Lowercase"})", "ＡＢ") == "ab");
  CHECK(normalized(R"({"type": "Strip", "strip_left": true, "strip_right": false})",
                   "\t \u3000 ") == "");
  CHECK(normalized(R"({"type": "Strip"})", "\u00A0 ab \n") == "ab");
  CHECK(normalized(R"({"type": "Prepend", "prepend": "▁"})", "a") == "▁a");
  CHECK(normalized(R"({"type": "Replace", "pattern": {"Regex": "[xy]+"}, "content": "b"})",
                   "axyx") == "ab");
  CHECK(normalized(R"({"type": "BertNormalizer"})", "\u0007ÁB\uFFFD") == "ab");
}

TEST_CASE("tokenizer.json: what is malformed is refused with its place") {
  check_refused("", "malformed JSON");
  check_refused("{", "malformed JSON");
  check_refused(std::string(100, '['), "64 levels");
  check_refused("[]", "an object is expected");
  check_refused("{}", "'model' is missing");
  check_refused(R"({"model": {"type": "WordLevel", "vocab": {}}})", "'WordLevel'");
  check_refused(R"({"model": {"type": "BPE", "vocab": []}})", "model.vocab");
  check_refused(R"({"model": {"type": "BPE", "vocab": {}, "merges": []}})",
                "at least one token");
  check_refused(R"({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}})", "'a'");
  check_refused(R"({"model": {"type": "BPE", "vocab": {"a": 0.5}, "merges": []}})", "'a'");
  check_refused(R"({"model": {"type": "BPE", "vocab": {"a": 9999999}, "merges": []}})",
                "token 9999999");
  check_refused(R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["aa"]}})",
                "merges[0]");
  check_refused(R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": ["a a"]}})",
                "merge 0");
  check_refused(
      R"({"model": {"type": "BPE", "vocab": {"a": 1}, "merges": [], "dropout": 0.1}})",
      "dropout");
  check_refused(R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", "vocab[0]");
  check_refused(R"({"model": {"type": "Unigram", "vocab": [["a", "x"]]}})", "vocab[0][1]");
  check_refused(R"({"model": {"type": "Unigram", "vocab": [["a", 1]], "unk_id": 1}})",
                "unk_id");
}

TEST_CASE("tokenizer.json: an unknown step is refused by name, wrong parameters by place") {
  check_refused(bpe_file(R"("normalizer": {"type": "Rot13"})"), "'Rot13'");
  check_refused(bpe_file(R"("normalizer": {"type": "Replace", "content": ""})"), "'pattern'");
  check_refused(
      bpe_file(R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "!"})"),
      "base64");
  check_refused(
      bpe_file(R"("normalizer": {"type": "Precompiled", "precompiled_charsmap": "AA=="})"),
      "precompiled_charsmap");
  check_refused(bpe_file(R"("pre_tokenizer": {"type": "Guess"})"), "'Guess'");
  check_refused(bpe_file(R"("pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("},
                             "behavior": "Removed"})"),
                "regular expression");
  check_refused(bpe_file(R"("pre_tokenizer": {"type": "Split", "pattern": {"String": "x"},
                             "behavior": "Eaten"})"),
                "'Eaten'");
  check_refused(bpe_file(R"("decoder": {"type": "CTC"})"), "'CTC'");
  check_refused(bpe_file(R"("post_processor": {"type": "Pad"})"), "'Pad'");
  check_refused(bpe_file(R"("post_processor": {"type": "BertProcessing", "cls": ["x", 7],
                             "sep": ["x", 0]})"),
                "from 0 to 4");
  check_refused(bpe_file(R"("post_processor": {"type": "TemplateProcessing", "single": []})"),
                "no place");
  check_refused(bpe_file(R"("added_tokens": [{"id": -1, "content": "x"}])"),
                "added_tokens[0].id");
  check_refused(bpe_file(R"("added_tokens": [{"id": 16777215, "content": "x"}])"),
                "token 16777215");
  check_refused(bpe_file(R"("added_tokens": [{"id": 7}])"), "'content'");
  check_refused(bpe_file(), "malformed", "{");
  check_refused(bpe_file(), "bos_token", R"({"bos_token": 5})");
}

}  // namespace
}  // namespace hart::nn
