#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace hart::nn {

/// Bytes, both ends included.
struct ByteRange {
  std::uint8_t first;
  std::uint8_t last;
};

/// Sequences of `size` bytes: one byte out of each of the first `size` ranges.
struct ByteSequences {
  std::array<ByteRange, 4> ranges{};
  std::uint32_t size = 0;
};

/// The UTF-8 forms of the code points from `first` to `last`, surrogates left out, as few
/// products of byte ranges, ascending and disjoint. Precondition: first <= last <= 0x10FFFF.
/// Source: R. Cox, "Regular Expression Matching in the Wild", 2010.
[[nodiscard]] std::vector<ByteSequences> utf8_sequences(char32_t first, char32_t last);

}  // namespace hart::nn
