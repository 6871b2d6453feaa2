#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "core/json.h"
#include "nn/sampler.h"
#include "nn/transformer.h"
#include "nn/word_vectors.h"
#include "nn/words.h"
#include "vocabulary_files.h"

namespace hart::nn {
namespace {

/// The fixtures that the training scripts' reference implementation wrote of a shipped model.
std::optional<Json> golden(const std::string& model, const std::string& fixture) {
  const std::string path = std::string{HART_SHARE} + "/models/" + model;
  if (!std::filesystem::exists(path)) {
    MESSAGE("no ", path, ": it is not compared with its fixtures");
    return std::nullopt;
  }
  const std::string text = read_text(std::string{HART_TEST_DATA} + "/" + fixture);
  REQUIRE(!text.empty());
  return parse_json(text, fixture);
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

TEST_CASE("wordnet-vectors: words, vectors and cosines are those of the reference") {
  const auto fixtures = golden("wordnet-vectors.safetensors", "wordnet-vectors.golden.json");
  if (!fixtures) return;
  const WordVectors model{std::string{HART_SHARE} + "/models/wordnet-vectors.safetensors"};
  const double tolerance = fixtures->at("tolerance");
  std::vector<std::optional<std::vector<float>>> embedded;
  for (const Json& entry : fixtures->at("texts")) {
    const std::string text = entry.at("text");
    CAPTURE(text);
    std::vector<std::string> words;
    for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
    CHECK(words == entry.at("words").get<std::vector<std::string>>());
    embedded.push_back(model.embed(text));
    REQUIRE(embedded.back().has_value() == !entry.at("first8").is_null());
    if (!embedded.back()) continue;
    for (std::size_t i = 0; i < 8; ++i)
      CHECK(std::abs((*embedded.back())[i] - entry["first8"][i].get<double>()) <= tolerance);
  }
  CHECK(embedded.size() > 5);
  for (std::size_t a = 0; a < embedded.size(); ++a)
    for (std::size_t b = 0; b < embedded.size(); ++b) {
      const Json& expected = fixtures->at("cosines")[a][b];
      REQUIRE(expected.is_null() == !(embedded[a] && embedded[b]));
      if (!expected.is_null())
        CHECK(std::abs(cosine(*embedded[a], *embedded[b]) - expected.get<double>()) <=
              tolerance);
    }
}

/// The shipped language model with its tokenizer.
struct WordnetLlama {
  WordnetLlama()
      : file{std::string{HART_SHARE} + "/models/wordnet-llama.gguf"},
        header{formats::parse_gguf(file.bytes(), file.bytes().size())},
        tokenizer{make_tokenizer(header)},
        model{gguf_source(header, file.bytes())} {}

  MappedFile file;
  formats::GgufHeader header;
  std::unique_ptr<Tokenizer> tokenizer;
  TransformerModel model;
};

void check_prompt(const WordnetLlama& wordnet, const Json& entry) {
  const std::string prompt = entry.at("prompt");
  CAPTURE(prompt);
  const auto ids = entry.at("ids").get<std::vector<TokenId>>();
  std::vector<TokenId> encoded = {*wordnet.tokenizer->bos()};
  for (const TokenId token : wordnet.tokenizer->encode(prompt)) encoded.push_back(token);
  CHECK(encoded == ids);
  TransformerSession session{wordnet.model};
  std::span<const float> logits = session.evaluate(ids);
  // Float32 against float32 in another order of summation: logits are of the order of 10.
  for (const Json& top : entry.at("top5"))
    CHECK(std::abs(logits[top[0].get<std::size_t>()] - top[1].get<double>()) < 2e-3);
  CHECK(best_tokens(logits, 1)[0].token == entry.at("top5")[0][0].get<TokenId>());
  Sampler sampler{{.temperature = 0}};
  std::vector<TokenId> continuation;
  const auto expected = entry.at("continuation_ids").get<std::vector<TokenId>>();
  while (continuation.size() < expected.size()) {
    continuation.push_back(sampler.sample(logits).token);
    logits = session.evaluate({&continuation.back(), 1});
  }
  CHECK(continuation == expected);
  CHECK(wordnet.tokenizer->decode(continuation) == entry.at("continuation").get<std::string>());
  if (entry.at("ended").get<bool>())
    CHECK(wordnet.tokenizer->is_end(sampler.sample(logits).token));
}

TEST_CASE("wordnet-llama: tokens, logits and greedy text are those of the reference") {
  const auto fixtures = golden("wordnet-llama.gguf", "wordnet-llama.golden.json");
  if (!fixtures) return;
  const WordnetLlama wordnet;
  CHECK(!fixtures->at("prompts").empty());
  for (const Json& entry : fixtures->at("prompts")) check_prompt(wordnet, entry);
  for (const Json& entry : fixtures->at("tokenized")) {
    const std::string text = entry.at("text");
    CAPTURE(text);
    CHECK(wordnet.tokenizer->encode(text) == entry.at("ids").get<std::vector<TokenId>>());
    CHECK(wordnet.tokenizer->decode(wordnet.tokenizer->encode(text)) == text);
  }
}

}  // namespace
}  // namespace hart::nn
