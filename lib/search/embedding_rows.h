#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// All vectors of one embedding model in memory, scaled to length 1; a zero vector stays zero.
struct EmbeddingRows {
  std::size_t dim = 0;
  std::vector<std::int64_t> atoms;  ///< (n), ascending
  std::vector<float> values;        ///< (n, dim), row-major

  [[nodiscard]] std::size_t size() const noexcept { return atoms.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const noexcept {
    return {values.data() + i * dim, dim};
  }
};

/// The acting tenant's vectors of `model`. Throws Error(data) when one has another length than
/// the model's.
[[nodiscard]] EmbeddingRows read_embedding_rows(store::Store& store,
                                                const store::EmbeddingModel& model);

/// At most `limit` rows of `rows`, evenly spread over their order, one after the other.
[[nodiscard]] std::vector<float> spread_sample(const EmbeddingRows& rows, std::size_t limit);

}  // namespace hart::search
