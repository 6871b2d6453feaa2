#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hart::nn::cpu {

/// Positions in a block of the key-value cache: key and value blocks are (head_dim, kBlock)
/// matrices, so that a SIMD lane is a position and any head_dim runs at full width.
inline constexpr std::size_t kBlock = 16;
/// Positions that attention takes at a time: a multiple of kBlock.
inline constexpr std::size_t kTile = 256;
/// Numbers of a position's key or value that share a scale in a cache of type q8_0.
inline constexpr std::size_t kScaled = 32;

/// The greatest finite binary16: attention computes with finite numbers.
inline constexpr float kMostHalf = 65504.0f;

enum class KvType : std::uint8_t { f32, f16, q8_0 };

/// Consecutive blocks of keys and of values. `key_scales` and `value_scales` are there for q8_0
/// alone: (ceil(head_dim / kScaled), kBlock) a block.
struct KvBlocks {
  KvType type = KvType::f32;
  const void* keys = nullptr;
  const void* values = nullptr;
  const float* key_scales = nullptr;
  const float* value_scales = nullptr;
};

/// What all attention of a layer shares.
struct AttentionShape {
  std::size_t head_dim = 0;
  float scale = 1;
  float softcap = 0;  ///< scores become softcap * tanh(score / softcap); 0: they stay
};

/// A query's softmax as far as it has come: the greatest score, and the sum of the exponentials
/// of the others less it.
struct SoftmaxState {
  float greatest = -__builtin_inff();
  float sum = 0;
};

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

  /// out[i] = (x[i] - mean(x)) / sqrt(variance(x) + epsilon) * weight[i] + bias[i]. `out` may
  /// be `x`, `bias` null. Source: J. L. Ba et al., "Layer Normalization", 2016.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::size_t n,
                     float epsilon, float* out) noexcept;

  /// gate[i] = silu(gate[i]) * up[i] with silu(x) = x / (1 + exp(-x)).
  /// Source: N. Shazeer, "GLU Variants Improve Transformer", 2020 (SwiGLU).
  void (*silu_multiply)(float* gate, const float* up, std::size_t n) noexcept;

  /// The same with gelu(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x³))) (GEGLU).
  void (*gelu_multiply)(float* gate, const float* up, std::size_t n) noexcept;

  /// x[i] = x[i] / 2 * (1 + erf(x[i] / sqrt 2)), erf within 1.5e-7: M. Abramowitz and I. A.
  /// Stegun, "Handbook of Mathematical Functions", 1964, 7.1.26.
  void (*gelu_erf)(float* x, std::size_t n) noexcept;

  /// x[i] = cap * tanh(x[i] / cap).
  void (*softcap)(float* x, float cap, std::size_t n) noexcept;

  /// out[i] = exp(x[i] - offset), relative error below 2e-7; arguments below -87 give about
  /// 1e-38 and those above 88 about 1e38. `out` may be `x`.
  void (*exp_minus)(const float* x, float offset, std::size_t n, float* out) noexcept;

  /// Takes positions [begin, end) of a tile of at most kTile positions, begin < end, into the
  /// attention of one query head: `out` (head_dim) and `state` are as the tiles before have
  /// left them, zeros and SoftmaxState{} at the first. `finish_attention` divides at the last.
  /// `tile`: the blocks of the tile's position 0 and on; what lies in them outside of the
  /// positions must be finite and is ignored. `scratch`: 2 * kTile floats.
  /// Source: T. Dao et al., "FlashAttention", 2022, algorithm 1, a query a time.
  void (*attend_tile)(const AttentionShape& shape, const float* query, const KvBlocks& tile,
                      std::size_t begin, std::size_t end, float* scratch, SoftmaxState& state,
                      float* out) noexcept;

  /// out[i] = x[i] as binary16, rounded to nearest, ties to even; what is beyond kMostHalf
  /// becomes it.
  void (*to_halves)(const float* x, std::size_t n, std::uint16_t* out) noexcept;
};

/// out (head_dim) becomes the values weighted by the softmax of all tiles' scores.
inline void finish_attention(const SoftmaxState& state, std::size_t head_dim,
                             float* out) noexcept {
  const float inverse = 1.0f / state.sum;
  for (std::size_t d = 0; d < head_dim; ++d) out[d] *= inverse;
}

/// Every variant, slowest first; the first runs everywhere.
[[nodiscard]] std::span<const Ops> all_ops() noexcept;
/// The fastest that this processor supports.
[[nodiscard]] const Ops& ops() noexcept;

}  // namespace hart::nn::cpu
