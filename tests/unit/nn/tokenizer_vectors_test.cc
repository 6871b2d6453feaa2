#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <sstream>

#include "vocabulary_files.h"

namespace hart::nn {
namespace {

struct Case {
  std::string text;
  std::vector<TokenId> tokens;
};

/// llama.cpp's cases: texts separated by a line, a line of ids for each.
std::vector<Case> read_cases(const std::string& name) {
  const std::string separator = "\n__ggml_vocab_test__\n";
  const std::string texts = read_text(shared_data("vocab/" + name + ".inp"));
  std::istringstream ids{read_text(shared_data("vocab/" + name + ".out"))};
  std::vector<Case> cases;
  for (std::size_t at = 0; at < texts.size();) {
    const std::size_t end = std::min(texts.find(separator, at), texts.size());
    std::string line;
    std::getline(ids, line);
    std::istringstream words{line};
    cases.push_back({texts.substr(at, end - at), {}});
    for (TokenId id; words >> id;) cases.back().tokens.push_back(id);
    at = end + separator.size();
  }
  return cases;
}

bool have_vectors(const std::string& name) {
  if (std::filesystem::exists(shared_data("vocab/" + name + ".gguf"))) return true;
  MESSAGE("no ", shared_data("vocab/" + name + ".gguf"), ": its cases are not compared");
  return false;
}

std::string random_text(std::mt19937& random, std::size_t length) {
  static const std::vector<std::string> parts = {
      "a",   "E",   " ",    "  ",   "\n",   "\t",       "'ll",  "'",    "7",     "1234",
      "é",   "中",  "文",   "🦙", "‍",  "\u00A0",   "the",  " of",  "ation", "!",
      "...", "<s>", "</s>", "▁",    "\xC3", "\xF0\x9F", "\xFF", "\x80", "\r\n"};
  std::string text;
  while (text.size() < length) text += parts[random() % parts.size()];
  return text;
}

void check_vectors(const std::string& name) {
  const auto tokenizer = tokenizer_of_file(shared_data("vocab/" + name + ".gguf"));
  const std::vector<Case> cases = read_cases(name);
  CHECK(cases.size() > 40);
  for (const Case& expected : cases) {
    CAPTURE(expected.text);
    CHECK(tokenizer->encode(expected.text) == expected.tokens);
    CHECK(tokenizer->decode(expected.tokens) == expected.text);
  }
}

void check_round_trips(const std::string& name) {
  const auto tokenizer = tokenizer_of_file(shared_data("vocab/" + name + ".gguf"));
  std::mt19937 random{7};
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_text(random, random() % 60);
    CAPTURE(text);
    const std::vector<TokenId> tokens = tokenizer->encode(text, {.add_special = true});
    CHECK(tokenizer->decode(tokens) == text);
  }
}

TEST_CASE("llama-spm: every published case tokenizes identically and decodes to its text") {
  if (have_vectors("llama-spm")) check_vectors("llama-spm");
}

TEST_CASE("gpt-2: every published case tokenizes identically and decodes to its text") {
  if (have_vectors("gpt-2")) check_vectors("gpt-2");
}

TEST_CASE("bert-bge: every published case tokenizes identically") {
  if (!have_vectors("bert-bge")) return;
  const auto tokenizer = tokenizer_of_file(shared_data("vocab/bert-bge.gguf"));
  const std::vector<Case> cases = read_cases("bert-bge");
  CHECK(cases.size() > 40);
  for (const Case& expected : cases) {
    CAPTURE(expected.text);
    CHECK(tokenizer->encode(expected.text) == expected.tokens);
  }
  CHECK(tokenizer->encode("hello", {.add_special = true}) ==
        std::vector<TokenId>{101, 7592, 102});
  CHECK(tokenizer->decode(tokenizer->encode("Hello, naïve world")) == "hello , naive world");
}

TEST_CASE("gpt-2: any bytes decode to what was encoded") {
  if (have_vectors("gpt-2")) check_round_trips("gpt-2");
}

TEST_CASE("llama-spm: any bytes without the space mark decode to what was encoded") {
  if (!have_vectors("llama-spm")) return;
  const auto tokenizer = tokenizer_of_file(shared_data("vocab/llama-spm.gguf"));
  std::mt19937 random{8};
  for (int i = 0; i < 300; ++i) {
    std::string text = random_text(random, random() % 60);
    for (std::size_t at; (at = text.find("▁")) != text.npos;) text.erase(at, 3);
    CAPTURE(text);
    CHECK(tokenizer->decode(tokenizer->encode(text, {.add_special = true})) == text);
  }
}

}  // namespace
}  // namespace hart::nn
