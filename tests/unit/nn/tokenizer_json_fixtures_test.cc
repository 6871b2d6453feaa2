#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "core/json.h"
#include "formats/utf8.h"
#include "nn/tokenizer_json.h"
#include "vocabulary_files.h"

namespace hart::nn {
namespace {

/// The kinds that tests/data/make_tokenizer_fixtures.py trained with PyPI's tokenizers.
constexpr const char* kKinds[] = {
    "gpt2",  "roberta",    "llama3",          "qwen2",     "deepseek",
    "gpt4o", "added",      "llama2",          "metaspace", "suffixed",
    "bert",  "bert-cased", "spm-precompiled", "t5",        "unigram-bytes"};

std::string fixture(const std::string& name) {
  const std::string text = read_text(std::string{HART_TEST_DATA} + "/tokenizers/" + name);
  REQUIRE_MESSAGE(!text.empty(), name);
  return text;
}

TEST_CASE("tokenizer.json: every kind gives the peer's tokens and the peer's text") {
  for (const std::string kind : kKinds) {
    CAPTURE(kind);
    const auto tokenizer = make_tokenizer_from_json(as_bytes(fixture(kind + ".json")), {});
    std::istringstream cases{fixture(kind + ".cases.jsonl")};
    int count = 0;
    for (std::string line; std::getline(cases, line); ++count) {
      const Json expected = parse_json(line, kind);
      const auto text = expected["text"].get<std::string>();
      CAPTURE(text);
      const auto tokens = tokenizer->encode(text, {.add_special = true, .parse_special = true});
      CHECK(tokens == expected["tokens"].get<std::vector<TokenId>>());
      // The peer puts U+FFFD for bytes that are no UTF-8; here they stay.
      const std::string decoded = tokenizer->decode(tokens);
      if (formats::is_utf8(decoded)) CHECK(decoded == expected["decoded"].get<std::string>());
    }
    CHECK(count > 100);
  }
}

// Made by tests/data/make_sentencepiece_fixtures.py, which says how.
TEST_CASE("GGUF: llama's and T5's kinds give the tokens that sentencepiece gives") {
  for (const std::string name : {"spm-bpe", "spm-unigram"}) {
    CAPTURE(name);
    const auto tokenizer =
        tokenizer_of_file(std::string{HART_TEST_DATA} + "/tokenizers/" + name + ".gguf");
    std::istringstream cases{fixture(name + ".cases.jsonl")};
    int count = 0;
    for (std::string line; std::getline(cases, line); ++count) {
      const Json expected = parse_json(line, name);
      const auto text = expected["text"].get<std::string>();
      CAPTURE(text);
      CHECK(tokenizer->encode(text) == expected["tokens"].get<std::vector<TokenId>>());
    }
    CHECK(count > 100);
  }
}

}  // namespace
}  // namespace hart::nn
