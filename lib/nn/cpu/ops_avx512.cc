#define HART_LANES 16
#include "nn/cpu/ops_kernels.h"
#include "nn/cpu/ops_variants.h"

namespace hart::nn::cpu {

constinit const Ops avx512_ops = make_ops("avx512");

}  // namespace hart::nn::cpu
