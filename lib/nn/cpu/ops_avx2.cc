#define HART_LANES 8
#include "nn/cpu/ops_kernels.h"
#include "nn/cpu/ops_variants.h"

namespace hart::nn::cpu {

constinit const Ops avx2_ops = make_ops("avx2");

}  // namespace hart::nn::cpu
