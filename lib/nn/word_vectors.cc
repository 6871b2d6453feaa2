#include "nn/word_vectors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "formats/safetensors.h"
#include "nn/words.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

constexpr std::string_view kFormat = "hart-word-vectors-1";
/// A vector shorter than this has no direction worth the name.
constexpr double kShortest = 1e-6;

[[noreturn]] void fail(const std::string& what) {
  throw Error{Fault::data, "word vectors: " + what};
}

std::string metadata(const formats::SafetensorsHeader& header, std::string_view key) {
  const auto found = std::find_if(header.metadata.begin(), header.metadata.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  return found == header.metadata.end() ? std::string{} : found->second;
}

/// The tensor `name` of `rank` dimensions, or nothing.
std::optional<tensor::TensorView> find_tensor(const formats::SafetensorsHeader& header,
                                              ByteView file, const std::string& name,
                                              std::size_t rank) {
  const formats::SafetensorsTensor* tensor = header.find_tensor(name);
  if (tensor == nullptr) return std::nullopt;
  if (tensor->shape.size() != rank)
    fail("tensor '" + name + "' has " + std::to_string(tensor->shape.size()) + " dimensions");
  return tensor::TensorView{tensor->dtype, tensor->shape,
                            file.subspan(header.data_offset + tensor->offset, tensor->bytes)};
}

tensor::TensorView require_tensor(const formats::SafetensorsHeader& header, ByteView file,
                                  const std::string& name, std::size_t rank) {
  auto view = find_tensor(header, file, name, rank);
  if (!view) fail("tensor '" + name + "' is missing");
  return *std::move(view);
}

std::vector<float> f32_values(const tensor::TensorView& view, const std::string& name) {
  if (view.dtype != tensor::DType::f32) fail("tensor '" + name + "' is not f32");
  std::vector<float> values(view.bytes.size() / sizeof(float));
  tensor::dequantize_row(view.dtype, view.bytes, values);
  const auto bad = std::find_if(values.begin(), values.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) fail("tensor '" + name + "' holds a value that is not finite");
  return values;
}

}  // namespace

WordVectors::WordVectors(const std::string& path) : file_{path, MappedFile::Access::random} {
  load(file_.bytes());
}

WordVectors::WordVectors(ByteView file) {
  load(file);
}

void WordVectors::load(ByteView file) {
  const formats::SafetensorsHeader header = formats::parse_safetensors(file, file.size());
  if (const std::string format = metadata(header, "format"); format != kFormat)
    fail("the format is '" + format + "', not '" + std::string{kFormat} + "'");
  name_ = metadata(header, "name");
  vectors_ = require_tensor(header, file, "vectors", 2);
  if (vectors_.dtype != tensor::DType::f32 && vectors_.dtype != tensor::DType::f16 &&
      vectors_.dtype != tensor::DType::bf16)
    fail("tensor 'vectors' is neither f32 nor f16 nor bf16");
  dims_ = vectors_.columns();
  const std::size_t count = vectors_.rows();
  if (dims_ == 0 || count == 0) fail("tensor 'vectors' is empty");
  weights_ = f32_values(require_tensor(header, file, "idf", 1), "idf");
  if (weights_.size() != count)
    fail(std::to_string(weights_.size()) + " weights for " + std::to_string(count) + " words");
  if (*std::min_element(weights_.begin(), weights_.end()) < 0) fail("a weight is negative");
  if (const auto common = find_tensor(header, file, "common", 2)) {
    if (common->columns() != dims_) fail("tensor 'common' is not as wide as the vectors");
    common_ = f32_values(*common, "common");
  }
  const tensor::TensorView words = require_tensor(header, file, "words", 1);
  if (words.dtype != tensor::DType::u8) fail("tensor 'words' is not u8");
  read_words(as_text(words.bytes), count);
}

void WordVectors::read_words(std::string_view words, std::size_t count) {
  if (words.size() >= std::numeric_limits<std::uint32_t>::max())
    fail("tensor 'words' is too large");
  words_ = words;
  // One more than the words, so that every word ends one byte before the next begins. A word
  // takes a byte of line feed at least, which bounds what a false count can make this reserve.
  offsets_.reserve(std::min(count, words.size() + 1) + 1);
  for (std::size_t at = 0; (at = words.find('\n', at)) != words.npos;)
    offsets_.push_back(static_cast<std::uint32_t>(++at));
  offsets_.push_back(static_cast<std::uint32_t>(words.size() + 1));
  if (size() != count)
    fail(std::to_string(size()) + " words for " + std::to_string(count) + " vectors");
  for (std::size_t row = 1; row < count; ++row)
    if (word(row - 1) >= word(row)) fail("the words are not in ascending order");
}

std::string_view WordVectors::word(std::size_t row) const noexcept {
  return words_.substr(offsets_[row], offsets_[row + 1] - offsets_[row] - 1);
}

std::optional<std::size_t> WordVectors::find_exactly(std::string_view wanted) const noexcept {
  std::size_t begin = 0;
  for (std::size_t end = size(); begin < end;) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (word(middle) < wanted)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin < size() && word(begin) == wanted ? std::optional{begin} : std::nullopt;
}

std::optional<std::size_t> WordVectors::find(std::string_view wanted) const {
  if (const auto row = find_exactly(wanted)) return row;
  for (const std::string& stem : word_stems(wanted))
    if (const auto row = find_exactly(stem)) return row;
  return std::nullopt;
}

std::optional<std::vector<float>> WordVectors::embed(std::string_view text) const {
  std::vector<double> mean(dims_);
  std::vector<float> vector(dims_);
  double total = 0;
  const std::size_t row_bytes = vectors_.bytes.size() / size();
  for_each_word(text, [&](std::string_view word) {
    const auto row = find(word);
    if (!row || weights_[*row] == 0) return;
    tensor::dequantize_row(vectors_.dtype, vectors_.bytes.subspan(*row * row_bytes, row_bytes),
                           vector);
    const double weight = weights_[*row];
    total += weight;
    for (std::size_t i = 0; i < dims_; ++i) mean[i] += weight * vector[i];
  });
  if (total <= 0) return std::nullopt;
  for (double& value : mean) value /= total;
  double squares = 0;
  for (std::size_t at = 0; at < common_.size(); at += dims_) {
    double projection = 0;
    for (std::size_t i = 0; i < dims_; ++i) projection += mean[i] * common_[at + i];
    for (std::size_t i = 0; i < dims_; ++i) mean[i] -= projection * common_[at + i];
  }
  for (const double value : mean) squares += value * value;
  const double length = std::sqrt(squares);
  if (!(length > kShortest) || !std::isfinite(length)) return std::nullopt;
  for (std::size_t i = 0; i < dims_; ++i) vector[i] = static_cast<float>(mean[i] / length);
  return vector;
}

}  // namespace hart::nn
