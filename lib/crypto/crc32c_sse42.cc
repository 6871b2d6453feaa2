#include "crypto/crc32c_kernels.h"

#if defined(__x86_64__)

#include <nmmintrin.h>

#include <cstring>

namespace hart::crypto {
namespace {

/// Bytes of each of the three streams in a round. The instruction takes three cycles but starts
/// every cycle, so three streams keep it busy; joining them costs a few table reads a round.
constexpr std::size_t kStreamBytes = 1024;

/// shift.part[k][b]: the remainder that byte k of a register with value b leaves after
/// kStreamBytes zero bytes. The map is linear over GF(2), so a whole register is the sum of its
/// four bytes.
struct Shift {
  std::uint32_t part[4][256];
};

constexpr Shift make_shift() {
  Shift shift{};
  for (int k = 0; k < 4; ++k) {
    for (int bit = 0; bit < 8; ++bit) {
      std::uint32_t remainder = std::uint32_t{1} << (8 * k + bit);
      for (std::size_t i = 0; i < 8 * kStreamBytes; ++i)
        remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? kCrc32cPolynomial : 0);
      shift.part[k][1 << bit] = remainder;
    }
    for (int byte = 1; byte < 256; ++byte) {
      const int lowest = byte & -byte;
      shift.part[k][byte] = shift.part[k][byte ^ lowest] ^ shift.part[k][lowest];
    }
  }
  return shift;
}

constexpr Shift kShift = make_shift();

std::uint64_t shifted(std::uint64_t crc) noexcept {
  return kShift.part[0][crc & 0xff] ^ kShift.part[1][crc >> 8 & 0xff] ^
         kShift.part[2][crc >> 16 & 0xff] ^ kShift.part[3][crc >> 24 & 0xff];
}

std::uint64_t word_at(const std::uint8_t* data) noexcept {
  std::uint64_t word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

}  // namespace

std::uint32_t crc32c_sse42(const std::uint8_t* data, std::size_t size,
                           std::uint32_t seed) noexcept {
  std::uint64_t crc = static_cast<std::uint32_t>(~seed);
  for (; size >= 3 * kStreamBytes; size -= 3 * kStreamBytes, data += 3 * kStreamBytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < kStreamBytes; i += 8) {
      crc = _mm_crc32_u64(crc, word_at(data + i));
      second = _mm_crc32_u64(second, word_at(data + kStreamBytes + i));
      third = _mm_crc32_u64(third, word_at(data + 2 * kStreamBytes + i));
    }
    crc = shifted(shifted(crc) ^ second) ^ third;
  }
  for (; size >= 8; size -= 8, data += 8) crc = _mm_crc32_u64(crc, word_at(data));
  auto rest = static_cast<std::uint32_t>(crc);
  for (; size > 0; --size, ++data) rest = _mm_crc32_u8(rest, *data);
  return ~rest;
}

}  // namespace hart::crypto

#endif
