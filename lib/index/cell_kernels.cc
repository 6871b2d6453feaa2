#include "index/cell_kernels.h"

#include <array>

#include "core/cpu.h"

namespace hart::index {
namespace {

struct Available {
  std::array<CellKernels, 2> kernels;
  std::size_t count = 1;
};

Available find_available() noexcept {
  Available available{{scalar_cell_kernels(), scalar_cell_kernels()}};
#if defined(__x86_64__)
  if (cpu_features().avx2) available.kernels[available.count++] = avx2_cell_kernels();
#endif
  return available;
}

}  // namespace

std::span<const CellKernels> all_cell_kernels() noexcept {
  static const Available available = find_available();
  return {available.kernels.data(), available.count};
}

const CellKernels& cell_kernels() noexcept {
  return all_cell_kernels().back();
}

}  // namespace hart::index
