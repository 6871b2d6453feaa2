#include "index/near_cells.h"

#include <vector>

#include "index/cell_kernels.h"

namespace hart::index {
namespace {

/// Weight of the part of a residual that is parallel to the first.
constexpr float kParallelWeight = 1.0F;

}  // namespace

std::uint32_t spill_cell(std::span<const float> row, const NearCells& near,
                         std::span<const float> centroids) {
  if (near.size() == 1) return near.cell(0);
  const CellKernels& kernels = cell_kernels();
  const std::size_t dim = row.size();
  const float* first = centroids.data() + near.cell(0) * dim;
  std::vector<float> residual(dim);
  for (std::size_t j = 0; j < dim; ++j) residual[j] = row[j] - first[j];
  const float square = kernels.dot_f32(residual.data(), residual.data(), dim);
  const float along = kernels.dot_f32(residual.data(), row.data(), dim);
  const float row_square = kernels.dot_f32(row.data(), row.data(), dim);
  std::uint32_t best = near.cell(1);
  float least = 0;
  for (std::size_t i = 1; i < near.size(); ++i) {
    // ‖r'‖² and r·r' of the residual r' to the other centroid.
    const float other_square = row_square - 2 * near.score(i);
    const float* other = centroids.data() + near.cell(i) * dim;
    const float parallel = along - kernels.dot_f32(residual.data(), other, dim);
    const float loss =
        other_square + (square > 0 ? kParallelWeight * parallel * parallel / square : 0);
    if (i == 1 || loss < least) {
      least = loss;
      best = near.cell(i);
    }
  }
  return best;
}

}  // namespace hart::index
