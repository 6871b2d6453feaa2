#include "tensor/weight_kernels_body.h"

namespace hart::tensor {

WeightKernels scalar_weight_kernels() noexcept {
  return portable_kernels();
}

}  // namespace hart::tensor
