#include "tensor/gemm_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "tensor/gemm_floats_avx2.h"
#include "tensor/gemm_interleaved_body.h"
#include "tensor/gemm_quantize_avx2.h"
#include "tensor/gemm_unpack_avx2.h"

namespace hart::tensor {
namespace {

/// The sixteen lanes of gemm_tile_body.h in a register of AVX-512.
struct SimdAvx512 {
  using Bytes = __m512i;
  using Ints = __m512i;
  using Floats = __m512;
  using ByteRow = __m128i;

  /// Enough chains of VPDPBUSD to hide its latency.
  static constexpr std::size_t kVectors = 8;
  static constexpr std::size_t kPrefetchBytes = 4096;
  static constexpr std::size_t kLine = 64;

  static void prefetch(const std::uint8_t* at, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; i += kLine)
      _mm_prefetch(reinterpret_cast<const char*>(at + kPrefetchBytes + i), _MM_HINT_T0);
  }
  static Bytes load_bytes(const std::uint8_t* at) noexcept { return _mm512_loadu_si512(at); }
  /// The `count` bits of each byte from bit `shift` on.
  template <int count> static Bytes bits(Bytes a, int shift) noexcept {
    return _mm512_and_si512(_mm512_srl_epi16(a, _mm_cvtsi32_si128(shift)),
                            _mm512_set1_epi32(((1 << count) - 1) * 0x01010101));
  }
  /// Nibbles with more bits above them.
  static Bytes join(Bytes low, Bytes above) noexcept {
    return _mm512_or_si512(low, _mm512_slli_epi16(above, 4));
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
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(a));
  }
  static Floats signed_row(ByteRow a) noexcept {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(a));
  }

  static Floats zero() noexcept { return _mm512_setzero_ps(); }
  static Floats broadcast(const float* at) noexcept { return _mm512_set1_ps(*at); }
  static Ints broadcast_times(const std::int32_t* at, int factor) noexcept {
    return _mm512_set1_epi32(*at * factor);
  }
  static Floats load_floats(const float* at) noexcept { return _mm512_loadu_ps(at); }
  static Floats halves_at(const std::uint8_t* at) noexcept {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  static Floats multiply(Floats a, Floats b) noexcept { return _mm512_mul_ps(a, b); }
  static Floats add(Floats a, Floats b) noexcept { return _mm512_add_ps(a, b); }
  static Floats fused(Floats a, Floats b, Floats c) noexcept {
    return _mm512_fmadd_ps(a, b, c);
  }
  static Floats negate(Floats a) noexcept { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
  static Ints subtract(Ints a, Ints b) noexcept { return _mm512_sub_epi32(a, b); }
  static Floats to_floats(Ints a) noexcept { return _mm512_cvtepi32_ps(a); }
  static void store_first(Floats a, std::size_t n, float* out) noexcept {
    _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1u << n) - 1), a);
  }

  /// VPDPBUSD takes unsigned levels: signed ones are raised by 128.
  template <int top, std::size_t group> struct Products {
    static constexpr int kOffset = top == 0 ? 128 : 0;

    __m512i sums = _mm512_setzero_si512();

    static Bytes prepare(Bytes levels) noexcept {
      if constexpr (top > 0) return levels;
      return _mm512_xor_si512(levels, _mm512_set1_epi32(static_cast<int>(0x80808080)));
    }
    void add(Bytes levels, const std::int8_t* x, std::size_t /*i*/) noexcept {
      std::int32_t four;
      std::memcpy(&four, x, sizeof four);
      sums = _mm512_dpbusd_epi32(sums, levels, _mm512_set1_epi32(four));
    }
    Ints total() const noexcept { return sums; }
  };
};

}  // namespace

GemmKernels avx512_gemm_kernels() noexcept {
  return {"avx512", float_rows, quantize, rows<SimdAvx512>,
          multiply_interleaved_rows<SimdAvx512>};
}

}  // namespace hart::tensor

#endif
