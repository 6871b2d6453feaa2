#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infer/embedder.h"
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

/// The two functions above for many calls: what they found is kept until `forget`.
class ModelChoice {
 public:
  /// `store` must outlive it.
  explicit ModelChoice(store::Store& store) : store_{store} {}

  [[nodiscard]] const store::EmbeddingModel& named(const std::string& name);
  [[nodiscard]] const store::EmbeddingModel& of_length(std::size_t dims,
                                                       const std::string& name);
  /// Looks again from now on, as when the store may have changed.
  void forget() noexcept { known_.clear(); }

 private:
  using Key = std::pair<std::size_t, std::string>;  ///< dims, 0 for any, and name

  store::Store& store_;
  std::map<Key, store::EmbeddingModel> known_;
};

/// Turns the text of a query into a vector of the space that the store's vectors lie in.
class QueryEmbedder {
 public:
  /// With the model that `reference` names (a file, a folder, an object of the store); when
  /// that is empty, with the shipped one where the store has vectors of it, else with the
  /// newest one whose vectors and itself the store holds. Nothing where there is none. Throws
  /// Error(no_input) when one was named and the store has no vectors of it.
  static std::optional<QueryEmbedder> open(store::Store& store, const std::string& reference,
                                           unsigned threads);

  [[nodiscard]] const store::EmbeddingModel& model() const noexcept { return model_; }
  /// Nothing when the model knows no word of the text.
  [[nodiscard]] std::optional<std::vector<float>> embed(std::string_view text) const {
    auto vector = embedder_->embed(text);
    if (!vector) return std::nullopt;
    return std::move(vector->values);
  }

 private:
  static std::optional<QueryEmbedder> open_shipped(store::Store& store, unsigned threads);
  static std::optional<QueryEmbedder> open_held(store::Store& store, unsigned threads);
  QueryEmbedder(std::unique_ptr<infer::Embedder> embedder, store::EmbeddingModel model)
      : embedder_{std::move(embedder)}, model_{std::move(model)} {}

  std::unique_ptr<infer::Embedder> embedder_;
  store::EmbeddingModel model_;
};

}  // namespace hart::search_tool
