#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/gemm_kernels.h"

// Quantising activations. For the files of the AVX2 and AVX-512 kernels, hence the unnamed
// namespace.

namespace hart::tensor {
namespace {

constexpr std::size_t kBlockValues = 32;

/// The largest magnitude of 32 values; infinity or NaN when one of them is not finite.
float magnitude(const float* values) noexcept {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 most = _mm256_setzero_ps(), wrong = _mm256_setzero_ps();
  for (std::size_t i = 0; i < kBlockValues; i += 8) {
    const __m256 value = _mm256_loadu_ps(values + i);
    most = _mm256_max_ps(most, _mm256_andnot_ps(sign, value));
    // What is not finite gives NaN, which stays: a maximum would lose it.
    wrong = _mm256_add_ps(wrong, _mm256_mul_ps(value, _mm256_setzero_ps()));
  }
  if (_mm256_movemask_ps(_mm256_cmp_ps(wrong, wrong, _CMP_UNORD_Q)) != 0)
    return __builtin_nanf("");
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// 32 values times `inverse`, rounded and cut to [-127, 127].
__m256i to_bytes(const float* values, float inverse) noexcept {
  __m256i ints[4];
  for (std::size_t i = 0; i < 4; ++i)
    ints[i] = _mm256_cvtps_epi32(
        _mm256_mul_ps(_mm256_loadu_ps(values + 8 * i), _mm256_set1_ps(inverse)));
  const __m256i words = _mm256_packs_epi32(ints[0], ints[1]);
  const __m256i more = _mm256_packs_epi32(ints[2], ints[3]);
  const __m256i bytes =
      _mm256_max_epi8(_mm256_packs_epi16(words, more), _mm256_set1_epi8(-127));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// The sums of the first and of the last 16 of 32 integers.
void sum_halves(__m256i bytes, std::int32_t* sums) noexcept {
  const __m256i fours =
      _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes), _mm256_set1_epi16(1));
  const __m256i twos = _mm256_add_epi32(fours, _mm256_shuffle_epi32(fours, 0x4E));
  const __m256i ones = _mm256_add_epi32(twos, _mm256_shuffle_epi32(twos, 0xB1));
  sums[0] = _mm256_extract_epi32(ones, 0);
  sums[1] = _mm256_extract_epi32(ones, 4);
}

/// Quantises 32 values; returns their scale.
float quantize_block(const float* values, std::int8_t* out, std::int32_t* sums) noexcept {
  const float most = magnitude(values);
  __m256i bytes = _mm256_set1_epi8(1);
  if (most == most) {
    const float inverse = 127 / most <= __FLT_MAX__ ? 127 / most : 0;
    bytes = to_bytes(values, inverse);
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  sum_halves(bytes, sums);
  return most / 127;
}

void quantize(const float* values, std::size_t columns, const QuantizedRows& out,
              std::size_t i) noexcept {
  std::int8_t* integers = out.values + i * out.columns;
  for (std::size_t b = 0; b < out.columns / kBlockValues; ++b) {
    const std::size_t at = i * (out.columns / kBlockValues) + b;
    std::int32_t* sums = out.sums_of_16 + 2 * at;
    if (b < columns / kBlockValues) {
      out.scales[at] =
          quantize_block(values + b * kBlockValues, integers + b * kBlockValues, sums);
    } else {
      std::memset(integers + b * kBlockValues, 0, kBlockValues);
      out.scales[at] = 0;
      sums[0] = sums[1] = 0;
    }
    out.sums_of_32[at] = sums[0] + sums[1];
    out.scaled_sums_of_32[at] = static_cast<float>(out.sums_of_32[at]) * out.scales[at];
    for (std::size_t half = 0; half < 2; ++half)
      out.scaled_sums_of_16[2 * at + half] = static_cast<float>(sums[half]) * out.scales[at];
  }
}

}  // namespace
}  // namespace hart::tensor

#endif
