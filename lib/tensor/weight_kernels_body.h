#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/weight_kernels.h"

// The portable loops of the weight codec. Each file that includes this compiles them for its
// own instruction set, hence the unnamed namespace, and nothing inline from elsewhere is
// called.

namespace hart::tensor {
namespace {

template <typename T> T load(const std::uint8_t* values, std::size_t i) noexcept {
  T value;
  std::memcpy(&value, values + i * sizeof(T), sizeof(T));
  return value;
}

template <typename T> void save(std::uint8_t* values, std::size_t i, T value) noexcept {
  std::memcpy(values + i * sizeof(T), &value, sizeof(T));
}

template <typename T> constexpr unsigned kSignShift = 8 * sizeof(T) - 1;

/// All ones where the sign bit of `x` is set.
template <typename T> constexpr T sign_mask(T x) noexcept {
  return T(0 - T(x >> kSignShift<T>));
}

template <typename T> constexpr T to_order(T x) noexcept {
  return T(x ^ T(sign_mask(x) | T(T(1) << kSignShift<T>)));
}
template <typename T> constexpr T from_order(T y) noexcept {
  return T(y ^ T(T(~sign_mask(y)) | T(T(1) << kSignShift<T>)));
}

template <typename T>
void differences(const std::uint8_t* values, const std::uint8_t* base, std::size_t n,
                 T* z) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const T d = T(to_order(load<T>(values, i)) - to_order(load<T>(base, i)));
    z[i] = T(T(d << 1) ^ sign_mask(d));
  }
}

template <typename T>
void add_differences(const T* z, const std::uint8_t* base, std::size_t n,
                     std::uint8_t* values) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const T d = T(T(z[i] >> 1) ^ T(0 - T(z[i] & 1)));
    save<T>(values, i, from_order(T(to_order(load<T>(base, i)) + d)));
  }
}

template <typename T>
void contexts(const std::uint8_t* base, std::size_t n, const ExponentRange& range,
              std::uint8_t* out) noexcept {
  const T top = range.top, last = range.last, mask = range.exponent_mask;
  const unsigned shift = range.mantissa_bits;
  for (std::size_t i = 0; i < n; ++i) {
    const T exponent = T(T(load<T>(base, i) >> shift) & mask);
    const T below = exponent > top ? T(0) : T(top - exponent);
    out[i] = std::uint8_t(below < last ? below : last);
  }
}

template <typename T> std::uint8_t octave_symbol(T z, BitWriter& bits) noexcept {
  const unsigned octave = 31 - unsigned(__builtin_clz(z));
  const unsigned raw = octave - kOctaveBits;
  put_bits(bits, z & ((1u << raw) - 1), raw);
  return std::uint8_t(kDirectSymbols + ((octave - kDirectBits) << kOctaveBits) +
                      ((z >> raw) & ((1u << kOctaveBits) - 1)));
}

template <typename T>
bool octave_difference(std::uint8_t symbol, T& z, BitReader& bits) noexcept {
  const unsigned above = symbol - kDirectSymbols;
  const unsigned raw = (above >> kOctaveBits) + kDirectBits - kOctaveBits;
  std::uint64_t rest = 0;
  if (raw + kOctaveBits >= 8 * sizeof(T) || !get_bits(bits, raw, rest)) return false;
  const std::uint64_t leading = (1u << kOctaveBits) | (above & ((1u << kOctaveBits) - 1));
  z = T(leading << raw | rest);
  return true;
}

template <typename T>
void to_symbols(const T* z, std::size_t n, std::uint8_t* symbols, BitWriter& bits) noexcept {
  BitWriter local = bits;
  for (std::size_t i = 0; i < n; ++i)
    symbols[i] = z[i] < kDirectSymbols ? std::uint8_t(z[i]) : octave_symbol(z[i], local);
  bits = local;
}

template <typename T>
bool from_symbols(const std::uint8_t* symbols, std::size_t n, T* z, BitReader& bits) noexcept {
  BitReader local = bits;
  for (std::size_t i = 0; i < n; ++i) {
    if (symbols[i] < kDirectSymbols)
      z[i] = symbols[i];
    else if (!octave_difference(symbols[i], z[i], local))
      return false;
  }
  bits = local;
  return true;
}

template <typename T>
std::size_t gather(T* z, std::uint8_t* contexts, std::size_t n, std::uint8_t* flags) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 4 == 0) flags[i / 4] = 0;
    const bool moved = z[i] != 0;
    flags[i / 4] = std::uint8_t(flags[i / 4] | unsigned(moved) << (i % 4));
    z[kept] = T(z[i] - 1);
    contexts[kept] = contexts[i];
    kept += moved;
  }
  return kept;
}

template <typename T>
std::size_t scatter(const std::uint8_t* flags, const T* nonzero, std::size_t n,
                    T* out) noexcept {
  std::size_t used = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const unsigned moved = (flags[i / 4] >> (i % 4)) & 1u;
    out[i] = T(T(nonzero[used] + 1) & T(0 - moved));
    used += moved;
  }
  return used;
}

inline std::size_t gather_contexts(const std::uint8_t* flags, const std::uint8_t* contexts,
                                   std::size_t n, std::uint8_t* packed) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < n; ++i) {
    packed[kept] = contexts[i];
    kept += (flags[i / 4] >> (i % 4)) & 1u;
  }
  return kept;
}

inline std::uint16_t below_sign(std::uint16_t x, unsigned k) noexcept {
  return std::uint16_t((x & 0x7fffu) >> (7 - k));
}

inline void range(const std::uint16_t* upper, std::size_t n, unsigned k, std::uint16_t& least,
                  std::uint16_t& greatest) noexcept {
  // Less 1, so that 0 becomes the greatest of all.
  std::uint16_t low = 0xffff, high = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t v = below_sign(upper[i], k);
    const auto less = std::uint16_t(v - 1);
    low = less < low ? less : low;
    high = v > high ? v : high;
  }
  least = low == 0xffff ? low : std::uint16_t(low + 1);
  greatest = high;
}

inline void split(const std::uint16_t* upper, std::size_t n, PlainSplit how,
                  std::uint8_t* symbols, std::uint8_t* low) noexcept {
  const unsigned k = how.k;
  const auto mask = std::uint16_t((1u << (7 - k)) - 1);
  const std::uint16_t floor = how.floor;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t x = upper[i], v = below_sign(x, k);
    symbols[i] = std::uint8_t(v == 0 ? 0 : v - floor);
    low[i] = std::uint8_t((x & mask) | std::uint16_t(x >> 15) << (7 - k));
  }
}

inline void join(const std::uint8_t* symbols, const std::uint8_t* low, std::size_t n,
                 PlainSplit how, std::uint16_t* upper) noexcept {
  const unsigned k = how.k;
  const auto mask = std::uint16_t((1u << (7 - k)) - 1);
  const std::uint16_t floor = how.floor;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint16_t s = symbols[i], l = low[i];
    const auto v = std::uint16_t(s == 0 ? 0 : s + floor);
    upper[i] = std::uint16_t(v << (7 - k) | (l & mask) | (l >> (7 - k)) << 15);
  }
}

inline void pack7(const std::uint8_t* low, std::size_t stride, std::uint8_t* packed) noexcept {
  const std::uint8_t* last = low + 7 * stride;
  for (unsigned j = 0; j < 7; ++j)
    for (std::size_t i = 0; i < stride; ++i)
      packed[j * stride + i] =
          std::uint8_t(low[j * stride + i] | std::uint8_t((last[i] >> j) & 1) << 7);
}

inline void unpack7(const std::uint8_t* packed, std::size_t stride,
                    std::uint8_t* low) noexcept {
  std::uint8_t* last = low + 7 * stride;
  for (unsigned j = 0; j < 7; ++j)
    for (std::size_t i = 0; i < stride; ++i) {
      const std::uint8_t x = packed[j * stride + i];
      low[j * stride + i] = x & 0x7f;
      last[i] = std::uint8_t((j == 0 ? 0 : last[i]) | (x >> 7) << j);
    }
}

inline std::uint16_t halve(const std::uint8_t* values, std::size_t n, std::uint16_t* upper,
                           std::uint16_t* lower) noexcept {
  std::uint16_t any = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = load<std::uint32_t>(values, i);
    upper[i] = std::uint16_t(x >> 16);
    lower[i] = std::uint16_t(x);
    any |= std::uint16_t(x);
  }
  return any;
}

inline void unhalve(const std::uint16_t* upper, const std::uint16_t* lower, std::size_t n,
                    std::uint8_t* values) noexcept {
  for (std::size_t i = 0; i < n; ++i)
    save<std::uint32_t>(values, i, std::uint32_t{upper[i]} << 16 | lower[i]);
}

__extension__ typedef unsigned __int128 Wide;

/// A word is written always and kept only if the state is too high for the symbol.
inline std::uint32_t encode_one(const RansSymbol& symbol, std::uint32_t x,
                                std::uint8_t*& next) noexcept {
  const std::uint32_t f = symbol.packed >> 16;
  const std::uint32_t high = x >= f << (32 - kRansBits);
  const auto word = std::uint16_t(x);
  std::memcpy(next - 2, &word, 2);
  next -= 2 * high;
  x >>= 16 * high;
  const auto q = std::uint32_t((static_cast<Wide>(x) * symbol.reciprocal) >> 64);
  return x + symbol.bias + q * (kRansTotal - f);
}

inline void rans_encode(const RansSymbol* table, const std::uint8_t* contexts,
                        const std::uint8_t* symbols, std::size_t n,
                        RansWriter& writer) noexcept {
  std::uint32_t x[kRansLanes];
  std::memcpy(x, writer.states, sizeof x);
  std::uint8_t* next = writer.next;
  std::size_t i = n;
  for (; i % kRansLanes != 0; --i) {
    const std::size_t lane = (i - 1) % kRansLanes;
    x[lane] = encode_one(table[contexts[i - 1] * 256u + symbols[i - 1]], x[lane], next);
  }
  while (i > 0) {
    i -= kRansLanes;
#pragma GCC unroll 8
    for (std::size_t lane = kRansLanes; lane-- > 0;)
      x[lane] = encode_one(table[contexts[i + lane] * 256u + symbols[i + lane]], x[lane], next);
  }
  std::memcpy(writer.states, x, sizeof x);
  writer.next = next;
}

inline std::uint32_t decode_step(std::uint32_t entry, std::uint32_t x) noexcept {
  return ((entry >> 8) & 0xfff) * (x >> kRansBits) + (entry >> 20);
}

/// Near the end of the words, and for the last symbols: one symbol at a time.
inline bool rans_decode_tail(const std::uint32_t* table, const std::uint8_t* contexts,
                             std::uint8_t* symbols, std::size_t n, std::size_t from,
                             RansReader& reader) noexcept {
  for (std::size_t i = from; i < n; ++i) {
    std::uint32_t& x = reader.states[i % kRansLanes];
    const std::uint32_t entry =
        table[(std::uint32_t{contexts[i]} << kRansBits) + (x & (kRansTotal - 1))];
    symbols[i] = std::uint8_t(entry);
    x = decode_step(entry, x);
    if (x >= kRansLow) continue;
    if (reader.end - reader.next < 2) return false;
    x = x << 16 | load<std::uint16_t>(reader.next, 0);
    reader.next += 2;
  }
  return true;
}

/// No branch on the data; the end is checked once for kRansLanes symbols.
inline bool rans_decode(const std::uint32_t* table, const std::uint8_t* contexts,
                        std::uint8_t* symbols, std::size_t n, RansReader& reader) noexcept {
  std::uint32_t x[kRansLanes];
  std::memcpy(x, reader.states, sizeof x);
  const std::uint8_t* next = reader.next;
  std::size_t i = 0;
  for (; i + kRansLanes <= n && reader.end - next >= std::ptrdiff_t(2 * kRansLanes);
       i += kRansLanes)
#pragma GCC unroll 8
    for (std::size_t lane = 0; lane < kRansLanes; ++lane) {
      const std::uint32_t entry = table[(std::uint32_t{contexts[i + lane]} << kRansBits) +
                                        (x[lane] & (kRansTotal - 1))];
      symbols[i + lane] = std::uint8_t(entry);
      const std::uint32_t y = decode_step(entry, x[lane]);
      const std::uint32_t low = y < kRansLow;
      x[lane] = y << (16 * low) | (load<std::uint16_t>(next, 0) & (0 - low));
      next += 2 * low;
    }
  std::memcpy(reader.states, x, sizeof x);
  reader.next = next;
  return rans_decode_tail(table, contexts, symbols, n, i, reader);
}

template <typename T> constexpr DifferenceKernels<T> portable_differences() noexcept {
  return {differences<T>,  add_differences<T>, contexts<T>, to_symbols<T>,
          from_symbols<T>, gather<T>,          scatter<T>};
}

constexpr WeightKernels portable_kernels() noexcept {
  return {"scalar",
          portable_differences<std::uint16_t>(),
          portable_differences<std::uint32_t>(),
          gather_contexts,
          range,
          split,
          join,
          pack7,
          unpack7,
          halve,
          unhalve,
          rans_encode,
          rans_decode};
}

}  // namespace
}  // namespace hart::tensor
