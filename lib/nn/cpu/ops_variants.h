#pragma once

#include "nn/cpu/ops.h"

namespace hart::nn::cpu {

/// The kernels as each instruction set's file compiles them; `is_supported` is true in all and
/// not yet compared with the processor. Constants, because a function in one of those files
/// might itself use the instructions that are in question.
extern const Ops portable_ops;  ///< the compiler's baseline
extern const Ops avx2_ops;      ///< AVX2 and FMA
extern const Ops avx512_ops;    ///< AVX-512 F, BW, DQ, VL

}  // namespace hart::nn::cpu
