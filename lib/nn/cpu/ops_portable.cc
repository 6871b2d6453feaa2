#define HART_LANES 4
#include "nn/cpu/ops_kernels.h"
#include "nn/cpu/ops_variants.h"

namespace hart::nn::cpu {

constinit const Ops portable_ops = make_ops("portable");

}  // namespace hart::nn::cpu
