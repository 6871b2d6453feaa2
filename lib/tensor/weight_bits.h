#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hart::tensor {

// Bit strings, least significant bit first. Everything with code in it has internal linkage, so
// that files built for one instruction set may include this header.

/// Appends bit strings to memory of which 8 bytes beyond the result must be writable.
struct BitWriter {
  std::uint8_t* next = nullptr;  ///< the byte that gets the lowest pending bit
  std::uint64_t pending = 0;
  unsigned fill = 0;  ///< pending bits, below 8 between calls
};

/// Reads bit strings; 8 bytes beyond the end must be readable.
struct BitReader {
  const std::uint8_t* data = nullptr;
  std::uint64_t position = 0;  ///< in bits
  std::uint64_t end = 0;       ///< in bits
};

/// Appends the low `count` bits of `value`, which has no others; at most 56.
[[maybe_unused]] static inline void put_bits(BitWriter& bits, std::uint64_t value,
                                             unsigned count) noexcept {
  bits.pending |= value << bits.fill;
  bits.fill += count;
  std::memcpy(bits.next, &bits.pending, 8);
  bits.next += bits.fill >> 3;
  bits.pending >>= bits.fill & ~7u;
  bits.fill &= 7;
}

/// The end of what was written, the last byte filled up with zeros.
[[maybe_unused]] static inline std::uint8_t* end_of_bits(const BitWriter& bits) noexcept {
  return bits.next + (bits.fill > 0);
}

/// Reads `count` bits, at most 56, into `value`. False when there are not as many.
[[nodiscard, maybe_unused]] static inline bool get_bits(BitReader& bits, unsigned count,
                                                        std::uint64_t& value) noexcept {
  if (bits.end - bits.position < count) return false;
  std::memcpy(&value, bits.data + (bits.position >> 3), 8);
  value = (value >> (bits.position & 7)) & ((std::uint64_t{1} << count) - 1);
  bits.position += count;
  return true;
}

}  // namespace hart::tensor
