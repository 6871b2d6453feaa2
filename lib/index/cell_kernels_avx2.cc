#include <immintrin.h>

#include <cmath>

#include "index/cell_kernels.h"

namespace hart::index {
namespace {

__m256 load(const float* values) noexcept {
  return _mm256_loadu_ps(values);
}

/// Sums of the table entries as 32 integers of 16 bits: four accumulators of up to 256
/// segments.
struct Sums {
  __m256i low_even = _mm256_setzero_si256();
  __m256i low_odd = _mm256_setzero_si256();
  __m256i high_even = _mm256_setzero_si256();
  __m256i high_odd = _mm256_setzero_si256();
};

/// Adds the entries of two segments. A byte sum is kept in 16 bits twice: once with its odd
/// neighbour in the upper half, which is subtracted at the end, and once that neighbour alone.
void add_pair(const std::uint8_t* codes, const std::uint8_t* table, Sums& sums) noexcept {
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i pair = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
  const __m256i entries = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(table));
  const __m256i low = _mm256_shuffle_epi8(entries, _mm256_and_si256(pair, mask));
  const __m256i high =
      _mm256_shuffle_epi8(entries, _mm256_and_si256(_mm256_srli_epi16(pair, 4), mask));
  sums.low_even = _mm256_add_epi16(sums.low_even, low);
  sums.low_odd = _mm256_add_epi16(sums.low_odd, _mm256_srli_epi16(low, 8));
  sums.high_even = _mm256_add_epi16(sums.high_even, high);
  sums.high_odd = _mm256_add_epi16(sums.high_odd, _mm256_srli_epi16(high, 8));
}

/// The 16 sums, in the order of the vectors, of one half.
__m256i in_order(__m256i even, __m256i odd) noexcept {
  even = _mm256_sub_epi16(even, _mm256_slli_epi16(odd, 8));
  const __m128i e =
      _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
  const __m128i o =
      _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
  return _mm256_set_m128i(_mm_unpackhi_epi16(e, o), _mm_unpacklo_epi16(e, o));
}

/// 16 bits hold the sums of 256 segments: 256 × 255 < 65 536.
constexpr std::size_t kSegmentsPerSum = 256;

void add_segments(const std::uint8_t* codes, const CodeQuery& query, __m256i* totals) noexcept {
  for (std::size_t begin = 0; begin < query.segments; begin += kSegmentsPerSum) {
    std::size_t end = begin + kSegmentsPerSum;
    if (end > query.segments) end = query.segments;
    Sums sums;
    for (std::size_t s = begin; s < end; s += 2)
      add_pair(codes + s * 16, query.table + s * 16, sums);
    const __m256i low = in_order(sums.low_even, sums.low_odd);
    const __m256i high = in_order(sums.high_even, sums.high_odd);
    const __m128i parts[4] = {_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1),
                              _mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1)};
    for (int i = 0; i < 4; ++i)
      totals[i] = _mm256_add_epi32(totals[i], _mm256_cvtepu16_epi32(parts[i]));
  }
}

std::uint32_t scan(const std::uint8_t* block, const CodeQuery& query, float threshold,
                   float* estimates) noexcept {
  __m256i totals[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                       _mm256_setzero_si256()};
  add_segments(block + kBlockCodes, query, totals);
  const auto* factors = reinterpret_cast<const float*>(block + kBlockFactor);
  const auto* additions = reinterpret_cast<const float*>(block + kBlockAdd);
  const __m256 step = _mm256_set1_ps(query.step);
  const __m256 low = _mm256_set1_ps(query.low);
  const __m256 limit = _mm256_set1_ps(threshold);
  std::uint32_t above = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const __m256 product =
        _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(totals[i]), step), low);
    const __m256 estimate =
        _mm256_add_ps(_mm256_mul_ps(product, load(factors + i * 8)), load(additions + i * 8));
    _mm256_storeu_ps(estimates + i * 8, estimate);
    const int bits = _mm256_movemask_ps(_mm256_cmp_ps(estimate, limit, _CMP_GT_OQ));
    above |= static_cast<std::uint32_t>(bits) << (i * 8);
  }
  return above;
}

float reach_of(const float* q) noexcept {
  return (std::fabs(q[0]) + std::fabs(q[1])) + (std::fabs(q[2]) + std::fabs(q[3]));
}

__m256i quantised(__m256 sums, __m256 reach, __m256 scale) noexcept {
  return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_add_ps(sums, reach), scale));
}

float fill_table(const float* query, std::size_t segments, std::uint8_t* table) noexcept {
  float widest = 0;
  for (std::size_t s = 0; s < segments; ++s) {
    const float span = reach_of(query + s * kDimsPerSegment) * 2;
    if (span > widest) widest = span;
  }
  const __m256 scale = _mm256_set1_ps(widest > 0 ? 255 / widest : 0);
  for (std::size_t s = 0; s < segments; ++s) {
    const float* q = query + s * kDimsPerSegment;
    const float a = q[0];
    const float b = q[1];
    const float c = q[2];
    const float d = q[3];
    const __m256 low =
        _mm256_setr_ps(-a - b, a - b, -a + b, a + b, -a - b, a - b, -a + b, a + b);
    const float cd = -c - d;
    const float cD = -c + d;
    const __m256 high0 = _mm256_setr_ps(cd, cd, cd, cd, c - d, c - d, c - d, c - d);
    const __m256 high1 = _mm256_setr_ps(cD, cD, cD, cD, c + d, c + d, c + d, c + d);
    const __m256 reach = _mm256_set1_ps(reach_of(q));
    const __m256i first = quantised(_mm256_add_ps(low, high0), reach, scale);
    const __m256i second = quantised(_mm256_add_ps(low, high1), reach, scale);
    const __m256i words =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), _MM_SHUFFLE(3, 1, 2, 0));
    const __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(table + s * 16), bytes);
  }
  return widest;
}

/// The butterflies of widths 1, 2 and 4 inside one register of eight values.
__m256 hadamard8(__m256 v) noexcept {
  const __m256 sign1 = _mm256_setr_ps(0.0F, -0.0F, 0.0F, -0.0F, 0.0F, -0.0F, 0.0F, -0.0F);
  const __m256 sign2 = _mm256_setr_ps(0.0F, 0.0F, -0.0F, -0.0F, 0.0F, 0.0F, -0.0F, -0.0F);
  const __m256 sign4 = _mm256_setr_ps(0.0F, 0.0F, 0.0F, 0.0F, -0.0F, -0.0F, -0.0F, -0.0F);
  v = _mm256_add_ps(_mm256_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)), _mm256_xor_ps(v, sign1));
  v = _mm256_add_ps(_mm256_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)), _mm256_xor_ps(v, sign2));
  return _mm256_add_ps(_mm256_permute2f128_ps(v, v, 1), _mm256_xor_ps(v, sign4));
}

void hadamard(float* values, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; i += 8)
    _mm256_storeu_ps(values + i, hadamard8(load(values + i)));
  for (std::size_t half = 8; half < n; half *= 2)
    for (std::size_t begin = 0; begin < n; begin += 2 * half)
      for (std::size_t i = begin; i < begin + half; i += 8) {
        const __m256 a = load(values + i);
        const __m256 b = load(values + i + half);
        _mm256_storeu_ps(values + i, _mm256_add_ps(a, b));
        _mm256_storeu_ps(values + i + half, _mm256_sub_ps(a, b));
      }
}

float add_lanes(const __m256* sums) noexcept {
  const __m256 a = _mm256_add_ps(sums[0], sums[2]);
  const __m256 b = _mm256_add_ps(sums[1], sums[3]);
  const __m256 eight = _mm256_add_ps(a, b);
  const __m128 four =
      _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// `eight(i)` gives values i … i + 7, `one(i)` value i alone.
template <typename Eight, typename One>
float dot(Eight eight, One one, const float* b, std::size_t n) noexcept {
  __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                    _mm256_setzero_ps()};
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32)
    for (std::size_t lane = 0; lane < 4; ++lane)
      sums[lane] = _mm256_fmadd_ps(eight(i + lane * 8), load(b + i + lane * 8), sums[lane]);
  if (i < n) {
    alignas(32) float x[32] = {};
    alignas(32) float y[32] = {};
    for (std::size_t j = 0; i + j < n; ++j) {
      x[j] = one(i + j);
      y[j] = b[i + j];
    }
    for (std::size_t lane = 0; lane < 4; ++lane)
      sums[lane] = _mm256_fmadd_ps(load(x + lane * 8), load(y + lane * 8), sums[lane]);
  }
  return add_lanes(sums);
}

float dot_f32(const float* a, const float* b, std::size_t n) noexcept {
  return dot([a](std::size_t i) { return load(a + i); }, [a](std::size_t i) { return a[i]; }, b,
             n);
}

float dot_f16(const std::uint16_t* a, const float* b, std::size_t n) noexcept {
  return dot(
      [a](std::size_t i) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)));
      },
      [a](std::size_t i) { return _cvtsh_ss(a[i]); }, b, n);
}

float dot_i8(const std::int8_t* a, const float* b, std::size_t n) noexcept {
  return dot(
      [a](std::size_t i) {
        return _mm256_cvtepi32_ps(
            _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(a + i))));
      },
      [a](std::size_t i) { return static_cast<float>(a[i]); }, b, n);
}

}  // namespace

CellKernels avx2_cell_kernels() noexcept {
  return {"avx2", scan, fill_table, hadamard, dot_f32, dot_f16, dot_i8};
}

}  // namespace hart::index
