#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "index/cell_file.h"
#include "index/cell_index.h"
#include "index/vector_block.h"

namespace hart::index {

/// The vectors that a cell index is built from: the same rows in the same order each time they
/// are visited.
struct CellSource {
  std::size_t dims = 0;
  std::size_t items = 0;
  std::function<void(const std::function<void(const VectorBlock&)>&)> visit;
};

/// What the file says of where it belongs.
struct CellOwner {
  std::int64_t generation = 0;
  std::int64_t tenant_id = 0;
  std::int64_t embedding_model_id = 0;
  std::int64_t last_embedding_id = 0;
};

/// Cells for so many vectors when nobody says how many: one for 32 vectors at most, about 4 √n
/// up to 160 000 vectors, then one for 100, up to 16 √n. Fewer cells than the vectors have
/// clusters scatter the clusters left over: of a million vectors in 10 000 clusters, recall
/// 0.99 takes 211 of 4 000 cells, but one of 10 000.
[[nodiscard]] std::size_t default_cells(std::size_t items) noexcept;

/// Builds and calibrates the cell index of `source` in the file `path`. Visits the source three
/// times; keeps a sample, the codes and 40 bytes a vector in memory. Neither the file nor the
/// calibration depends on the threads. Throws Error(no_input) without vectors, Error(data)
/// where one is not finite or the source gives other rows the second time, Error(io).
std::vector<CellCalibration> build_cell_file(
    const CellSource& source, const CellBuildOptions& options, const CellOwner& owner,
    const std::string& path, const std::function<void(std::uint64_t)>& progress);

}  // namespace hart::index
