#include "tensor/gemm_kernels.h"

#include <vector>

#include "core/cpu.h"

namespace hart::tensor {

std::size_t panel_bytes(std::size_t columns) noexcept {
  // One byte a level, and for each group, at the smallest 16 levels, a scale and a min.
  constexpr std::size_t kGroup = 16;
  const std::size_t padded = (columns + kChunk - 1) / kChunk * kChunk;
  return kTileRows * (padded + padded / kGroup * 2 * sizeof(float));
}

std::span<const GemmKernels> all_gemm_kernels() noexcept {
  static const std::vector<GemmKernels> kernels = [] {
    std::vector<GemmKernels> usable{scalar_gemm_kernels()};
#if defined(__x86_64__)
    if (cpu_features().avx2) usable.push_back(avx2_gemm_kernels());
    if (cpu_features().avx512_vnni) usable.push_back(avx512_gemm_kernels());
#endif
    return usable;
  }();
  return kernels;
}

const GemmKernels& gemm_kernels() noexcept {
  static const GemmKernels& fastest = all_gemm_kernels().back();
  return fastest;
}

}  // namespace hart::tensor
