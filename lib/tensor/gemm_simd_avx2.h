#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// The sixteen lanes of gemm_tile_body.h in pairs of AVX2's registers. For the files of the AVX2
// kernels, hence the unnamed namespace.

namespace hart::tensor {
namespace {

struct SimdAvx2 {
  struct Bytes {
    __m256i low, high;
  };
  struct Ints {
    __m256i low, high;
  };
  struct Floats {
    __m256 low, high;
  };
  using ByteRow = __m128i;

  /// Their sums, and what a step needs beside them, fill the sixteen registers.
  static constexpr std::size_t kVectors = 4;
  static constexpr std::size_t kPrefetchBytes = 4096;
  static constexpr std::size_t kLine = 64;

  static void prefetch(const std::uint8_t* at, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; i += kLine)
      _mm_prefetch(reinterpret_cast<const char*>(at + kPrefetchBytes + i), _MM_HINT_T0);
  }
  static __m256i load_half(const std::uint8_t* at) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  }
  static Bytes load_bytes(const std::uint8_t* at) noexcept {
    return {load_half(at), load_half(at + 32)};
  }
  /// The `count` bits of each byte from bit `shift` on.
  template <int count> static Bytes bits(Bytes a, int shift) noexcept {
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m256i mask = _mm256_set1_epi8((1 << count) - 1);
    return {_mm256_and_si256(_mm256_srl_epi16(a.low, by), mask),
            _mm256_and_si256(_mm256_srl_epi16(a.high, by), mask)};
  }
  /// Nibbles with more bits above them.
  static Bytes join(Bytes low, Bytes above) noexcept {
    return {_mm256_or_si256(low.low, _mm256_slli_epi16(above.low, 4)),
            _mm256_or_si256(low.high, _mm256_slli_epi16(above.high, 4))};
  }

  static ByteRow byte_row(const std::uint8_t* at) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  }
  template <int count> static ByteRow row_bits(ByteRow a, int shift) noexcept {
    return _mm_and_si128(_mm_srl_epi16(a, _mm_cvtsi32_si128(shift)),
                         _mm_set1_epi8((1 << count) - 1));
  }
  static ByteRow join(ByteRow low, ByteRow above) noexcept {
    return _mm_or_si128(low, _mm_slli_epi16(above, 4));
  }
  static Floats unsigned_row(ByteRow a) noexcept {
    return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(a)),
            _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(a, 8)))};
  }
  static Floats signed_row(ByteRow a) noexcept {
    return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(a)),
            _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(a, 8)))};
  }

  static Floats zero() noexcept { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static Floats broadcast(const float* at) noexcept {
    const __m256 all = _mm256_broadcast_ss(at);
    return {all, all};
  }
  static Ints broadcast_times(const std::int32_t* at, int factor) noexcept {
    const __m256i all = _mm256_mullo_epi32(_mm256_set1_epi32(*at), _mm256_set1_epi32(factor));
    return {all, all};
  }
  static Floats load_floats(const float* at) noexcept {
    return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)};
  }
  static Floats halves_at(const std::uint8_t* at) noexcept {
    return {_mm256_cvtph_ps(byte_row(at)), _mm256_cvtph_ps(byte_row(at + 16))};
  }
  static Floats multiply(Floats a, Floats b) noexcept {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  static Floats add(Floats a, Floats b) noexcept {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
  }
  static Floats fused(Floats a, Floats b, Floats c) noexcept {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
  }
  static Floats negate(Floats a) noexcept {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_xor_ps(a.low, sign), _mm256_xor_ps(a.high, sign)};
  }
  static Ints subtract(Ints a, Ints b) noexcept {
    return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
  }
  static Floats to_floats(Ints a) noexcept {
    return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)};
  }
  static void store_first(Floats a, std::size_t n, float* out) noexcept {
    if (n == 16) {
      _mm256_storeu_ps(out, a.low);
      _mm256_storeu_ps(out + 8, a.high);
      return;
    }
    float all[16];
    _mm256_storeu_ps(all, a.low);
    _mm256_storeu_ps(all + 8, a.high);
    std::memcpy(out, all, n * sizeof(float));
  }

  static __m256i four(const std::int8_t* x) noexcept {
    std::int32_t bits;
    std::memcpy(&bits, x, sizeof bits);
    return _mm256_set1_epi32(bits);
  }

  /// How many sums of two products of levels up to `top` 16 bits can hold. They can hold eight
  /// of 4-bit levels, but four were measured to be a tenth faster.
  static constexpr std::size_t fits_16_bits(int top) noexcept { return top <= 31 ? 4 : 2; }

  template <int top, std::size_t group> struct Products {
    static constexpr int kOffset = 0;
    static constexpr std::size_t kRun =
        fits_16_bits(top) < group / 4 ? fits_16_bits(top) : group / 4;

    __m256i low_words = _mm256_setzero_si256(), high_words = _mm256_setzero_si256();
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();

    static Bytes prepare(Bytes levels) noexcept { return levels; }
    void add(Bytes levels, const std::int8_t* x, std::size_t i) noexcept {
      const __m256i y = four(x);
      low_words = _mm256_add_epi16(low_words, _mm256_maddubs_epi16(levels.low, y));
      high_words = _mm256_add_epi16(high_words, _mm256_maddubs_epi16(levels.high, y));
      if (i % kRun != kRun - 1) return;
      const __m256i ones = _mm256_set1_epi16(1);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(low_words, ones));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(high_words, ones));
      low_words = high_words = _mm256_setzero_si256();
    }
    Ints total() const noexcept { return {low, high}; }
  };

  /// Signed levels: their signs go to the activations, which are never -128, so that the sum of
  /// two products fits 16 bits.
  template <std::size_t group> struct Products<0, group> {
    static constexpr int kOffset = 0;
    struct Ready {
      Bytes levels, magnitudes;
    };

    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();

    static Ready prepare(Bytes a) noexcept {
      return {a, {_mm256_abs_epi8(a.low), _mm256_abs_epi8(a.high)}};
    }
    void add(const Ready& a, const std::int8_t* x, std::size_t /*i*/) noexcept {
      const __m256i y = four(x), ones = _mm256_set1_epi16(1);
      const __m256i a_low =
          _mm256_maddubs_epi16(a.magnitudes.low, _mm256_sign_epi8(y, a.levels.low));
      const __m256i a_high =
          _mm256_maddubs_epi16(a.magnitudes.high, _mm256_sign_epi8(y, a.levels.high));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(a_low, ones));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(a_high, ones));
    }
    Ints total() const noexcept { return {low, high}; }
  };
};

}  // namespace
}  // namespace hart::tensor

#endif
