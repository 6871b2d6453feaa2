#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.h"
#include "geometry/point.h"
#include "store/store.h"

namespace hart::store {

/// An embedding model as the store knows it: vectors of one model share one space.
struct EmbeddingModel {
  std::int64_t embedding_model_id = 0;
  std::string name;  ///< "wordnet-vectors"
  Id content;        ///< SHA-256 of the model's file: another file is another space
  std::int64_t dims = 0;
};

/// The acting tenant's embedding models, oldest first; one registered when it is not yet there.
[[nodiscard]] std::vector<EmbeddingModel> embedding_models(Store& store);
[[nodiscard]] EmbeddingModel ensure_embedding_model(Store& store, const std::string& name,
                                                    const Id& content, std::int64_t dims);

/// Stores one vector of an atom the tenant holds, replacing that model's older one. Call inside
/// a WriteTransaction. `vector` has the model's dims. Returns the embedding's id.
std::int64_t put_embedding(Store& store, const EmbeddingModel& model, std::int64_t atom_id,
                           std::span<const float> vector);

/// One stored vector. `embedding_id` grows with time: a vector newer than an index generation
/// has a larger one.
struct Embedding {
  std::int64_t embedding_id = 0;
  std::int64_t atom_id = 0;
  std::span<const float> vector;  ///< lives until the visitor returns
};
/// Visits the vectors of the acting tenant with an id above `after`, in ascending order of id.
void for_each_embedding(Store& store, std::int64_t embedding_model_id, std::int64_t after,
                        const std::function<void(const Embedding&)>& visit);

/// Visits the vectors that are hidden from the acting tenant, by ascending atom; they have no
/// id, `embedding_id` is 0. For what keeps them in step until they are seen again: nothing of
/// them is to be shown.
void for_each_hidden_embedding(Store& store, std::int64_t embedding_model_id,
                               const std::function<void(const Embedding&)>& visit);

[[nodiscard]] std::int64_t count_embeddings(Store& store, std::int64_t embedding_model_id);

/// Sets where embeddings lie in the 3-D map and on the Hilbert curve, and their atoms' keys in
/// the unified space, with statements prepared once. Use it inside one WriteTransaction.
class EmbeddingPlacer {
 public:
  explicit EmbeddingPlacer(Store& store);
  void place(std::int64_t embedding_id, const geometry::PointZM& point,
             std::int64_t hilbert_index);
  /// The same for a vector that is hidden from the tenant.
  void place_hidden(std::int64_t embedding_model_id, std::int64_t atom_id,
                    const geometry::PointZM& point, std::int64_t hilbert_index);

 private:
  void set_keys(const geometry::PointZM& point);

  Store& store_;
  Statement set_;
  std::optional<Statement> set_hidden_;  ///< prepared when first asked for
  Statement references_;
  Statement set_key_;
};

}  // namespace hart::store
