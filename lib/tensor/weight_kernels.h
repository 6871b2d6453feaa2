#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/rans.h"
#include "tensor/weight_bits.h"

namespace hart::tensor {

// The inner loops of the weight codec for one instruction set. All of them compute the same
// integers. This header has no code, so that files built for one instruction set share nothing
// with the rest of the program. Bytes of weights need no alignment.

/// The loops work on pieces of at most this many elements; arrays of symbols, contexts, flags
/// and differences must be readable and writable kKernelSlack elements beyond their end.
inline constexpr std::size_t kKernelPiece = 4096;
inline constexpr std::size_t kKernelSlack = 64;

/// Differences below this are symbols of their own; above, a symbol stands for an octave and
/// the three bits after its leading one, and the bits below follow raw.
inline constexpr unsigned kDirectSymbols = 32;
inline constexpr unsigned kDirectBits = 5;
inline constexpr unsigned kOctaveBits = 3;

/// Context of a difference: the exponent of the base's weight, counted down from `top`.
struct ExponentRange {
  std::uint16_t top = 0;       ///< greater exponents share context 0
  std::uint8_t last = 0;       ///< context of the exponents at or below top - last
  std::uint8_t mantissa_bits;  ///< of the float format: 7, 10 or 23
  std::uint8_t exponent_mask;  ///< of the float format: 255 or 31
};

/// Loops over elements of one width: T is std::uint16_t or std::uint32_t.
template <typename T> struct DifferenceKernels {
  /// z = zigzag(order(value) - order(base)), where `order` numbers the bit patterns in the
  /// order of the floats, -0 just below +0.
  void (*differences)(const std::uint8_t* values, const std::uint8_t* base, std::size_t n,
                      T* z) noexcept;
  /// The inverse of `differences`.
  void (*add_differences)(const T* z, const std::uint8_t* base, std::size_t n,
                          std::uint8_t* values) noexcept;
  void (*contexts)(const std::uint8_t* base, std::size_t n, const ExponentRange& range,
                   std::uint8_t* contexts) noexcept;
  /// Symbols of differences; what they leave open goes to `bits`.
  void (*to_symbols)(const T* z, std::size_t n, std::uint8_t* symbols,
                     BitWriter& bits) noexcept;
  /// The inverse; false when a symbol is impossible or `bits` ends.
  bool (*from_symbols)(const std::uint8_t* symbols, std::size_t n, T* z,
                       BitReader& bits) noexcept;
  /// Moves the nonzero differences, less 1, and their contexts to the front and returns their
  /// number. Flag i / 4 gets bit i mod 4 where z[i] is not 0; (n + 3) / 4 flags are written.
  std::size_t (*gather)(T* z, std::uint8_t* contexts, std::size_t n,
                        std::uint8_t* flags) noexcept;
  /// The inverse: `out` gets 0 or the next of `nonzero` plus 1. Returns how many were used.
  std::size_t (*scatter)(const std::uint8_t* flags, const T* nonzero, std::size_t n,
                         T* out) noexcept;
};

/// Splitting a weight's upper 16 bits: symbol = the 8 + k bits below the sign as a number v,
/// 0 for v = 0 and else v - floor; low byte = the 7 - k bits below, and the sign above them.
struct PlainSplit {
  std::uint8_t k = 0;       ///< 0 or 1
  std::uint16_t floor = 0;  ///< v - floor is in [1, 255] for every v but 0
};

struct WeightKernels {
  const char* name;
  DifferenceKernels<std::uint16_t> half;
  DifferenceKernels<std::uint32_t> single;

  /// The contexts of the flagged elements, packed; returns their number.
  std::size_t (*gather_contexts)(const std::uint8_t* flags, const std::uint8_t* contexts,
                                 std::size_t n, std::uint8_t* packed) noexcept;

  /// Least v but 0 (0xffff if all are 0) and greatest v, by `split.k`, of the upper halves.
  void (*range)(const std::uint16_t* upper, std::size_t n, unsigned k, std::uint16_t& least,
                std::uint16_t& greatest) noexcept;
  void (*split)(const std::uint16_t* upper, std::size_t n, PlainSplit split,
                std::uint8_t* symbols, std::uint8_t* low) noexcept;
  void (*join)(const std::uint8_t* symbols, const std::uint8_t* low, std::size_t n,
               PlainSplit split, std::uint16_t* upper) noexcept;
  /// Eight runs of `stride` 7-bit bytes to seven: bit 7 of run j is bit j of run 7.
  void (*pack7)(const std::uint8_t* low, std::size_t stride, std::uint8_t* packed) noexcept;
  void (*unpack7)(const std::uint8_t* packed, std::size_t stride, std::uint8_t* low) noexcept;
  /// Upper and lower halves of 32-bit elements; returns the OR of the lower halves.
  std::uint16_t (*halve)(const std::uint8_t* values, std::size_t n, std::uint16_t* upper,
                         std::uint16_t* lower) noexcept;
  void (*unhalve)(const std::uint16_t* upper, const std::uint16_t* lower, std::size_t n,
                  std::uint8_t* values) noexcept;

  /// Encodes from the last symbol to the first; `table` is RansTables::encoder(). 16 bytes
  /// below the words must be writable.
  void (*rans_encode)(const RansSymbol* table, const std::uint8_t* contexts,
                      const std::uint8_t* symbols, std::size_t n, RansWriter& writer) noexcept;
  /// Decodes n symbols; false when the words end. A sequence may be decoded in parts of
  /// multiples of kRansLanes. `table` is RansTables::decoder().
  bool (*rans_decode)(const std::uint32_t* table, const std::uint8_t* contexts,
                      std::uint8_t* symbols, std::size_t n, RansReader& reader) noexcept;
};

/// Those that this processor can run and HART_CPU does not switch off, the portable ones first,
/// the fastest last.
[[nodiscard]] std::span<const WeightKernels> all_weight_kernels() noexcept;
/// The fastest of them.
[[nodiscard]] const WeightKernels& weight_kernels() noexcept;

[[nodiscard]] WeightKernels scalar_weight_kernels() noexcept;
/// To be called on a processor with AVX2 only: its own code uses it too.
[[nodiscard]] WeightKernels avx2_weight_kernels() noexcept;

}  // namespace hart::tensor
