#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace hart::nn {

/// SentencePiece's compiled normalizer: strings and what replaces them. The format: the size in
/// bytes of a double-array trie (32 bits, little-endian), its units (32 bits each), and the
/// replacements, each ended by a zero byte, to which the trie's values are offsets. Immutable.
/// Source: SentencePiece's normalizer; J. Aoe, "An Efficient Digital Search Algorithm by Using
/// a Double-Array Structure", 1989, in the layout of Darts-clone.
class Charsmap {
 public:
  /// Everything is copied. Throws Error(data) when the sizes contradict each other.
  explicit Charsmap(ByteView compiled);

  struct Match {
    std::size_t length = 0;  ///< bytes of the text; 0 when nothing is replaced
    std::string_view replacement;
  };
  /// The longest, or the shortest, string of the map that `text` begins with.
  [[nodiscard]] Match longest_prefix(std::string_view text) const noexcept;
  [[nodiscard]] Match shortest_prefix(std::string_view text) const noexcept;

 private:
  [[nodiscard]] Match find_prefix(std::string_view text, bool takes_first) const noexcept;

  std::vector<std::uint32_t> units_;
  std::string replacements_;  ///< ends with a zero byte
};

}  // namespace hart::nn
