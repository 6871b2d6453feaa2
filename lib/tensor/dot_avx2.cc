#include "tensor/dot_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace hart::tensor {
namespace {

constexpr std::size_t kLanes = 32;

float add_halves(__m256 sums) noexcept {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Function objects rather than functions: their calls are inlined.
struct LoadF32 {
  __m256 operator()(const std::uint8_t* at) const noexcept {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(at));
  }
};

struct LoadF16 {
  __m256 operator()(const std::uint8_t* at) const noexcept {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
};

struct LoadBf16 {
  __m256 operator()(const std::uint8_t* at) const noexcept {
    const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
  }
};

struct LoadI8 {
  __m256 operator()(const std::uint8_t* at) const noexcept {
    const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
  }
};

/// The 32 lanes, as the header of dot_kernels.h orders them.
struct Lanes {
  __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                    _mm256_setzero_ps()};

  float total() const noexcept {
    return add_halves(
        _mm256_add_ps(_mm256_add_ps(sums[0], sums[2]), _mm256_add_ps(sums[1], sums[3])));
  }
};

template <typename Load>
void add_products(Lanes& lanes, const std::uint8_t* row, std::size_t element_bytes,
                  const float* x, Load load) noexcept {
  for (std::size_t k = 0; k < 4; ++k) {
    const __m256 product =
        _mm256_mul_ps(load(row + 8 * k * element_bytes), _mm256_loadu_ps(x + 8 * k));
    lanes.sums[k] = _mm256_add_ps(lanes.sums[k], product);
  }
}

template <typename Load>
float dot_floats(const std::uint8_t* row, std::size_t element_bytes, const float* x,
                 std::size_t n, Load load) noexcept {
  Lanes lanes;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    add_products(lanes, row + i * element_bytes, element_bytes, x + i, load);
  if (i < n) {
    alignas(32) std::uint8_t last_row[kLanes * sizeof(float)] = {};
    alignas(32) float last_x[kLanes] = {};
    __builtin_memcpy(last_row, row + i * element_bytes, (n - i) * element_bytes);
    __builtin_memcpy(last_x, x + i, (n - i) * sizeof(float));
    add_products(lanes, last_row, element_bytes, last_x, load);
  }
  return lanes.total();
}

float dot_f32(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return dot_floats(row, 4, x, n, LoadF32{});
}

float dot_f16(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return dot_floats(row, 2, x, n, LoadF16{});
}

float dot_bf16(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return dot_floats(row, 2, x, n, LoadBf16{});
}

float dot_i8(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return dot_floats(row, 1, x, n, LoadI8{});
}

/// Eight sums of two neighbouring products. As 16 bits, so that -128 × -128 is exact too.
__m256i products_of_two(const std::uint8_t* a, const std::uint8_t* b) noexcept {
  const auto wide = [](const std::uint8_t* at) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  };
  return _mm256_madd_epi16(wide(a), wide(b));
}

std::int32_t dot_i8_i8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  constexpr std::size_t kStep = 16;
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  std::size_t i = 0;
  for (; i + 2 * kStep <= n; i += 2 * kStep)
    for (std::size_t k = 0; k < 2; ++k)
      sums[k] =
          _mm256_add_epi32(sums[k], products_of_two(a + i + k * kStep, b + i + k * kStep));
  const __m256i both = _mm256_add_epi32(sums[0], sums[1]);
  const __m128i four =
      _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
  std::int32_t sum =
      _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, _MM_SHUFFLE(2, 3, 0, 1))));
  for (; i < n; ++i) sum += static_cast<std::int8_t>(a[i]) * static_cast<std::int8_t>(b[i]);
  return sum;
}

void add_squares(Lanes& lanes, const float* a, const float* b) noexcept {
  for (std::size_t k = 0; k < 4; ++k) {
    const __m256 step = _mm256_sub_ps(_mm256_loadu_ps(a + 8 * k), _mm256_loadu_ps(b + 8 * k));
    lanes.sums[k] = _mm256_add_ps(lanes.sums[k], _mm256_mul_ps(step, step));
  }
}

float squared_l2(const float* a, const float* b, std::size_t n) noexcept {
  Lanes lanes;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) add_squares(lanes, a + i, b + i);
  if (i < n) {
    alignas(32) float last_a[kLanes] = {};
    alignas(32) float last_b[kLanes] = {};
    __builtin_memcpy(last_a, a + i, (n - i) * sizeof(float));
    __builtin_memcpy(last_b, b + i, (n - i) * sizeof(float));
    add_squares(lanes, last_a, last_b);
  }
  return lanes.total();
}

}  // namespace

DotKernels avx2_dot_kernels() noexcept {
  return {"avx2", dot_f32, dot_f16, dot_bf16, dot_i8, dot_i8_i8, squared_l2};
}

}  // namespace hart::tensor

#endif
