#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/gemm_kernels.h"

// Rows of floats with one vector. For the files of the AVX2 kernels, hence the unnamed
// namespace.

namespace hart::tensor {
namespace {

/// The first `count` of eight floats, count < 8; the others are zeros, and are not read.
inline __m256 load_first(const float* at, std::size_t count) noexcept {
  alignas(32) static constexpr std::int32_t kLanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  const auto* mask = reinterpret_cast<const __m256i*>(kLanes + 8 - count);
  return _mm256_maskload_ps(at, _mm256_loadu_si256(mask));
}

struct F32Values {
  static constexpr std::size_t kBytes = 4;
  static __m256 load(const std::uint8_t* at) noexcept {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(at));
  }
  static __m256 load_some(const std::uint8_t* at, std::size_t count) noexcept {
    return load_first(reinterpret_cast<const float*>(at), count);
  }
};
/// The same of values that are two bytes each.
template <typename Values>
inline __m256 load_some_halves(const std::uint8_t* at, std::size_t count) noexcept {
  std::uint8_t some[16] = {};
  std::memcpy(some, at, count * 2);
  return Values::load(some);
}
struct F16Values {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(const std::uint8_t* at) noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  static __m256 load_some(const std::uint8_t* at, std::size_t count) noexcept {
    return load_some_halves<F16Values>(at, count);
  }
};
struct Bf16Values {
  static constexpr std::size_t kBytes = 2;
  static __m256 load(const std::uint8_t* at) noexcept {
    const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
  }
  static __m256 load_some(const std::uint8_t* at, std::size_t count) noexcept {
    return load_some_halves<Bf16Values>(at, count);
  }
};

inline __m128 upper_and_lower(__m256 lanes) noexcept {
  return _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
}

inline float lanes_in_halves(__m256 lanes) noexcept {
  const __m128 four = upper_and_lower(lanes);
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// The same for four sums at once: one result a lane.
inline __m128 four_in_halves(const __m256* lanes) noexcept {
  const __m128 a = upper_and_lower(lanes[0]), b = upper_and_lower(lanes[1]);
  const __m128 c = upper_and_lower(lanes[2]), d = upper_and_lower(lanes[3]);
  const __m128 ab = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  const __m128 cd = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
  return _mm_add_ps(_mm_shuffle_ps(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
}

/// How far ahead of the rows in use the next ones are called for: the processor's own
/// prefetchers lose eight short streams at each change of rows.
constexpr std::size_t kFloatPrefetchBytes = 4096;
constexpr std::size_t kCacheLineBytes = 64;

/// R rows at once: each is one chain of additions, and several hide its latency.
template <typename Values, std::size_t R>
void multiply_float_rows(const WeightRows& w, std::size_t first, const float* x,
                         float* y) noexcept {
  constexpr std::size_t kLanes = 8;
  const std::uint8_t* rows[R];
  __m256 lanes[R];
  const std::uint8_t* row = w.bytes + first * w.row_bytes;
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r, row += w.row_bytes) {
    rows[r] = row;
    lanes[r] = _mm256_setzero_ps();
  }
  std::size_t i = 0;
  const std::uint8_t* ahead = rows[0] + kFloatPrefetchBytes;
  for (; i + kLanes <= w.columns; i += kLanes) {
    const __m256 activations = _mm256_loadu_ps(x + i);
    constexpr std::size_t kStepBytes = R * kLanes * Values::kBytes;
#pragma GCC unroll 4
    for (std::size_t line = 0; line < kStepBytes; line += kCacheLineBytes)
      _mm_prefetch(ahead + line, _MM_HINT_T0);
    ahead += kStepBytes;
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      lanes[r] =
          _mm256_fmadd_ps(Values::load(rows[r] + i * Values::kBytes), activations, lanes[r]);
  }
  if (i < w.columns) {
    const __m256 last = load_first(x + i, w.columns - i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      lanes[r] = _mm256_fmadd_ps(Values::load_some(rows[r] + i * Values::kBytes, w.columns - i),
                                 last, lanes[r]);
  }
  if constexpr (R % 4 == 0) {
#pragma GCC unroll 2
    for (std::size_t r = 0; r < R; r += 4)
      _mm_storeu_ps(y + first + r, four_in_halves(lanes + r));
  } else {
    for (std::size_t r = 0; r < R; ++r) y[first + r] = lanes_in_halves(lanes[r]);
  }
}

template <typename Values>
void multiply_all_float_rows(const WeightRows& w, const float* x, float* y) noexcept {
  std::size_t row = 0;
  for (; row + 8 <= w.n; row += 8) multiply_float_rows<Values, 8>(w, row, x, y);
  if (row + 4 <= w.n) {
    multiply_float_rows<Values, 4>(w, row, x, y);
    row += 4;
  }
  for (; row < w.n; ++row) multiply_float_rows<Values, 1>(w, row, x, y);
}

void float_rows(const WeightRows& w, const float* x, float* y) noexcept {
  if (w.dtype == DType::f32) return multiply_all_float_rows<F32Values>(w, x, y);
  if (w.dtype == DType::f16) return multiply_all_float_rows<F16Values>(w, x, y);
  return multiply_all_float_rows<Bf16Values>(w, x, y);
}

}  // namespace
}  // namespace hart::tensor

#endif
