#include "nn/cpu/ops.h"

#include <array>

#include "core/cpu.h"
#include "nn/cpu/ops_variants.h"

namespace hart::nn::cpu {
namespace {

std::array<Ops, 3> detect() noexcept {
  std::array<Ops, 3> variants = {portable_ops, avx2_ops, avx512_ops};
  variants[1].is_supported = cpu_features().avx2;
  variants[2].is_supported = cpu_features().avx512;
  return variants;
}

}  // namespace

std::span<const Ops> all_ops() noexcept {
  static const std::array<Ops, 3> variants = detect();
  return variants;
}

const Ops& ops() noexcept {
  static const Ops& best = []() -> const Ops& {
    const Ops* fastest = &all_ops().front();
    for (const Ops& variant : all_ops())
      if (variant.is_supported) fastest = &variant;
    return *fastest;
  }();
  return best;
}

}  // namespace hart::nn::cpu
