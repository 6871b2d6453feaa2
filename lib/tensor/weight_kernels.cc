#include "tensor/weight_kernels.h"

#include <vector>

#include "core/cpu.h"

namespace hart::tensor {

std::span<const WeightKernels> all_weight_kernels() noexcept {
  static const std::vector<WeightKernels> kernels = [] {
    std::vector<WeightKernels> usable{scalar_weight_kernels()};
#if defined(__x86_64__)
    if (cpu_features().avx2) usable.push_back(avx2_weight_kernels());
#endif
    return usable;
  }();
  return kernels;
}

const WeightKernels& weight_kernels() noexcept {
  static const WeightKernels& fastest = all_weight_kernels().back();
  return fastest;
}

}  // namespace hart::tensor
