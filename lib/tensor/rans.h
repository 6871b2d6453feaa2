#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"

namespace hart::tensor {

// Static range asymmetric numeral systems (rANS) over bytes, with a frequency table a context.
// 32 states, each in [2^16, 2^32) and moved 16 bits at a time, take the symbols in turn: symbol
// i belongs to state i mod 32. The decoder reads the words forward, in the order of the
// symbols. Sources: J. Duda, arXiv:1311.2540; F. Giesen, arXiv:1402.3392.

inline constexpr int kRansBits = 12;  ///< the frequencies of a context sum to 2^12
inline constexpr std::uint32_t kRansTotal = std::uint32_t{1} << kRansBits;
inline constexpr std::uint32_t kRansLow = std::uint32_t{1} << 16;  ///< least state
inline constexpr std::size_t kRansLanes = 32;
inline constexpr std::size_t kRansStateBytes = 4 * kRansLanes;

/// What the encoder needs of a symbol in a context.
struct RansSymbol {
  std::uint64_t reciprocal;  ///< ceil(2^64 / frequency): x / frequency is a high product
  std::uint32_t packed;      ///< frequency << 16 | sum of the frequencies before it
  std::uint32_t bias;        ///< that sum; see rans.cc for frequency 1
};

/// The encoder's end: words are written downwards from `next`.
struct RansWriter {
  std::uint32_t states[kRansLanes];
  std::uint8_t* next;
};

/// The decoder's end: words are read from `next` up to `end`.
struct RansReader {
  std::uint32_t states[kRansLanes];
  const std::uint8_t* next;
  const std::uint8_t* end;
};

using RansCounts = std::array<std::uint32_t, 256>;

/// The frequency tables of a set of contexts.
class RansTables {
 public:
  void clear();
  /// Appends a context whose frequencies come close to `counts` and can be stored in little.
  /// Every counted symbol can be coded. No counts at all are allowed.
  void add(const RansCounts& counts);
  [[nodiscard]] std::size_t contexts() const noexcept { return frequencies_.size(); }
  /// The frequency of a symbol out of kRansTotal; 0 when it cannot be coded.
  [[nodiscard]] std::uint32_t frequency(std::size_t context, std::size_t symbol) const {
    return frequencies_[context][symbol];
  }
  /// The greatest symbol of a context.
  [[nodiscard]] std::uint8_t last_symbol(std::size_t context) const;

  /// Appends the tables in their stored form (hart-store.5).
  void store(ByteBuffer& out) const;
  /// Replaces the tables by `contexts` stored ones, which fill `stored`. Throws Error(data).
  void load(ByteView stored, std::size_t contexts);

  /// (contexts, 256) entries; valid until the tables change.
  [[nodiscard]] const RansSymbol* encoder();
  /// (contexts, kRansTotal) entries: (slot - start) << 20 | frequency << 8 | symbol.
  [[nodiscard]] const std::uint32_t* decoder();

 private:
  std::vector<std::array<std::uint16_t, 256>> frequencies_;
  std::vector<std::uint8_t> implied_;  ///< the symbol that gets what the others leave
  std::vector<RansSymbol> encoder_;
  std::vector<std::uint32_t> decoder_;
};

/// The states before the first symbol is encoded; words end at `end`.
void rans_start(RansWriter& writer, std::uint8_t* end) noexcept;
/// Appends the states and the words of `writer`, whose words end at `end`.
void rans_finish(const RansWriter& writer, const std::uint8_t* end, ByteBuffer& out);

/// Starts on states and words that fill `coded`. Throws Error(data) when it is too short.
void rans_start(RansReader& reader, ByteView coded);
/// Throws Error(data) unless every word is used and every state is back at its start.
void rans_finish(const RansReader& reader);

}  // namespace hart::tensor
