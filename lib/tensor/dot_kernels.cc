#include "tensor/dot_kernels.h"

#include <vector>

#include "core/cpu.h"

namespace hart::tensor {

std::span<const DotKernels> all_dot_kernels() noexcept {
  static const std::vector<DotKernels> kernels = [] {
    std::vector<DotKernels> usable{scalar_dot_kernels()};
#if defined(__x86_64__)
    if (cpu_features().avx2) usable.push_back(avx2_dot_kernels());
#endif
    return usable;
  }();
  return kernels;
}

const DotKernels& dot_kernels() noexcept {
  static const DotKernels& fastest = all_dot_kernels().back();
  return fastest;
}

}  // namespace hart::tensor
