#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hart::index {

/// Consecutive stored vectors, side by side.
struct VectorBlock {
  std::size_t dim = 0;
  std::vector<std::int64_t> embedding_ids;  ///< (n)
  std::vector<std::int64_t> atom_ids;       ///< (n)
  std::vector<float> values;                ///< (n, dim)

  [[nodiscard]] std::size_t size() const noexcept { return embedding_ids.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const noexcept {
    return {values.data() + i * dim, dim};
  }
  void push_back(std::int64_t embedding_id, std::int64_t atom_id,
                 std::span<const float> vector) {
    embedding_ids.push_back(embedding_id);
    atom_ids.push_back(atom_id);
    values.insert(values.end(), vector.begin(), vector.end());
  }
  void clear() noexcept {
    embedding_ids.clear();
    atom_ids.clear();
    values.clear();
  }
};

/// Rows a block should hold, so that its vectors fill about 256 KiB.
[[nodiscard]] constexpr std::size_t rows_per_block(std::size_t dim) noexcept {
  constexpr std::size_t kBlockBytes = 256 * 1024;
  const std::size_t rows = kBlockBytes / (sizeof(float) * (dim == 0 ? 1 : dim));
  return rows == 0 ? 1 : rows;
}

}  // namespace hart::index
