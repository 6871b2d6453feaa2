#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "formats/safetensors.h"
#include "nn/word_vectors.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

using tensor::DType;

/// The parts of a model file, to be spoilt one by one.
struct Parts {
  std::string format = "hart-word-vectors-1";
  DType vector_type = DType::f16;
  std::vector<float> vectors = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0};
  std::vector<std::uint64_t> vector_shape = {3, 4};
  std::vector<float> idf = {1.0f, 0.5f, 0.25f, 0.0f};
  DType idf_type = DType::f32;
  std::vector<float> common = {};
  std::uint64_t common_width = 3;
  std::string words = "cat\ndog\npuppy\nthe";
  bool has_words = true;
};

void append_floats(ByteBuffer& data, std::vector<formats::SafetensorsTensor>& tensors,
                   const std::string& name, DType dtype, std::vector<std::uint64_t> shape,
                   const std::vector<float>& values) {
  ByteBuffer bytes(tensor::tensor_bytes(dtype, shape));
  tensor::quantize_row(dtype, values, bytes);
  data.insert(data.end(), bytes.begin(), bytes.end());
  tensors.push_back({name, dtype, std::move(shape), 0, 0});
}

ByteBuffer file_of(const Parts& parts) {
  ByteBuffer data;
  std::vector<formats::SafetensorsTensor> tensors;
  append_floats(data, tensors, "vectors", parts.vector_type, parts.vector_shape, parts.vectors);
  append_floats(data, tensors, "idf", parts.idf_type, {parts.idf.size()}, parts.idf);
  if (!parts.common.empty())
    append_floats(data, tensors, "common", DType::f32,
                  {parts.common_width, parts.common.size() / parts.common_width}, parts.common);
  if (parts.has_words) {
    tensors.push_back({"words", DType::u8, {parts.words.size()}, 0, 0});
    data.insert(data.end(), parts.words.begin(), parts.words.end());
  }
  const std::vector<std::pair<std::string, std::string>> metadata = {{"format", parts.format},
                                                                     {"name", "tiny"}};
  ByteBuffer file = formats::write_safetensors_header(tensors, metadata);
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

bool refuses(const Parts& parts, const std::string& because) {
  const ByteBuffer file = file_of(parts);
  try {
    const WordVectors model{file};
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.find(because) != std::string::npos);
    return true;
  }
  return false;
}

void check_vector(const std::optional<std::vector<float>>& vector,
                  std::vector<double> expected) {
  REQUIRE(vector);
  REQUIRE(vector->size() == expected.size());
  double length = 0;
  for (const double value : expected) length += value * value;
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK((*vector)[i] == doctest::Approx(expected[i] / std::sqrt(length)));
}

TEST_CASE("WordVectors: a text is the weighted mean of its words, normalised") {
  const ByteBuffer file = file_of({});
  const WordVectors model{file};
  CHECK(model.dims() == 3);
  CHECK(model.size() == 4);
  CHECK(model.name() == "tiny");
  check_vector(model.embed("Cat!"), {1, 0, 0});
  check_vector(model.embed("the cat, the dog"), {1, 0.5, 0});
  check_vector(model.embed("dog dog unknown cat"), {1, 1, 0});
}

TEST_CASE("WordVectors: an unknown word counts as its stem") {
  const ByteBuffer file = file_of({});
  const WordVectors model{file};
  CHECK(model.find("puppies") == model.find("puppy"));
  CHECK(model.find("cats") == 0);
  CHECK(model.find("the") == 3);
  CHECK(!model.find("bird"));
  CHECK(!model.find("ca"));
  CHECK(!model.find("zebra"));
  CHECK(!model.find(""));
}

TEST_CASE("WordVectors: a text without a known word of any weight has no vector") {
  const ByteBuffer file = file_of({});
  const WordVectors model{file};
  CHECK(!model.embed(""));
  CHECK(!model.embed("the"));
  CHECK(!model.embed("bird zebra"));
}

TEST_CASE("WordVectors: common directions are taken away one after the other") {
  const ByteBuffer file = file_of({.common = {1, 0, 0, 0, 0, 1}});
  const WordVectors model{file};
  check_vector(model.embed("cat dog puppy"), {0, 1, 0});
  CHECK(!model.embed("cat puppy"));
}

TEST_CASE("WordVectors: vectors may be f32 or bf16 as well") {
  for (const DType type : {DType::f32, DType::bf16}) {
    const ByteBuffer file = file_of({.vector_type = type});
    check_vector(WordVectors{file}.embed("cat dog"), {1, 0.5, 0});
  }
}

TEST_CASE("WordVectors: files that are no such model are refused") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  CHECK(refuses({.format = "other"}, "'other'"));
  CHECK(refuses({.vector_shape = {3, 2, 2}}, "dimensions"));
  CHECK(refuses({.vectors = {}, .vector_shape = {3, 0}}, "empty"));
  CHECK(refuses({.idf = {1, 1, 1}}, "3 weights"));
  CHECK(refuses({.idf = {1, 1, 1, -1}}, "negative"));
  CHECK(refuses({.idf = {1, 1, 1, kNan}}, "not finite"));
  CHECK(refuses({.common = {1, 0}, .common_width = 2}, "'common'"));
  CHECK(refuses({.words = "cat\ndog\npuppy"}, "3 words"));
  CHECK(refuses({.words = "cat\ndog\npuppy\nthe\n"}, "5 words"));
  CHECK(refuses({.words = "cat\npuppy\ndog\nthe"}, "ascending"));
  CHECK(refuses({.words = "cat\ncat\ndog\nthe"}, "ascending"));
  CHECK(refuses({.has_words = false}, "'words' is missing"));
  CHECK(refuses({.idf_type = DType::f16}, "'idf' is not f32"));
}

TEST_CASE("WordVectors: a file cut off anywhere is refused") {
  const ByteBuffer file = file_of({});
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_THROWS_AS(WordVectors{ByteView{file}.first(size)}, Error);
}

}  // namespace
}  // namespace hart::nn
