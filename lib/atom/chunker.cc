#include "atom/chunker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace hart::atom {
namespace {

constexpr std::size_t kHashedBytes = 64;
/// The bits that the most bytes have touched; one boundary in kTargetChunk positions.
constexpr std::uint64_t kBoundaryMask = ~std::uint64_t{0}
                                        << (64 - std::countr_zero(kTargetChunk));

/// Steele, Lea and Flood's SplitMix64: 256 fixed random words.
constexpr std::array<std::uint64_t, 256> make_gear() {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 0;
  for (std::uint64_t& word : gear) {
    state += 0x9E3779B97F4A7C15;
    std::uint64_t z = state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    word = z ^ z >> 31;
  }
  return gear;
}

constexpr std::array<std::uint64_t, 256> kGear = make_gear();

}  // namespace

std::size_t chunk_length(ByteView bytes) noexcept {
  if (bytes.size() <= kSmallestChunk) return bytes.size();
  const std::size_t end = std::min(bytes.size(), kLargestChunk);
  std::uint64_t hash = 0;
  for (std::size_t i = kSmallestChunk - kHashedBytes; i < end; ++i) {
    hash = (hash << 1) + kGear[bytes[i]];
    if (i >= kSmallestChunk && (hash & kBoundaryMask) == 0) return i + 1;
  }
  return end;
}

}  // namespace hart::atom
