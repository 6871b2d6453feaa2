#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include "tensor/gemm_blocks_avx2.h"
#include "tensor/gemm_kernels.h"

// One row at a time, for few vectors of activations. For the files of the AVX2 kernels, hence
// the unnamed namespace.

namespace hart::tensor {
namespace {

// Rows lie one after the other, so reading ahead of a row's end is not lost.
constexpr std::size_t kPrefetchBytes = 1024;
constexpr std::size_t kLine = 64;

/// One vector of activations.
struct Vector {
  const std::int8_t* values;
  const float* scales;
  const std::int32_t* sums;  ///< of the type's groups
  const float* scaled_sums;
};

template <typename Block> Vector vector_at(const QuantizedRows& x, std::size_t i) noexcept {
  const std::size_t groups = x.columns / Block::kGroup;
  const bool is_16 = Block::kGroup == 16;
  return {x.values + i * x.columns, x.scales + i * (x.columns / 32),
          (is_16 ? x.sums_of_16 : x.sums_of_32) + i * groups,
          (is_16 ? x.scaled_sums_of_16 : x.scaled_sums_of_32) + i * groups};
}

inline float add_halves(__m256 sums) noexcept {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// In each half of the vectors, the sums of the four integers of a, b, c and d.
inline __m256i sums_of_four(__m256i a, __m256i b, __m256i c, __m256i d) noexcept {
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

/// The halves of `a` added to the lower half, those of `b` to the upper.
inline __m256i low_halves(__m256i a, __m256i b) noexcept {
  return _mm256_blend_epi32(a, b, 0xF0);
}
inline __m256i crossed_halves(__m256i a, __m256i b) noexcept {
  return _mm256_permute2x128_si256(a, b, 0x21);
}

inline __m256i pairs_to_int(__m256i pairs) noexcept {
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/// Sums of two neighbouring products each, as 16 bits. Levels that are signed take their sign
/// to the activations, which are never -128: then nothing saturates.
template <typename Block> __m256i product_pairs(__m256i levels, __m256i x) noexcept {
  if constexpr (Block::kTop > 0) return _mm256_maddubs_epi16(levels, x);
  return _mm256_maddubs_epi16(_mm256_sign_epi8(levels, levels), _mm256_sign_epi8(x, levels));
}

/// The sums of products of eight groups of 32, in their order.
template <typename Block>
__m256i sums_of_eight(const std::uint8_t* chunk, const std::int8_t* x) noexcept {
  __m256i sums[4];
#pragma GCC unroll 4
  for (std::size_t j = 0; j < 4; ++j) {
    const __m256i a = product_pairs<Block>(Block::levels(chunk, j), load32(x + 32 * j));
    const __m256i b =
        product_pairs<Block>(Block::levels(chunk, j + 4), load32(x + 32 * (j + 4)));
    // Four products of levels up to 31 with activations up to 127 fit 16 bits.
    if constexpr (Block::kTop > 0 && Block::kTop <= 31)
      sums[j] = pairs_to_int(_mm256_add_epi16(low_halves(a, b), crossed_halves(a, b)));
    else
      sums[j] = _mm256_add_epi32(low_halves(pairs_to_int(a), pairs_to_int(b)),
                                 crossed_halves(pairs_to_int(a), pairs_to_int(b)));
  }
  return sums_of_four(sums[0], sums[1], sums[2], sums[3]);
}

/// The same of eight groups of 16, the first or the second eight of a chunk.
template <typename Block>
__m256i sums_of_eight_small(const std::uint8_t* chunk, const std::int8_t* x,
                            std::size_t first) noexcept {
  __m256i sums[4];
#pragma GCC unroll 4
  for (std::size_t j = 0; j < 4; ++j)
    sums[j] = pairs_to_int(
        product_pairs<Block>(Block::levels(chunk, first + j), load32(x + 32 * (first + j))));
  const __m256i even_odd = sums_of_four(sums[0], sums[1], sums[2], sums[3]);
  return _mm256_permutevar8x32_epi32(even_odd, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// One step of the eight lanes; `at` counts groups from the row's start.
template <typename Block>
__m256 add_groups(__m256 lanes, __m256i sums, __m256 scales, __m256 mins, __m256 x_scales,
                  const Vector& x, std::size_t at) noexcept {
  if constexpr (Block::kOffset != 0)
    sums = _mm256_sub_epi32(
        sums, _mm256_mullo_epi32(load32(x.sums + at), _mm256_set1_epi32(Block::kOffset)));
  lanes = _mm256_fmadd_ps(_mm256_mul_ps(scales, x_scales), _mm256_cvtepi32_ps(sums), lanes);
  if constexpr (Block::kHasMin)
    lanes = _mm256_fmadd_ps(mins, _mm256_loadu_ps(x.scaled_sums + at), lanes);
  return lanes;
}

template <typename Block>
__m256 add_chunk(__m256 lanes, const std::uint8_t* chunk, const Vector& x,
                 std::size_t c) noexcept {
  const std::int8_t* values = x.values + c * kChunk;
  const __m256 x_scales = _mm256_loadu_ps(x.scales + 8 * c);
  const Numbers scales = Block::scales(chunk), mins = Block::mins(chunk);
  if constexpr (Block::kGroup == 32)
    return add_groups<Block>(lanes, sums_of_eight<Block>(chunk, values), scales.first,
                             mins.first, x_scales, x, 8 * c);
  const __m256 first =
      _mm256_permutevar8x32_ps(x_scales, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
  const __m256 second =
      _mm256_permutevar8x32_ps(x_scales, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
  lanes = add_groups<Block>(lanes, sums_of_eight_small<Block>(chunk, values, 0), scales.first,
                            mins.first, first, x, 16 * c);
  return add_groups<Block>(lanes, sums_of_eight_small<Block>(chunk, values, 4), scales.second,
                           mins.second, second, x, 16 * c + 8);
}

/// The bytes of a row's last columns % kChunk elements, filled up with zeros: blocks that add
/// nothing.
template <typename Block>
void copy_last(const std::uint8_t* row, std::size_t columns, std::uint8_t* out) noexcept {
  const std::size_t bytes = columns % kChunk * Block::kBytes / kChunk;
  std::memcpy(out, row + columns / kChunk * Block::kBytes, bytes);
  std::memset(out + bytes, 0, Block::kBytes - bytes);
}

template <typename Block>
float dot_row(const std::uint8_t* row, std::size_t columns, const Vector& x) noexcept {
  __m256 lanes = _mm256_setzero_ps();
  const std::size_t chunks = columns / kChunk;
  for (std::size_t c = 0; c < chunks; ++c) {
    const std::uint8_t* chunk = row + c * Block::kBytes;
    for (std::size_t at = 0; at < Block::kBytes; at += kLine)
      _mm_prefetch(reinterpret_cast<const char*>(chunk + kPrefetchBytes + at), _MM_HINT_T0);
    lanes = add_chunk<Block>(lanes, chunk, x, c);
  }
  if (columns % kChunk != 0) {
    std::uint8_t last[Block::kBytes];
    copy_last<Block>(row, columns, last);
    lanes = add_chunk<Block>(lanes, last, x, chunks);
  }
  return add_halves(lanes);
}

template <typename Block>
void dot_rows(const WeightRows& w, const QuantizedRows& x, float* y,
              std::size_t stride) noexcept {
  for (std::size_t i = 0; i < x.n; ++i) {
    const Vector vector = vector_at<Block>(x, i);
    for (std::size_t row = 0; row < w.n; ++row)
      y[i * stride + row] = dot_row<Block>(w.bytes + row * w.row_bytes, w.columns, vector);
  }
}

}  // namespace
}  // namespace hart::tensor

#endif
