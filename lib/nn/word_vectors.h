#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "tensor/dtype.h"

namespace hart::nn {

/// Text embeddings from word vectors: the mean of the vectors of the text's known words,
/// weighted by their inverse document frequency, less its projection on the directions that all
/// texts share, normalised. Source: S. Arora, Y. Liang, T. Ma, "A Simple but Tough-to-Beat
/// Baseline for Sentence Embeddings", ICLR 2017.
///
/// The model is a SafeTensors file with the metadata `format` = "hart-word-vectors-1" and the
/// tensors `vectors` (n, dims), f32, f16 or bf16; `idf` f32 (n), 0 for words that say nothing;
/// `words` u8, n distinct words in ascending order of their bytes with a line feed between
/// them; and perhaps `common` f32 (c, dims), orthonormal. A word that is not among them counts
/// as the first of its word_stems that is.
class WordVectors {
 public:
  /// Maps the file. Nothing but the words is read before they are asked for. Throws as
  /// MappedFile does, and Error(data) when it is no such model.
  explicit WordVectors(const std::string& path);
  /// The same over bytes that outlive the object.
  explicit WordVectors(ByteView file);

  /// Elements of a vector, and number of words.
  [[nodiscard]] std::size_t dims() const noexcept { return dims_; }
  [[nodiscard]] std::size_t size() const noexcept { return offsets_.size() - 1; }
  /// The name that the metadata gives, empty when it gives none.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// The row of `word`, lower-case, or of its stem.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view word) const;

  /// The unit vector (dims) of a text; nothing when no word of any weight in it is known. Never
  /// fails. Any number of threads may ask.
  [[nodiscard]] std::optional<std::vector<float>> embed(std::string_view text) const;

 private:
  void load(ByteView file);
  void read_words(std::string_view words, std::size_t count);
  [[nodiscard]] std::string_view word(std::size_t row) const noexcept;
  [[nodiscard]] std::optional<std::size_t> find_exactly(std::string_view word) const noexcept;

  MappedFile file_;
  std::string name_;
  std::size_t dims_ = 0;
  tensor::TensorView vectors_;
  std::vector<float> weights_;
  std::vector<float> common_;  ///< (c, dims)
  std::string_view words_;
  std::vector<std::uint32_t> offsets_ = {0};  ///< (size + 1): where each word begins in words_
};

}  // namespace hart::nn
