#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// How AVX2 reads a chunk of 256 weights of each block type in the order files have. For the
// files of the AVX2 kernels, hence the unnamed namespace.
//
// A type says its bytes a chunk, the size of its groups, the largest level before `kOffset` is
// taken off (0 for levels that are signed as stored) and whether it has mins. levels(chunk, j)
// gives the levels of elements 32 j to 32 j + 31, scales(chunk) and mins(chunk) those of the
// groups, in their order, eight a vector.

namespace hart::tensor {
namespace {

template <typename T> T load(const std::uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline __m256i load32(const void* at) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}
inline __m128i load16(const void* at) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

/// Numbers of sixteen groups; of eight only `first` is used.
struct Numbers {
  __m256 first, second;
};

inline Numbers eight_numbers(__m256 numbers) noexcept {
  return {numbers, _mm256_setzero_ps()};
}

/// 32 nibbles: the lower ones of 16 bytes, then the upper ones.
inline __m256i nibbles(const std::uint8_t* pairs) noexcept {
  const __m128i both = load16(pairs);
  return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(both, 4), both),
                          _mm256_set1_epi8(15));
}

/// 32 bytes: 16 where the bit of `bits` is set, else 0.
inline __m256i fifth_bits(std::uint32_t bits) noexcept {
  const __m256i spread = _mm256_shuffle_epi8(
      _mm256_set1_epi32(static_cast<int>(bits)),
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
  const __m256i own = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
  const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, own), own);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(16));
}

/// `value` where bit `bit` of the byte is set.
inline __m256i bit_above(__m256i bytes, int bit, int value) noexcept {
  const __m256i mask = _mm256_set1_epi8(static_cast<char>(1 << bit));
  const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, mask), mask);
  return _mm256_and_si256(is_set, _mm256_set1_epi8(static_cast<char>(value)));
}

/// Eight binary16 numbers, one every `stride` bytes.
template <int stride> __m256 strided_halves(const std::uint8_t* at) noexcept {
  __m128i halves = _mm_cvtsi32_si128(load<std::uint16_t>(at));
  halves = _mm_insert_epi16(halves, load<short>(at + stride), 1);
  halves = _mm_insert_epi16(halves, load<short>(at + 2 * stride), 2);
  halves = _mm_insert_epi16(halves, load<short>(at + 3 * stride), 3);
  halves = _mm_insert_epi16(halves, load<short>(at + 4 * stride), 4);
  halves = _mm_insert_epi16(halves, load<short>(at + 5 * stride), 5);
  halves = _mm_insert_epi16(halves, load<short>(at + 6 * stride), 6);
  halves = _mm_insert_epi16(halves, load<short>(at + 7 * stride), 7);
  return _mm256_cvtph_ps(halves);
}

inline __m256 half_number(const std::uint8_t* at) noexcept {
  return _mm256_broadcastss_ps(_mm_cvtph_ps(_mm_cvtsi32_si128(load<std::uint16_t>(at))));
}

/// The first eight of 16 bytes as numbers, signed or not.
inline __m256 signed_numbers(__m128i bytes) noexcept {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}
inline __m256 unsigned_numbers(__m128i bytes) noexcept {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

inline Numbers sixteen_numbers(__m256 scale, __m256 first, __m256 second) noexcept {
  return {_mm256_mul_ps(scale, first), _mm256_mul_ps(scale, second)};
}

/// Levels of 4 bits at `at`, one block of 32 every `stride` bytes.
template <int stride, int at> struct NibbleBlocks {
  static constexpr std::size_t kBytes = 8 * stride, kGroup = 32;
  static constexpr int kTop = 15;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return nibbles(chunk + j * stride + at);
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    return eight_numbers(strided_halves<stride>(chunk));
  }
};

/// Levels of 5 bits: the fifth ones at `at`, the others after them.
template <int stride, int at> struct FiveBitBlocks {
  static constexpr std::size_t kBytes = 8 * stride, kGroup = 32;
  static constexpr int kTop = 31;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    const std::uint8_t* block = chunk + j * stride + at;
    return _mm256_or_si256(nibbles(block + 4), fifth_bits(load<std::uint32_t>(block)));
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    return eight_numbers(strided_halves<stride>(chunk));
  }
};

struct NoMin {
  static constexpr bool kHasMin = false;
  static Numbers mins(const std::uint8_t* /*chunk*/) noexcept {
    return eight_numbers(_mm256_setzero_ps());
  }
};
/// The min of a block follows its scale.
template <int stride> struct SecondHalfMin {
  static constexpr bool kHasMin = true;
  static Numbers mins(const std::uint8_t* chunk) noexcept {
    return eight_numbers(strided_halves<stride>(chunk + 2));
  }
};

struct BlockQ4_0 : NibbleBlocks<18, 2>, NoMin {
  static constexpr int kOffset = 8;
};
struct BlockQ4_1 : NibbleBlocks<20, 4>, SecondHalfMin<20> {
  static constexpr int kOffset = 0;
};
struct BlockQ5_0 : FiveBitBlocks<22, 2>, NoMin {
  static constexpr int kOffset = 16;
};
struct BlockQ5_1 : FiveBitBlocks<24, 4>, SecondHalfMin<24> {
  static constexpr int kOffset = 0;
};

struct BlockQ8_0 : NoMin {
  static constexpr std::size_t kBytes = 8 * 34, kGroup = 32;
  static constexpr int kTop = 0, kOffset = 0;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return load32(chunk + j * 34 + 2);
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    return eight_numbers(strided_halves<34>(chunk));
  }
};

/// kIq4Levels, which levels of four bits name.
inline __m256i iq4_levels(const std::uint8_t* pairs) noexcept {
  const __m128i table =
      _mm_setr_epi8(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles(pairs));
}

struct BlockIq4Nl : NoMin {
  static constexpr std::size_t kBytes = 8 * 18, kGroup = 32;
  static constexpr int kTop = 0, kOffset = 0;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return iq4_levels(chunk + j * 18 + 2);
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    return eight_numbers(strided_halves<18>(chunk));
  }
};

struct BlockIq4Xs : NoMin {
  static constexpr std::size_t kBytes = 136, kGroup = 32;
  static constexpr int kTop = 0, kOffset = 0;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return iq4_levels(chunk + 8 + j * 16);
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    // Group k: nibble k of four bytes, and above it pair k of the bits of two.
    const __m256i nibble_at = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i pair_at = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i low =
        _mm256_and_si256(_mm256_srlv_epi32(_mm256_set1_epi32(load<int>(chunk + 4)), nibble_at),
                         _mm256_set1_epi32(15));
    const __m256i high = _mm256_and_si256(
        _mm256_srlv_epi32(_mm256_set1_epi32(load<std::uint16_t>(chunk + 2)), pair_at),
        _mm256_set1_epi32(3));
    const __m256i own = _mm256_sub_epi32(_mm256_or_si256(low, _mm256_slli_epi32(high, 4)),
                                         _mm256_set1_epi32(32));
    return eight_numbers(_mm256_mul_ps(half_number(chunk), _mm256_cvtepi32_ps(own)));
  }
};

/// kTwiceE2m1 with 12 added, so that no level is below zero.
struct BlockMxfp4 : NoMin {
  static constexpr std::size_t kBytes = 8 * 17, kGroup = 32;
  static constexpr int kTop = 24, kOffset = 12;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    const __m128i table =
        _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles(chunk + j * 17 + 1));
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    const __m256i exponents = _mm256_setr_epi32(chunk[0], chunk[17], chunk[34], chunk[51],
                                                chunk[68], chunk[85], chunk[102], chunk[119]);
    const __m256i normal =
        _mm256_slli_epi32(_mm256_sub_epi32(exponents, _mm256_set1_epi32(1)), 23);
    const __m256i subnormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), exponents);
    const __m256i is_normal = _mm256_cmpgt_epi32(exponents, _mm256_set1_epi32(1));
    return eight_numbers(_mm256_castsi256_ps(_mm256_blendv_epi8(subnormal, normal, is_normal)));
  }
};

/// Elements 32 j to 32 j + 31 of q2_k and q3_k: two bits of the bytes at `quants`.
inline __m256i two_bits(const std::uint8_t* quants, std::size_t j) noexcept {
  const __m256i quads = load32(quants + j / 4 * 32);
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(j % 4 * 2));
  return _mm256_and_si256(_mm256_srl_epi16(quads, shift), _mm256_set1_epi8(3));
}

struct BlockQ2K {
  static constexpr std::size_t kBytes = 84, kGroup = 16;
  static constexpr int kTop = 3, kOffset = 0;
  static constexpr bool kHasMin = true;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return two_bits(chunk + 16, j);
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    const __m128i own = _mm_and_si128(load16(chunk), _mm_set1_epi8(15));
    return sixteen_numbers(half_number(chunk + 80), unsigned_numbers(own),
                           unsigned_numbers(_mm_srli_si128(own, 8)));
  }
  static Numbers mins(const std::uint8_t* chunk) noexcept {
    const __m128i own = _mm_and_si128(_mm_srli_epi16(load16(chunk), 4), _mm_set1_epi8(15));
    const __m256 minus = _mm256_xor_ps(half_number(chunk + 82), _mm256_set1_ps(-0.0f));
    return sixteen_numbers(minus, unsigned_numbers(own),
                           unsigned_numbers(_mm_srli_si128(own, 8)));
  }
};

struct BlockQ3K : NoMin {
  static constexpr std::size_t kBytes = 110, kGroup = 16;
  static constexpr int kTop = 7, kOffset = 4;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return _mm256_or_si256(two_bits(chunk + 32, j),
                           bit_above(load32(chunk), static_cast<int>(j), 4));
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    const auto a = load<std::uint32_t>(chunk + 96), b = load<std::uint32_t>(chunk + 100);
    const auto above = load<std::uint32_t>(chunk + 104);
    constexpr std::uint32_t kLow = 0x0F0F0F0F, kPair = 0x30303030;
    const __m128i packed =
        _mm_setr_epi32(static_cast<int>((a & kLow) | (above << 4 & kPair)),
                       static_cast<int>((b & kLow) | (above << 2 & kPair)),
                       static_cast<int>((a >> 4 & kLow) | (above & kPair)),
                       static_cast<int>((b >> 4 & kLow) | (above >> 2 & kPair)));
    const __m128i own = _mm_sub_epi8(packed, _mm_set1_epi8(32));
    return sixteen_numbers(half_number(chunk + 108), signed_numbers(own),
                           signed_numbers(_mm_srli_si128(own, 8)));
  }
};

/// The scales and mins of q4_k and q5_k.
struct PackedScales {
  static constexpr std::size_t kGroup = 32;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true;
  static constexpr std::uint32_t kLow = 0x0F0F0F0F, kPair = 0x30303030, kSix = 0x3F3F3F3F;

  static Numbers scales(const std::uint8_t* chunk) noexcept {
    const auto first = load<std::uint32_t>(chunk + 4);
    const auto others = load<std::uint32_t>(chunk + 12);
    return numbers(half_number(chunk), first & kSix, (others & kLow) | (first >> 2 & kPair));
  }
  static Numbers mins(const std::uint8_t* chunk) noexcept {
    const auto first = load<std::uint32_t>(chunk + 8);
    const auto others = load<std::uint32_t>(chunk + 12);
    const __m256 minus = _mm256_xor_ps(half_number(chunk + 2), _mm256_set1_ps(-0.0f));
    return numbers(minus, first & kSix, (others >> 4 & kLow) | (first >> 2 & kPair));
  }

 private:
  static Numbers numbers(__m256 scale, std::uint32_t first, std::uint32_t others) noexcept {
    const std::uint64_t bits = first | static_cast<std::uint64_t>(others) << 32;
    const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(bits));
    return eight_numbers(_mm256_mul_ps(scale, unsigned_numbers(bytes)));
  }
};

/// Groups 2 i and 2 i + 1 share 32 bytes of nibbles.
inline __m256i shared_nibbles(const std::uint8_t* quants, std::size_t j) noexcept {
  const __m256i both = load32(quants + j / 2 * 32);
  return _mm256_and_si256(j % 2 == 0 ? both : _mm256_srli_epi16(both, 4), _mm256_set1_epi8(15));
}

struct BlockQ4K : PackedScales {
  static constexpr std::size_t kBytes = 144;
  static constexpr int kTop = 15;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return shared_nibbles(chunk + 16, j);
  }
};

struct BlockQ5K : PackedScales {
  static constexpr std::size_t kBytes = 176;
  static constexpr int kTop = 31;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    return _mm256_or_si256(shared_nibbles(chunk + 48, j),
                           bit_above(load32(chunk + 16), static_cast<int>(j), 16));
  }
};

struct BlockQ6K : NoMin {
  static constexpr std::size_t kBytes = 210, kGroup = 16;
  static constexpr int kTop = 63, kOffset = 32;
  static __m256i levels(const std::uint8_t* chunk, std::size_t j) noexcept {
    const std::size_t half = j / 4, run = j % 4;
    const __m256i pairs = load32(chunk + half * 64 + run % 2 * 32);
    const __m256i low =
        _mm256_and_si256(run < 2 ? pairs : _mm256_srli_epi16(pairs, 4), _mm256_set1_epi8(15));
    const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(run * 2));
    const __m256i above = _mm256_and_si256(
        _mm256_srl_epi16(load32(chunk + 128 + half * 32), shift), _mm256_set1_epi8(3));
    return _mm256_or_si256(low, _mm256_slli_epi16(above, 4));
  }
  static Numbers scales(const std::uint8_t* chunk) noexcept {
    const __m128i own = load16(chunk + 192);
    return sixteen_numbers(half_number(chunk + 208), signed_numbers(own),
                           signed_numbers(_mm_srli_si128(own, 8)));
  }
};

}  // namespace
}  // namespace hart::tensor

#endif
