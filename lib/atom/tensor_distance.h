#pragma once

#include <cstdint>

#include "atom/model_catalog.h"

namespace hart::atom {

/// How far tensor b is from tensor a of the same shape, element by element, in binary64 over
/// the decoded values. Elements that are not finite in either are left out of the sums. For
/// one dtype of single elements `changed` compares their bits, else the values. Merging is
/// done in the order of the elements, so that nothing depends on the threads.
struct TensorDistance {
  std::uint64_t elements = 0;
  std::uint64_t changed = 0;
  std::uint64_t not_finite = 0;
  double squared_a = 0;           ///< Σ a²
  double squared_b = 0;           ///< Σ b²
  double product = 0;             ///< Σ a b
  double squared_difference = 0;  ///< Σ (a − b)²
  double largest_difference = 0;  ///< max |a − b|

  void merge(const TensorDistance& other) noexcept;

  /// ‖a − b‖ / ‖a‖; 0 when both are zero, infinite when only a is.
  [[nodiscard]] double relative() const noexcept;
  /// ⟨a, b⟩ / (‖a‖ ‖b‖), at most 1 in magnitude; 1 when both are zero, 0 when only one is.
  [[nodiscard]] double cosine() const noexcept;
  [[nodiscard]] double changed_ratio() const noexcept;
};

/// Measures two tensors of the same shape, streaming: at most about 5 MiB a thread. Throws
/// Error(data) when the store is damaged.
[[nodiscard]] TensorDistance measure_distance(store::Store& store, const CatalogTensor& a,
                                              const CatalogTensor& b, unsigned threads);

}  // namespace hart::atom
