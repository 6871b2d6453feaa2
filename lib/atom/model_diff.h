#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atom/model_catalog.h"
#include "atom/tensor_distance.h"
#include "core/json.h"

namespace hart::atom {

/// What became of a tensor from model A to model B.
enum class TensorState : std::uint8_t {
  shared,     ///< the same tensor atom under the same name
  moved,      ///< the same tensor atom under another name
  near,       ///< the same name and shape, other content
  different,  ///< the same name, another shape
  only_a,
  only_b,
};
inline constexpr std::size_t kTensorStates = 6;
[[nodiscard]] std::string_view state_name(TensorState state) noexcept;

/// A tensor of either model and its counterpart. Pointers into the models.
struct TensorPair {
  TensorState state = TensorState::shared;
  const CatalogTensor* a = nullptr;  ///< null for only_b
  const CatalogTensor* b = nullptr;  ///< null for only_a
};

/// Pairs the tensors of two models: by name and atom first, then by atom alone (a layer that a
/// student kept under another number), then by name alone. In the order of A, then what is
/// only in B. Each tensor is in exactly one pair.
[[nodiscard]] std::vector<TensorPair> pair_tensors(const std::vector<CatalogTensor>& a,
                                                   const std::vector<CatalogTensor>& b);

/// Totals of a layer, or of all tensors outside of layers (whose name is empty).
struct LayerDiff {
  std::string name;  ///< in A, or in B for a layer that only B has
  /// The one other layer of B where all its shared and moved tensors stand; else empty.
  std::string moved_to;
  std::uint64_t counts[kTensorStates] = {};  ///< by TensorState
  TensorDistance distance;  ///< over its shared, moved and near tensors that were measured
  [[nodiscard]] std::uint64_t tensors() const noexcept;
};

/// Sums pairs and their distances up by layer, in the order of the pairs. `distances` has one
/// entry a pair; none where nothing was measured. Shared and moved tensors count as equal only
/// in the counts: a layer's distance is over what was measured.
[[nodiscard]] std::vector<LayerDiff> sum_layers(
    const std::vector<TensorPair>& pairs,
    const std::vector<std::optional<TensorDistance>>& distances);

/// A metadata key that is not the same in both: a GGUF key or an entry of SafeTensors'
/// `__metadata__`; of a folder, a file beside its weights and that file's id. Absent values are
/// null. Long arrays are told by type and length.
struct MetadataDiff {
  std::string key;
  Json a, b;
};
/// Keys in the order of A, then those only in B. Throws Error(data) as the formats' parsers do.
[[nodiscard]] std::vector<MetadataDiff> diff_metadata(const CatalogModel& a,
                                                      const CatalogModel& b);

}  // namespace hart::atom
