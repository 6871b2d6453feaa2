#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace hart::store {

/// How an importance was measured: from the weights alone, or from what flows through them.
enum class ImportanceMethod { magnitude, activation };
[[nodiscard]] std::string_view importance_method_name(ImportanceMethod method) noexcept;

struct TensorImportance {
  std::int64_t position = 0;  ///< of the tensor in its model
  std::int64_t tensor_atom_id = 0;
  double importance = 0;
};

struct LayerImportance {
  std::int64_t layer_index = 0;  ///< in the model's list of layers
  double importance = 0;
};

/// What the acting tenant knows of a model's importance: one figure a tensor and a layer.
struct ModelImportance {
  ImportanceMethod method = ImportanceMethod::magnitude;
  std::vector<TensorImportance> tensors;
  std::vector<LayerImportance> layers;
  /// Whether these are all: figures of tensors and layers not among them are then dropped.
  bool complete = true;
};

/// Stores figures for the acting tenant, inside a WriteTransaction, and each tensor's as the
/// importance of the tenant's reference to the tensor atom (which models may share: the last
/// scored counts). Returns how many figures of tensors and layers changed, were added or were
/// dropped: the same figures again change no row, so that the history holds changes alone.
/// Throws Error(usage) on a figure that is not finite.
std::size_t put_importance(Store& store, std::int64_t model_atom_id,
                           const ModelImportance& importance);

/// A layer of a model, with its importance where it has been scored.
struct ScoredLayer {
  std::int64_t layer_index = 0;
  std::string name;  ///< "blk.3"
  std::optional<double> importance;
};
/// The layers of a model that the acting tenant holds, in order.
[[nodiscard]] std::vector<ScoredLayer> scored_layers(Store& store, std::int64_t model_atom_id);

}  // namespace hart::store
