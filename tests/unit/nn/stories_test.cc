#include <doctest/doctest.h>

#include <filesystem>

#include "nn/sampler.h"
#include "nn/transformer.h"
#include "vocabulary_files.h"

namespace hart::nn {
namespace {

/// `prompt` and `count` greedy tokens after it.
std::string greedy_text(const std::string& path, const std::string& prompt, int count) {
  const MappedFile file{path};
  const formats::GgufHeader header = formats::parse_gguf(file.bytes(), file.bytes().size());
  const auto tokenizer = make_tokenizer(header);
  const TransformerModel model{gguf_source(header, file.bytes())};
  // The golden text is longer than the 128 positions that the model was trained on.
  TransformerSession session{model, {.context_length = 512}};
  Sampler sampler{{.temperature = 0}};
  PieceStream stream{*tokenizer};
  std::string text = prompt;
  std::span<const float> logits =
      session.evaluate(tokenizer->encode(prompt, {.add_special = true}));
  for (int i = 0; i < count; ++i) {
    const TokenId token = sampler.sample(logits).token;
    if (tokenizer->is_end(token)) break;
    text += stream.push(token);
    logits = session.evaluate({&token, 1});
  }
  return text + stream.finish();
}

TEST_CASE("stories260K: 200 greedy tokens give the text that llama.cpp gives") {
  const std::string path = shared_data("stories260K.gguf");
  if (!std::filesystem::exists(path)) {
    MESSAGE("no ", path, ": the golden text is not compared");
    return;
  }
  CHECK(greedy_text(path, "Once upon a time", 200) + "\n" ==
        read_text(shared_data("stories260K.golden.txt")));
}

}  // namespace
}  // namespace hart::nn
