// The kernels of nn/cpu/ops.h, written once over vectors of HART_LANES floats. Each instruction
// set has a file that defines HART_LANES and includes this one; everything here has internal
// linkage, so that no function compiled for one processor is linked into the code for another.
// For the same reason it calls compiler builtins where <cmath> has inline functions. The build
// keeps products and sums from being fused, so that all instruction sets give the same bits.
#ifndef HART_LANES
#define HART_LANES 4  // what any machine has
#endif

#include <cstdint>
#include <cstring>

#include "nn/cpu/ops.h"

namespace hart::nn::cpu {
namespace {

constexpr std::size_t kLanes = HART_LANES;
constexpr std::size_t kParts = kBlock / kLanes;  ///< vectors in a row of a block

typedef float Floats __attribute__((vector_size(4 * HART_LANES)));
typedef std::int32_t Ints __attribute__((vector_size(4 * HART_LANES)));

inline Floats load(const float* data) noexcept {
  Floats value;
  std::memcpy(&value, data, sizeof value);
  return value;
}
inline void store(float* data, Floats value) noexcept {
  std::memcpy(data, &value, sizeof value);
}
inline Floats splat(float value) noexcept {
  return Floats{} + value;
}
inline Floats max_of(Floats a, Floats b) noexcept {
  return a > b ? a : b;
}

/// kBlock numbers.
struct Row {
  Floats part[kParts];
};

inline Row load_row(const float* data) noexcept {
  Row row;
  for (std::size_t i = 0; i < kParts; ++i) row.part[i] = load(data + i * kLanes);
  return row;
}
inline void store_row(float* data, const Row& row) noexcept {
  for (std::size_t i = 0; i < kParts; ++i) store(data + i * kLanes, row.part[i]);
}
inline Row zero_row() noexcept {
  Row row;
  for (Floats& part : row.part) part = Floats{};
  return row;
}

/// The sum of a row, halves first: one order for every vector width.
inline float sum_row(const Row& row) noexcept {
  float values[kBlock];
  store_row(values, row);
  for (std::size_t half = kBlock / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) values[i] += values[i + half];
  return values[0];
}

/// exp(x) = 2^n * exp(r) with |r| <= ln 2 / 2, where the Taylor series to degree 7 leaves out
/// less than 6e-9 of the value. ln 2 is subtracted in two parts, the first exact in 15 bits.
inline Floats exp_of(Floats x) noexcept {
  x = x < splat(-87.0f) ? splat(-87.0f) : x;
  x = x > splat(88.0f) ? splat(88.0f) : x;
  // Adding 1.5 * 2^23 rounds to an integer, in the mode "nearest".
  const Floats rounder = splat(12582912.0f);
  const Floats n = (x * 1.44269504f + rounder) - rounder;
  const Floats r = (x - n * 0.693145751953125f) - n * 1.42860682e-6f;
  Floats sum = splat(1.0f / 5040);
  sum = sum * r + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  const Ints exponent = __builtin_convertvector(n, Ints) + 127;
  return sum * reinterpret_cast<Floats>(exponent << 23);
}

void exp_minus(const float* x, float offset, std::size_t n, float* out) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, exp_of(load(x + i) - offset));
  if (i == n) return;
  float rest[kLanes] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  store(rest, exp_of(load(rest) - offset));
  std::memcpy(out + i, rest, (n - i) * sizeof(float));
}

inline Floats silu_times(Floats gate, Floats up) noexcept {
  return gate / (exp_of(-gate) + 1.0f) * up;
}

void silu_multiply(float* gate, const float* up, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    store(gate + i, silu_times(load(gate + i), load(up + i)));
  if (i == n) return;
  float gate_rest[kLanes] = {}, up_rest[kLanes] = {};
  std::memcpy(gate_rest, gate + i, (n - i) * sizeof(float));
  std::memcpy(up_rest, up + i, (n - i) * sizeof(float));
  store(gate_rest, silu_times(load(gate_rest), load(up_rest)));
  std::memcpy(gate + i, gate_rest, (n - i) * sizeof(float));
}

void rms_norm(const float* x, const float* weight, std::size_t n, float epsilon,
              float* out) noexcept {
  Row squares = zero_row();
  std::size_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    const Row row = load_row(x + i);
    for (std::size_t p = 0; p < kParts; ++p) squares.part[p] += row.part[p] * row.part[p];
  }
  float sum = sum_row(squares);
  for (; i < n; ++i) sum += x[i] * x[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / static_cast<float>(n) + epsilon);
  i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i) * scale * load(weight + i));
  for (; i < n; ++i) out[i] = x[i] * scale * weight[i];
}

/// Scores of kCount consecutive blocks. Several at once keep the multiply-add units busy.
template <std::size_t kCount>
inline void score_blocks(const float* query, const float* keys, std::size_t head_dim,
                         float scale, float* scores) noexcept {
  Row sums[kCount];
  for (Row& sum : sums) sum = zero_row();
  for (std::size_t d = 0; d < head_dim; ++d) {
    const Floats q = splat(query[d]);
    for (std::size_t b = 0; b < kCount; ++b) {
      const float* row = keys + (b * head_dim + d) * kBlock;
      for (std::size_t p = 0; p < kParts; ++p) sums[b].part[p] += q * load(row + p * kLanes);
    }
  }
  for (std::size_t b = 0; b < kCount; ++b) {
    for (Floats& part : sums[b].part) part *= scale;
    store_row(scores + b * kBlock, sums[b]);
  }
}

/// out[d] for kCount consecutive d: the values weighted by `weights`, times `scale`.
template <std::size_t kCount>
inline void mix_values(const float* weights, const float* values, std::size_t blocks,
                       std::size_t head_dim, float scale, float* out) noexcept {
  Row sums[kCount];
  for (Row& sum : sums) sum = zero_row();
  for (std::size_t b = 0; b < blocks; ++b) {
    const Row weight = load_row(weights + b * kBlock);
    for (std::size_t d = 0; d < kCount; ++d) {
      const float* row = values + (b * head_dim + d) * kBlock;
      for (std::size_t p = 0; p < kParts; ++p)
        sums[d].part[p] += weight.part[p] * load(row + p * kLanes);
    }
  }
  for (std::size_t d = 0; d < kCount; ++d) out[d] = sum_row(sums[d]) * scale;
}

/// scores[t] becomes exp(scores[t] - the greatest of them), 0 beyond `count`; gives the sum.
float exponentiate(float* scores, std::size_t count, std::size_t blocks) noexcept {
  const std::size_t padded = blocks * kBlock;
  for (std::size_t t = count; t < padded; ++t) scores[t] = -__builtin_inff();
  Floats most = load(scores);
  for (std::size_t t = kLanes; t < padded; t += kLanes) most = max_of(most, load(scores + t));
  float greatest = most[0];
  for (std::size_t i = 1; i < kLanes; ++i) greatest = most[i] > greatest ? most[i] : greatest;
  exp_minus(scores, greatest, padded, scores);
  for (std::size_t t = count; t < padded; ++t) scores[t] = 0.0f;
  Row sum = zero_row();
  for (std::size_t b = 0; b < blocks; ++b) {
    const Row row = load_row(scores + b * kBlock);
    for (std::size_t p = 0; p < kParts; ++p) sum.part[p] += row.part[p];
  }
  return sum_row(sum);
}

void attend(const float* query, const float* keys, const float* values, std::size_t count,
            std::size_t head_dim, float scale, float* scores, float* out) noexcept {
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  const std::size_t block_floats = head_dim * kBlock;
  std::size_t b = 0;
  for (; b + 4 <= blocks; b += 4)
    score_blocks<4>(query, keys + b * block_floats, head_dim, scale, scores + b * kBlock);
  for (; b < blocks; ++b)
    score_blocks<1>(query, keys + b * block_floats, head_dim, scale, scores + b * kBlock);
  const float inverse = 1.0f / exponentiate(scores, count, blocks);
  std::size_t d = 0;
  for (; d + 4 <= head_dim; d += 4)
    mix_values<4>(scores, values + d * kBlock, blocks, head_dim, inverse, out + d);
  for (; d < head_dim; ++d)
    mix_values<1>(scores, values + d * kBlock, blocks, head_dim, inverse, out + d);
}

constexpr Ops make_ops(const char* name) {
  return {name, true, rms_norm, silu_multiply, exp_minus, attend};
}

}  // namespace
}  // namespace hart::nn::cpu
