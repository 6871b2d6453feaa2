#include "tensor/rans.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "core/endian.h"
#include "core/error.h"
#include "tensor/weight_bits.h"

namespace hart::tensor {
namespace {

/// Significant bits of a stored frequency: three after the leading one cost 0.1 % of the ratio.
constexpr int kStoredBits = 4;

[[noreturn]] void bad_table(const char* why) {
  throw Error{Fault::data, std::string{"coded weights: frequency table "} + why};
}

std::uint32_t rounded_down(std::uint32_t frequency) {
  const int drop = std::max(0, int(std::bit_width(frequency)) - kStoredBits);
  return frequency >> drop << drop;
}

/// Takes from the largest of the others until the implied symbol keeps a share of its own.
std::uint32_t leave_room(std::array<std::uint16_t, 256>& f, std::uint32_t used, int implied) {
  while (used > kRansTotal - 8) {
    int largest = -1;
    for (int s = 0; s < 256; ++s)
      if (s != implied && f[s] > 1 && (largest < 0 || f[s] > f[largest])) largest = s;
    const std::uint32_t old = f[largest];
    f[largest] = std::uint16_t(rounded_down(old - std::max(1u, old / 16)));
    used -= old - f[largest];
  }
  return used;
}

/// A stored frequency is its bit length, as a unary zigzag step from the one before, and up to
/// three bits after the leading one.
void store_frequency(BitWriter& bits, std::uint32_t frequency, int& previous_length) {
  const int length = std::bit_width(frequency);
  const int step = length - previous_length;
  const unsigned zigzag = unsigned(step < 0 ? -2 * step - 1 : 2 * step);
  put_bits(bits, std::uint64_t{1} << zigzag, zigzag + 1);
  previous_length = length;
  if (length < 2) return;
  const unsigned kept = unsigned(std::min(length, kStoredBits) - 1);
  const int drop = length - 1 - int(kept);
  put_bits(bits, (frequency >> drop) & ((1u << kept) - 1), kept);
}

std::uint64_t next_bits(BitReader& bits, unsigned count) {
  std::uint64_t value = 0;
  if (!get_bits(bits, count, value)) bad_table("ends early");
  return value;
}

std::uint32_t load_frequency(BitReader& bits, int& previous_length) {
  int zigzag = 0;
  while (next_bits(bits, 1) == 0)
    if (++zigzag > 2 * kRansBits) bad_table("has a step that is too long");
  const int length = previous_length + ((zigzag & 1) != 0 ? -(zigzag + 1) / 2 : zigzag / 2);
  if (length < 0 || length > kRansBits) bad_table("has an impossible frequency");
  previous_length = length;
  if (length < 2) return std::uint32_t(length);
  const unsigned kept = unsigned(std::min(length, kStoredBits) - 1);
  return std::uint32_t((1u << kept) | next_bits(bits, kept)) << (length - 1 - int(kept));
}

}  // namespace

void RansTables::clear() {
  frequencies_.clear();
  implied_.clear();
}

void RansTables::add(const RansCounts& counts) {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  const int implied = int(std::max_element(counts.begin(), counts.end()) - counts.begin());
  std::array<std::uint16_t, 256> f{};
  std::uint32_t used = 0;
  for (int s = 0; s < 256; ++s) {
    if (counts[s] == 0 || s == implied) continue;
    const auto share =
        std::uint32_t((std::uint64_t{counts[s]} * kRansTotal + total / 2) / total);
    f[s] = std::uint16_t(rounded_down(std::clamp(share, 1u, kRansTotal - 1)));
    used += f[s];
  }
  // A frequency never equals the total, so that it fits 12 bits: a lone symbol gets company.
  if (used == 0) used = f[implied == 0 ? 1 : 0] = 1;
  used = leave_room(f, used, implied);
  f[implied] = std::uint16_t(kRansTotal - used);
  frequencies_.push_back(f);
  implied_.push_back(std::uint8_t(implied));
}

std::uint8_t RansTables::last_symbol(std::size_t context) const {
  int last = 255;
  while (frequencies_[context][last] == 0) --last;
  return std::uint8_t(last);
}

void RansTables::store(ByteBuffer& out) const {
  // Each of 256 frequencies takes at most 25 + 3 bits.
  const std::size_t at = out.size();
  out.resize(at + contexts() * (256 * 28 / 8 + 2) + 8);
  BitWriter bits{out.data() + at};
  for (std::size_t c = 0; c < contexts(); ++c) {
    const unsigned last = last_symbol(c);
    put_bits(bits, implied_[c], 8);
    put_bits(bits, last, 8);
    int previous_length = 0;
    for (unsigned s = 0; s <= last; ++s)
      if (s != implied_[c]) store_frequency(bits, frequencies_[c][s], previous_length);
  }
  out.resize(std::size_t(end_of_bits(bits) - out.data()));
}

void RansTables::load(ByteView stored, std::size_t contexts) {
  clear();
  // The reader touches up to 8 bytes beyond the end; tables are small enough to copy.
  ByteBuffer copy(stored.begin(), stored.end());
  copy.resize(stored.size() + 8);
  BitReader bits{copy.data(), 0, 8 * stored.size()};
  for (std::size_t c = 0; c < contexts; ++c) {
    const auto implied = unsigned(next_bits(bits, 8));
    const auto last = unsigned(next_bits(bits, 8));
    std::array<std::uint16_t, 256> f{};
    std::uint32_t used = 0;
    int previous_length = 0;
    for (unsigned s = 0; s <= last; ++s) {
      if (s == implied) continue;
      const std::uint32_t frequency = load_frequency(bits, previous_length);
      f[s] = std::uint16_t(frequency);
      used += frequency;
    }
    if (used == 0 || used >= kRansTotal) bad_table("does not sum up");
    f[implied] = std::uint16_t(kRansTotal - used);
    frequencies_.push_back(f);
    implied_.push_back(std::uint8_t(implied));
  }
  if (bits.end - bits.position >= 8) bad_table("is followed by other bytes");
}

const RansSymbol* RansTables::encoder() {
  encoder_.resize(contexts() * 256);
  for (std::size_t c = 0; c < contexts(); ++c) {
    std::uint32_t start = 0;
    for (std::size_t s = 0; s < 256; ++s) {
      const std::uint32_t f = frequencies_[c][s];
      RansSymbol& symbol = encoder_[c * 256 + s];
      // The encoder computes x + bias + q × (total - f) with q = x × reciprocal >> 64, which is
      // exactly x / f for 32-bit x. The reciprocal of 1 does not fit; the one used instead
      // makes q one too small, and the bias makes up for it.
      if (f > 1) symbol = {~std::uint64_t{0} / f + 1, f << 16 | start, start};
      if (f == 1) symbol = {~std::uint64_t{0}, f << 16 | start, start + kRansTotal - 1};
      if (f == 0) symbol = {0, 0, 0};
      start += f;
    }
  }
  return encoder_.data();
}

const std::uint32_t* RansTables::decoder() {
  decoder_.resize(contexts() * kRansTotal);
  std::uint32_t* slot = decoder_.data();
  for (const auto& f : frequencies_)
    for (std::uint32_t s = 0; s < 256; ++s)
      for (std::uint32_t i = 0; i < f[s]; ++i) *slot++ = i << 20 | std::uint32_t{f[s]} << 8 | s;
  return decoder_.data();
}

void rans_start(RansWriter& writer, std::uint8_t* end) noexcept {
  std::fill_n(writer.states, kRansLanes, kRansLow);
  writer.next = end;
}

void rans_finish(const RansWriter& writer, const std::uint8_t* end, ByteBuffer& out) {
  const std::size_t at = out.size();
  const auto words = std::size_t(end - writer.next);
  out.resize(at + kRansStateBytes + words);
  std::memcpy(out.data() + at, writer.states, kRansStateBytes);
  std::memcpy(out.data() + at + kRansStateBytes, writer.next, words);
}

void rans_start(RansReader& reader, ByteView coded) {
  if (coded.size() < kRansStateBytes)
    throw Error{Fault::data, "coded weights: a block ends early"};
  std::memcpy(reader.states, coded.data(), kRansStateBytes);
  reader.next = coded.data() + kRansStateBytes;
  reader.end = coded.data() + coded.size();
}

void rans_finish(const RansReader& reader) {
  std::uint32_t difference = 0;
  for (const std::uint32_t state : reader.states) difference |= state ^ kRansLow;
  if (difference != 0 || reader.next != reader.end)
    throw Error{Fault::data, "coded weights: the states of a block do not close"};
}

}  // namespace hart::tensor
