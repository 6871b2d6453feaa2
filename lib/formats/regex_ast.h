#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "formats/character_set.h"

namespace hart::formats::regex {

constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

/// A parsed expression.
struct Node {
  enum class Kind : std::uint8_t {
    set,          ///< one character of `characters`
    sequence,     ///< the children, one after the other; without any the empty match
    alternation,  ///< one of the children
    repeat,       ///< the child `min` to `max` times
    look,         ///< the child matches here, or before here
    atomic,       ///< the child, which never gives anything back
    line_begin,
    line_end,
    text_begin,
    text_end,
    boundary
  };
  enum class Greed : std::uint8_t { greedy, lazy, possessive };

  Kind kind = Kind::sequence;
  CharacterRanges characters{};
  std::vector<Node> children{};
  std::uint32_t min = 0, max = 0;
  Greed greed = Greed::greedy;
  bool is_negative = false;
  bool is_behind = false;
};

/// Throws Error(data), "regular expression, byte N: …".
[[nodiscard]] Node parse(std::string_view expression);

}  // namespace hart::formats::regex
