#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/mapped_file.h"
#include "nn/hugging_face.h"
#include "nn/transformer.h"

namespace hart::nn {
namespace {

/// A model of the family's shape whose weights follow from the tensors' names, and what
/// transformers computed with it: tests/data/make_transformer_fixtures.py made the file.
class Fixture {
 public:
  explicit Fixture(const std::string& name)
      : json_(load(name)),
        model_{dump_json(json_["config"]), name,
               [this](std::string_view tensor) { return find(tensor); }} {}

  [[nodiscard]] ModelSource source() const { return model_.source(); }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] std::vector<TokenId> tokens() const { return json_["tokens"]; }
  /// The greatest difference of a row of numbers from the file's, relative to the greatest of
  /// the file's.
  [[nodiscard]] double error(std::size_t row, std::span<const float> values) const {
    const std::vector<double> expected = json_["rows"][row];
    REQUIRE(expected.size() == values.size());
    double most = 0, error = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      most = std::max(most, std::abs(expected[i]));
      error = std::max(error, std::abs(expected[i] - static_cast<double>(values[i])));
    }
    return error / most;
  }

 private:
  static Json load(const std::string& name) {
    const MappedFile file{std::string{HART_TEST_DATA} + "/transformers/" + name + ".json"};
    return parse_json({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()},
                      name);
  }

  /// Multiples of 2^-23 in [-1, 1): splitmix64 of the name's FNV-1a hash plus the index.
  static std::vector<float> uniform(std::string_view name, std::size_t count) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char c : name)
      hash = (hash ^ static_cast<std::uint8_t>(c)) * std::uint64_t{0x100000001B3};
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t z = hash + (i + 1) * std::uint64_t{0x9E3779B97F4A7C15};
      z = (z ^ (z >> 30)) * std::uint64_t{0xBF58476D1CE4E5B9};
      z = (z ^ (z >> 27)) * std::uint64_t{0x94D049BB133111EB};
      z ^= z >> 31;
      values[i] = static_cast<float>(std::ldexp(static_cast<double>(z >> 40), -23) - 1);
    }
    return values;
  }

  std::optional<tensor::TensorView> find(std::string_view name) {
    const auto entry = json_["tensors"].find(std::string{name});
    if (entry == json_["tensors"].end()) return std::nullopt;
    std::vector<std::uint64_t> shape = *entry;
    std::reverse(shape.begin(), shape.end());
    std::vector<float>& values = tensors_[std::string{name}];
    if (values.empty()) values = make(name, shape);
    return tensor::TensorView{
        tensor::DType::f32,
        shape,
        {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)}};
  }

  static std::vector<float> make(std::string_view name, std::span<const std::uint64_t> shape) {
    std::size_t count = 1;
    for (const std::uint64_t size : shape) count *= size;
    std::vector<float> values = uniform(name, count);
    const bool is_vector = shape.size() == 1;
    const double scale =
        is_vector ? 0.25
        : name.find("embed") != std::string_view::npos
            ? 1
            : std::exp2(std::round(std::log2(std::sqrt(3 / static_cast<double>(shape[0])))));
    const double mean = is_vector && name.ends_with("weight") ? 1 : 0;
    for (float& value : values) value = static_cast<float>(value * scale + mean);
    return values;
  }

  Json json_;
  std::map<std::string, std::vector<float>, std::less<>> tensors_;
  HuggingFaceModel model_;
};

/// The greatest relative error over the positions of the file, all tokens evaluated at once.
double worst_error(const std::string& name, SessionOptions options) {
  const Fixture fixture{name};
  const TransformerModel model{fixture.source()};
  TransformerSession session{model, options};
  const std::vector<std::size_t> positions = fixture.json()["positions"];
  double worst = 0;
  std::size_t row = 0;
  const auto compare = [&](std::size_t index, std::span<const float> values) {
    if (row == positions.size() || positions[row] != index) return;
    worst = std::max(worst, fixture.error(row++, values));
  };
  if (model.parameters().architecture->is_causal)
    session.evaluate_each(fixture.tokens(), compare);
  else
    session.evaluate_states(fixture.tokens(), compare);
  CHECK(row == positions.size());
  return worst;
}

constexpr const char* kDecoders[] = {
    "llama",   "llama-bias", "llama-llama3", "llama-linear",  "llama-yarn",
    "mistral", "qwen2",      "qwen2-window", "qwen3",         "gemma",
    "gemma2",  "gemma3",     "phi3",         "phi3-longrope", "phi3-partial"};

TEST_CASE("families: logits are those of transformers in float32, to 1e-4") {
  for (const std::string name : kDecoders) {
    CAPTURE(name);
    CHECK(worst_error(name, {.kv_type = KvType::f32}) < 1e-4);
  }
}

TEST_CASE("families: hidden states of encoders are those of transformers, to 1e-4") {
  for (const std::string name : {"bert", "nomic-bert"}) {
    CAPTURE(name);
    CHECK(worst_error(name, {.kv_type = KvType::f32}) < 1e-4);
  }
}

TEST_CASE("families: a smaller key-value cache changes logits by its rounding") {
  for (const std::string name : kDecoders) {
    CAPTURE(name);
    CHECK(worst_error(name, {.kv_type = KvType::f16}) < 2e-3);
    CHECK(worst_error(name, {.kv_type = KvType::q8_0}) < 5e-2);
  }
}

TEST_CASE("families: logits have the same bits whatever the batch, the cache and a restart") {
  for (const std::string name : kDecoders) {
    CAPTURE(name);
    const Fixture fixture{name};
    const TransformerModel model{fixture.source()};
    const std::vector<TokenId> tokens = fixture.tokens();
    for (const KvType type : {KvType::f32, KvType::f16, KvType::q8_0}) {
      TransformerSession whole{model, {.kv_type = type}};
      TransformerSession parts{model, {.batch_tokens = 3, .kv_type = type}};
      const auto last = whole.evaluate(tokens);
      const std::vector<float> expected{last.begin(), last.end()};
      (void)parts.evaluate(std::span{tokens}.first(27));
      TransformerSession restored{model, {.kv_type = type}};
      restored.restore(parts.snapshot(21), 21);
      const auto again = restored.evaluate(std::span{tokens}.subspan(21));
      CHECK(std::vector<float>{again.begin(), again.end()} == expected);
    }
  }
}

TEST_CASE("families: a session longer than the original context takes the long divisors") {
  const Fixture fixture{"phi3-longrope"};
  const TransformerModel model{fixture.source()};
  CHECK(model.rope(16).frequencies[3] == doctest::Approx(std::pow(10000.0, -0.75) / 2));
  CHECK(model.rope(17).frequencies[3] == doctest::Approx(std::pow(10000.0, -0.75) / 8));
  CHECK(model.rope(17).magnitude ==
        doctest::Approx(std::sqrt(1 + std::log(4.0) / std::log(16.0))));
}

TEST_CASE("families: an encoder continues no text, and takes no more positions than it has") {
  const Fixture fixture{"bert"};
  const TransformerModel model{fixture.source()};
  TransformerSession session{model};
  CHECK_THROWS_WITH_AS((void)session.evaluate(fixture.tokens()),
                       doctest::Contains("an encoder (bert)"), Error);
  CHECK_THROWS_WITH_AS((TransformerSession{model, {.context_length = 65}}),
                       doctest::Contains("64 positions"), Error);
}

TEST_CASE("families: a text's vector does not depend on the one before it") {
  const Fixture fixture{"nomic-bert"};
  const TransformerModel model{fixture.source()};
  const std::vector<TokenId> tokens = fixture.tokens();
  TransformerSession fresh{model}, used{model};
  std::vector<float> first, second;
  const auto keep = [](std::vector<float>& out) {
    return [&out](std::size_t, std::span<const float> row) {
      out.insert(out.end(), row.begin(), row.end());
    };
  };
  used.evaluate_states(tokens, [](std::size_t, std::span<const float>) {});
  fresh.evaluate_states(std::span{tokens}.first(7), keep(first));
  used.evaluate_states(std::span{tokens}.first(7), keep(second));
  CHECK(first == second);
}

TEST_CASE("HuggingFaceModel: an unknown model type is refused by name") {
  CHECK_THROWS_WITH_AS((HuggingFaceModel{R"({"model_type":"mamba"})", "x/config.json",
                                         [](std::string_view) { return std::nullopt; }}),
                       doctest::Contains("x/config.json: model_type 'mamba'"), Error);
}

TEST_CASE("read_embedding_settings: reads pooling, normalisation and the greatest length") {
  const EmbeddingSettings settings = read_embedding_settings(
      R"([{"type":"sentence_transformers.models.Transformer"},
          {"type":"sentence_transformers.models.Normalize"}])",
      R"({"word_embedding_dimension":8,"pooling_mode_cls_token":false,
          "pooling_mode_mean_tokens":true})",
      R"({"max_seq_length":256})");
  CHECK(settings.pooling == Pooling::mean);
  CHECK(settings.normalizes == true);
  CHECK(settings.max_tokens == 256);
  CHECK_FALSE(read_embedding_settings("", "", "").pooling);
  CHECK_THROWS_WITH_AS(
      (void)read_embedding_settings("", R"({"pooling_mode_max_tokens":true})", ""),
      doctest::Contains("pooling_mode_max_tokens"), Error);
}

}  // namespace
}  // namespace hart::nn
