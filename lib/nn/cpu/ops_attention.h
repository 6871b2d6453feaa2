#pragma once

#include "nn/cpu/ops_elementwise.h"

namespace hart::nn::cpu {
namespace {

typedef std::uint16_t Halves __attribute__((vector_size(2 * HART_LANES)));
typedef std::int8_t Bytes __attribute__((vector_size(HART_LANES)));

inline Floats load_numbers(const float* data) noexcept {
  return load(data);
}

/// Finite binary16 numbers, exactly.
inline Floats load_numbers(const std::uint16_t* data) noexcept {
  Halves halves;
  std::memcpy(&halves, data, sizeof halves);
#if defined(__F16C__) && HART_LANES == 8
  typedef short Shorts __attribute__((vector_size(16)));
  return __builtin_ia32_vcvtph2ps256(reinterpret_cast<Shorts>(halves));
#else
  const Ints bits = __builtin_convertvector(halves, Ints);
  const Ints magnitude = (bits & 0x7FFF) << 13;
  const Floats normal = reinterpret_cast<Floats>(magnitude + (112 << 23));
  // A subnormal is its bits above a power of two, which is taken away again.
  const Ints subnormal_base = Ints{} + (113 << 23);
  const Floats subnormal = reinterpret_cast<Floats>(magnitude + subnormal_base) -
                           reinterpret_cast<Floats>(subnormal_base);
  const Floats value = magnitude < (1 << 23) ? subnormal : normal;
  return reinterpret_cast<Floats>(reinterpret_cast<Ints>(value) | ((bits & 0x8000) << 16));
#endif
}

inline Floats load_numbers(const std::int8_t* data) noexcept {
  Bytes bytes;
  std::memcpy(&bytes, data, sizeof bytes);
  return __builtin_convertvector(bytes, Floats);
}

/// Blocks of numbers of one type; scales where the type has them.
template <typename Number> struct Blocks {
  const Number* numbers;
  const float* scales;
  std::size_t head_dim;

  [[nodiscard]] const Number* row(std::size_t block, std::size_t d) const noexcept {
    return numbers + (block * head_dim + d) * kBlock;
  }
  [[nodiscard]] const float* scale(std::size_t block, std::size_t group) const noexcept {
    return scales + (block * ((head_dim + kScaled - 1) / kScaled) + group) * kBlock;
  }
};

constexpr bool is_scaled(const std::int8_t*) noexcept {
  return true;
}
constexpr bool is_scaled(const void*) noexcept {
  return false;
}

/// sums[b] += query[d] * keys[d] over d in [begin, end) for kCount consecutive blocks: several
/// at once keep the multiply-add units busy.
template <std::size_t kCount, typename Number>
inline void score_range(const float* query, const Blocks<Number>& keys, std::size_t block,
                        std::size_t begin, std::size_t end, Row* sums) noexcept {
  for (std::size_t d = begin; d < end; ++d) {
    const Floats q = splat(query[d]);
    for (std::size_t b = 0; b < kCount; ++b) {
      const Number* row = keys.row(block + b, d);
      for (std::size_t p = 0; p < kParts; ++p)
        sums[b].part[p] += q * load_numbers(row + p * kLanes);
    }
  }
}

template <std::size_t kCount, typename Number>
inline void score_blocks(const float* query, const Blocks<Number>& keys, std::size_t block,
                         float scale, float* scores) noexcept {
  Row sums[kCount];
  for (Row& sum : sums) sum = zero_row();
  if constexpr (is_scaled(static_cast<const Number*>(nullptr))) {
    for (std::size_t d = 0; d < keys.head_dim; d += kScaled) {
      const std::size_t end = d + kScaled < keys.head_dim ? d + kScaled : keys.head_dim;
      Row part[kCount];
      for (Row& sum : part) sum = zero_row();
      score_range<kCount>(query, keys, block, d, end, part);
      for (std::size_t b = 0; b < kCount; ++b) {
        const Row scales = load_row(keys.scale(block + b, d / kScaled));
        for (std::size_t p = 0; p < kParts; ++p)
          sums[b].part[p] += part[b].part[p] * scales.part[p];
      }
    }
  } else {
    score_range<kCount>(query, keys, block, 0, keys.head_dim, sums);
  }
  for (std::size_t b = 0; b < kCount; ++b) {
    for (Floats& part : sums[b].part) part *= scale;
    store_row(scores + b * kBlock, sums[b]);
  }
}

template <typename Number>
inline void score_tile(const AttentionShape& shape, const float* query,
                       const Blocks<Number>& keys, std::size_t block, std::size_t blocks,
                       float* scores) noexcept {
  for (; block + 4 <= blocks; block += 4)
    score_blocks<4>(query, keys, block, shape.scale, scores + block * kBlock);
  for (; block < blocks; ++block)
    score_blocks<1>(query, keys, block, shape.scale, scores + block * kBlock);
}

/// out[d] = out[d] * correction + the weighted values, for kCount consecutive d.
template <std::size_t kCount, typename Number>
inline void mix_values(const float* weights, const Blocks<Number>& values, std::size_t block,
                       std::size_t blocks, std::size_t d, float correction,
                       float* out) noexcept {
  Row sums[kCount];
  for (Row& sum : sums) sum = zero_row();
  for (; block < blocks; ++block) {
    const Row weight = load_row(weights + block * kBlock);
    for (std::size_t i = 0; i < kCount; ++i) {
      const Number* row = values.row(block, d + i);
      for (std::size_t p = 0; p < kParts; ++p)
        sums[i].part[p] += weight.part[p] * load_numbers(row + p * kLanes);
    }
  }
  if constexpr (kCount == 4) {
    Four mixed;
    std::memcpy(&mixed, out + d, sizeof mixed);
    mixed = mixed * correction + sum_rows(sums);
    std::memcpy(out + d, &mixed, sizeof mixed);
  } else {
    for (std::size_t i = 0; i < kCount; ++i)
      out[d + i] = out[d + i] * correction + sum_row(sums[i]);
  }
}

template <typename Number>
inline void mix_range(const float* weights, const Blocks<Number>& values, std::size_t block,
                      std::size_t blocks, std::size_t d, std::size_t end, float correction,
                      float* out) noexcept {
  for (; d + 4 <= end; d += 4)
    mix_values<4>(weights, values, block, blocks, d, correction, out);
  for (; d < end; ++d) mix_values<1>(weights, values, block, blocks, d, correction, out);
}

template <typename Number>
inline void mix_tile(const float* weights, const Blocks<Number>& values, std::size_t block,
                     std::size_t blocks, float correction, float* scaled, float* out) noexcept {
  if constexpr (is_scaled(static_cast<const Number*>(nullptr))) {
    for (std::size_t d = 0; d < values.head_dim; d += kScaled) {
      for (std::size_t b = block; b < blocks; ++b) {
        Row weight = load_row(weights + b * kBlock);
        const Row scales = load_row(values.scale(b, d / kScaled));
        for (std::size_t p = 0; p < kParts; ++p) weight.part[p] *= scales.part[p];
        store_row(scaled + b * kBlock, weight);
      }
      const std::size_t end = d + kScaled < values.head_dim ? d + kScaled : values.head_dim;
      mix_range(scaled, values, block, blocks, d, end, correction, out);
    }
  } else {
    mix_range(weights, values, block, blocks, 0, values.head_dim, correction, out);
  }
}

/// Scores of positions [begin, end) become exp(score - state.greatest), the others of their
/// blocks 0; `state` takes them in. Gives the factor for what was summed before.
inline float exponentiate(float* scores, std::size_t begin, std::size_t end,
                          SoftmaxState& state) noexcept {
  const std::size_t first = begin / kBlock * kBlock;
  const std::size_t last = (end + kBlock - 1) / kBlock * kBlock;
  for (std::size_t t = first; t < begin; ++t) scores[t] = -__builtin_inff();
  for (std::size_t t = end; t < last; ++t) scores[t] = -__builtin_inff();
  Floats most = load(scores + first);
  for (std::size_t t = first + kLanes; t < last; t += kLanes)
    most = max_of(most, load(scores + t));
  float greatest = state.greatest;
  for (std::size_t i = 0; i < kLanes; ++i) greatest = most[i] > greatest ? most[i] : greatest;
  float correction = 1.0f;
  if (state.sum == 0.0f)
    correction = 0.0f;
  else if (greatest != state.greatest)
    correction = exp_of(splat(state.greatest - greatest))[0];
  for (std::size_t t = first; t < last; t += kBlock) {
    Row row = load_row(scores + t);
    for (Floats& part : row.part) part = exp_of(part - greatest);
    store_row(scores + t, row);
  }
  for (std::size_t t = first; t < begin; ++t) scores[t] = 0.0f;
  for (std::size_t t = end; t < last; ++t) scores[t] = 0.0f;
  Row sum = zero_row();
  for (std::size_t t = first; t < last; t += kBlock) {
    const Row row = load_row(scores + t);
    for (std::size_t p = 0; p < kParts; ++p) sum.part[p] += row.part[p];
  }
  state.greatest = greatest;
  state.sum = state.sum * correction + sum_row(sum);
  return correction;
}

template <typename Number>
inline void attend_numbers(const AttentionShape& shape, const float* query,
                           const KvBlocks& tile, std::size_t begin, std::size_t end,
                           float* scratch, SoftmaxState& state, float* out) noexcept {
  const Blocks<Number> keys = {static_cast<const Number*>(tile.keys), tile.key_scales,
                               shape.head_dim};
  const Blocks<Number> values = {static_cast<const Number*>(tile.values), tile.value_scales,
                                 shape.head_dim};
  const std::size_t block = begin / kBlock, blocks = (end + kBlock - 1) / kBlock;
  score_tile(shape, query, keys, block, blocks, scratch);
  if (shape.softcap != 0)
    softcap(scratch + block * kBlock, shape.softcap, (blocks - block) * kBlock);
  const float correction = exponentiate(scratch, begin, end, state);
  mix_tile(scratch, values, block, blocks, correction, scratch + kTile, out);
}

void attend_tile(const AttentionShape& shape, const float* query, const KvBlocks& tile,
                 std::size_t begin, std::size_t end, float* scratch, SoftmaxState& state,
                 float* out) noexcept {
  switch (tile.type) {
    case KvType::f32:
      return attend_numbers<float>(shape, query, tile, begin, end, scratch, state, out);
    case KvType::f16:
      return attend_numbers<std::uint16_t>(shape, query, tile, begin, end, scratch, state, out);
    case KvType::q8_0:
      return attend_numbers<std::int8_t>(shape, query, tile, begin, end, scratch, state, out);
  }
}

}  // namespace
}  // namespace hart::nn::cpu
