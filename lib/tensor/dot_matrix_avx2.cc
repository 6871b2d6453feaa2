#include "tensor/dot_matrix_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

namespace hart::tensor {
namespace {

constexpr std::size_t kLanes = 8;

/// All bits set in the first `count` of 8 lanes.
__m256i first_lanes(std::size_t count) noexcept {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
}

// Function objects rather than functions: their calls are inlined.
struct Load {
  __m256 operator()(const float* at) const noexcept { return _mm256_loadu_ps(at); }
};
struct LoadFirst {
  __m256i lanes;
  __m256 operator()(const float* at) const noexcept { return _mm256_maskload_ps(at, lanes); }
};

struct FusedProduct {
  __m256 operator()(__m256 sum, __m256 a, __m256 b) const noexcept {
    return _mm256_fmadd_ps(a, b, sum);
  }
};
struct SplitProduct {
  __m256 operator()(__m256 sum, __m256 a, __m256 b) const noexcept {
    return _mm256_add_ps(sum, _mm256_mul_ps(a, b));
  }
};
struct SplitSquare {
  __m256 operator()(__m256 sum, __m256 a, __m256 b) const noexcept {
    const __m256 step = _mm256_sub_ps(a, b);
    return _mm256_add_ps(sum, _mm256_mul_ps(step, step));
  }
};

/// Sums of Q queries with R rows: one vector of 8 lanes a pair.
template <std::size_t Q, std::size_t R> struct Sums {
  __m256 of[Q][R];

  void clear() noexcept {
    for (std::size_t q = 0; q < Q; ++q)
      for (std::size_t r = 0; r < R; ++r) of[q][r] = _mm256_setzero_ps();
  }
};

template <std::size_t Q, std::size_t R, typename Step, typename LoadEight>
inline __attribute__((always_inline)) void add_step(Sums<Q, R>& sums, const float* queries,
                                                    const float* rows, std::size_t dim,
                                                    Step step, LoadEight load) noexcept {
  __m256 query[Q];
#pragma GCC unroll 4
  for (std::size_t q = 0; q < Q; ++q) query[q] = load(queries + q * dim);
#pragma GCC unroll 4
  for (std::size_t r = 0; r < R; ++r) {
    const __m256 row = load(rows + r * dim);
#pragma GCC unroll 4
    for (std::size_t q = 0; q < Q; ++q) sums.of[q][r] = step(sums.of[q][r], row, query[q]);
  }
}

__m128 halves(__m256 sum) noexcept {
  return _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
}

/// The lanes of each of four sums added in halves: one result a lane.
__m128 totals_of_four(const __m256* sums) noexcept {
  const __m128 a = halves(sums[0]), b = halves(sums[1]);
  const __m128 c = halves(sums[2]), d = halves(sums[3]);
  const __m128 ab = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  const __m128 cd = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
  return _mm_add_ps(_mm_shuffle_ps(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)),
                    _mm_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
}

float total(__m256 sum) noexcept {
  const __m128 four = halves(sum);
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

template <std::size_t Q, std::size_t R>
void store_totals(const Sums<Q, R>& sums, float* out, std::size_t stride) noexcept {
  for (std::size_t q = 0; q < Q; ++q) {
    if constexpr (R == 4) {
      _mm_storeu_ps(out + q * stride, totals_of_four(sums.of[q]));
    } else {
      for (std::size_t r = 0; r < R; ++r) out[q * stride + r] = total(sums.of[q][r]);
    }
  }
}

/// One register block by the fused definition.
struct Fused {
  // 3 × 4 accumulators, the three queries' values and one row's fill the sixteen registers.
  static constexpr std::size_t kQueries = 3;
  static constexpr std::size_t kRows = 4;

  template <std::size_t Q, std::size_t R>
  static void run(const float* queries, const float* rows, std::size_t dim, float* out,
                  std::size_t stride) noexcept {
    Sums<Q, R> sums;
    sums.clear();
    std::size_t i = 0;
    for (; i + kLanes <= dim; i += kLanes)
      add_step(sums, queries + i, rows + i, dim, FusedProduct{}, Load{});
    if (i < dim)
      add_step(sums, queries + i, rows + i, dim, FusedProduct{},
               LoadFirst{first_lanes(dim - i)});
    store_totals(sums, out, stride);
  }
};

/// One register block by the split definition: four passes, each over every fourth group of 8
/// lanes, so that a pair needs one accumulator at a time.
template <typename Step> struct Split {
  static constexpr std::size_t kGroups = 4;
  // A row less than fused: the products need registers of their own.
  static constexpr std::size_t kQueries = 3;
  static constexpr std::size_t kRows = 3;

  template <std::size_t Q, std::size_t R>
  static void run(const float* queries, const float* rows, std::size_t dim, float* out,
                  std::size_t stride) noexcept {
    Sums<Q, R> groups[kGroups];
    for (std::size_t g = 0; g < kGroups; ++g) {
      Sums<Q, R> sums;
      sums.clear();
      std::size_t i = g * kLanes;
      for (; i + kLanes <= dim; i += kGroups * kLanes)
        add_step(sums, queries + i, rows + i, dim, Step{}, Load{});
      // The last group of 32 is filled with zeros, and adding those is not idle: see Fused.
      const std::size_t padded = (dim + 31) / 32 * 32;
      if (i < padded) {
        const std::size_t left = i < dim ? dim - i : 0;
        add_step(sums, queries + i, rows + i, dim, Step{}, LoadFirst{first_lanes(left)});
      }
      groups[g] = sums;
    }
    for (std::size_t q = 0; q < Q; ++q)
      for (std::size_t r = 0; r < R; ++r)
        groups[0].of[q][r] =
            _mm256_add_ps(_mm256_add_ps(groups[0].of[q][r], groups[2].of[q][r]),
                          _mm256_add_ps(groups[1].of[q][r], groups[3].of[q][r]));
    store_totals(groups[0], out, stride);
  }
};

/// R rows with all queries of a tile.
template <typename Block, std::size_t R>
void run_rows(const float* queries, std::size_t m, const float* rows, std::size_t dim,
              float* out, std::size_t stride) noexcept {
  std::size_t q = 0;
  for (; q + Block::kQueries <= m; q += Block::kQueries)
    Block::template run<Block::kQueries, R>(queries + q * dim, rows, dim, out + q * stride,
                                            stride);
  if (m - q == 2)
    Block::template run<2, R>(queries + q * dim, rows, dim, out + q * stride, stride);
  if (m - q == 1)
    Block::template run<1, R>(queries + q * dim, rows, dim, out + q * stride, stride);
}

template <typename Block>
void run_tile(const float* queries, std::size_t m, const float* rows, std::size_t n,
              std::size_t dim, float* out, std::size_t stride) noexcept {
  std::size_t r = 0;
  for (; r + Block::kRows <= n; r += Block::kRows)
    run_rows<Block, Block::kRows>(queries, m, rows + r * dim, dim, out + r, stride);
  const float* rest = rows + r * dim;
  if constexpr (Block::kRows > 3) {
    if (n - r == 3) run_rows<Block, 3>(queries, m, rest, dim, out + r, stride);
  }
  if (n - r == 2) run_rows<Block, 2>(queries, m, rest, dim, out + r, stride);
  if (n - r == 1) run_rows<Block, 1>(queries, m, rest, dim, out + r, stride);
}

struct WidenF16 {
  static constexpr std::size_t kBytes = 2;
  __m256 operator()(const std::uint8_t* at) const noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
};
struct WidenBf16 {
  static constexpr std::size_t kBytes = 2;
  __m256 operator()(const std::uint8_t* at) const noexcept {
    const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
  }
};
struct WidenI8 {
  static constexpr std::size_t kBytes = 1;
  __m256 operator()(const std::uint8_t* at) const noexcept {
    const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
  }
};

template <typename Widen>
void widen(const std::uint8_t* values, std::size_t n, float* out) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    _mm256_storeu_ps(out + i, Widen{}(values + i * Widen::kBytes));
  if (i == n) return;
  std::uint8_t last[kLanes * Widen::kBytes] = {};
  __builtin_memcpy(last, values + i * Widen::kBytes, (n - i) * Widen::kBytes);
  _mm256_maskstore_ps(out + i, first_lanes(n - i), Widen{}(last));
}

}  // namespace

MatrixKernels avx2_matrix_kernels() noexcept {
  return {"avx2",
          run_tile<Fused>,
          run_tile<Split<SplitProduct>>,
          run_tile<Split<SplitSquare>>,
          widen<WidenF16>,
          widen<WidenBf16>,
          widen<WidenI8>};
}

}  // namespace hart::tensor

#endif
