#pragma once

#include <cstddef>
#include <span>

namespace hart::nn::cpu {

/// Positions in a block of the key-value cache: key and value blocks are (head_dim, kBlock)
/// matrices, so that a SIMD lane is a position and any head_dim runs at full width.
inline constexpr std::size_t kBlock = 16;

/// The element-wise and attention kernels for one instruction set. All give the same bits: they
/// compute the same formulas in the same order of summation, products and sums rounded
/// separately.
struct Ops {
  const char* name;
  bool is_supported;  ///< by this processor

  /// out[i] = x[i] * weight[i] / sqrt(mean(x²) + epsilon), for i in [0, n). `out` may be `x`.
  /// Source: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019.
  void (*rms_norm)(const float* x, const float* weight, std::size_t n, float epsilon,
                   float* out) noexcept;

  /// gate[i] = silu(gate[i]) * up[i] with silu(x) = x / (1 + exp(-x)).
  /// Source: N. Shazeer, "GLU Variants Improve Transformer", 2020 (SwiGLU).
  void (*silu_multiply)(float* gate, const float* up, std::size_t n) noexcept;

  /// out[i] = exp(x[i] - offset), relative error below 2e-7; arguments below -87 give about
  /// 1e-38 and those above 88 about 1e38. `out` may be `x`.
  void (*exp_minus)(const float* x, float offset, std::size_t n, float* out) noexcept;

  /// Scaled dot-product attention of one query head over `count` >= 1 positions:
  /// out (head_dim) = sum over t of softmax(scale * <query, key_t>)_t * value_t.
  /// `keys` and `values`: ceil(count / kBlock) blocks; what lies in them beyond `count` must be
  /// finite and is ignored. `scores`: scratch of as many blocks times kBlock floats.
  void (*attend)(const float* query, const float* keys, const float* values, std::size_t count,
                 std::size_t head_dim, float scale, float* scores, float* out) noexcept;
};

/// Every variant, slowest first; the first runs everywhere.
[[nodiscard]] std::span<const Ops> all_ops() noexcept;
/// The fastest that this processor supports.
[[nodiscard]] const Ops& ops() noexcept;

}  // namespace hart::nn::cpu
