#pragma once

#include "nn/cpu/ops_attention.h"
#include "nn/cpu/ops_elementwise.h"

namespace hart::nn::cpu {
namespace {

constexpr Ops make_ops(const char* name) {
  return {name,     true,    rms_norm,  layer_norm,  silu_multiply, gelu_multiply,
          gelu_erf, softcap, exp_minus, attend_tile, to_halves};
}

}  // namespace
}  // namespace hart::nn::cpu
