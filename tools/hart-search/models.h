#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/word_vectors.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search_tool {

/// The embedding model called `name`, or the tenant's newest when `name` is empty. Throws
/// Error(no_input) when there is none.
[[nodiscard]] store::EmbeddingModel choose_model(store::Store& store, const std::string& name);

/// The tenant's newest embedding model whose vectors have `dims` elements and, when `name` is
/// not empty, that name. Throws Error(data) when there is none.
[[nodiscard]] store::EmbeddingModel model_of_length(store::Store& store, std::size_t dims,
                                                    const std::string& name);

/// Turns the text of a query into a vector of the space that the store's vectors lie in.
class QueryEmbedder {
 public:
  /// With the model in `file`; when that is empty, with the shipped one. Nothing when the store
  /// has no vectors of the shipped model, or it is not installed. Throws Error(no_input) when
  /// `file` was given and the store has no vectors of it.
  static std::optional<QueryEmbedder> open(store::Store& store, const std::string& file);

  [[nodiscard]] const store::EmbeddingModel& model() const noexcept { return model_; }
  /// Nothing when the model knows no word of the text.
  [[nodiscard]] std::optional<std::vector<float>> embed(std::string_view text) const {
    return vectors_->embed(text);
  }

 private:
  QueryEmbedder(std::unique_ptr<nn::WordVectors> vectors, store::EmbeddingModel model)
      : vectors_{std::move(vectors)}, model_{std::move(model)} {}

  std::unique_ptr<nn::WordVectors> vectors_;
  store::EmbeddingModel model_;
};

}  // namespace hart::search_tool
