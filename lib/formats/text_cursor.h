#pragma once

#include <cstddef>
#include <string_view>

#include "formats/utf8.h"

namespace hart::formats {

/// What a byte that begins no well-formed UTF-8 sequence is taken for.
constexpr char32_t kReplacement = 0xFFFD;

/// The character at `at`, which must be inside `text`. A byte that is not valid UTF-8 is one
/// character, U+FFFD, of size 1. Never fails.
[[nodiscard]] inline CodePoint character_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1};
  const CodePoint point = decode_utf8(as_bytes(text), at);
  if (point.size == 0) return {kReplacement, 1};
  return point;
}

/// Where the character that ends at `at` begins. Precondition: 0 < at <= text.size(), and `at`
/// is a border of characters.
[[nodiscard]] inline std::size_t character_before(std::string_view text,
                                                  std::size_t at) noexcept {
  if (static_cast<unsigned char>(text[at - 1]) < 0x80) return at - 1;
  for (std::size_t size = 2; size <= 4 && size <= at; ++size)
    if (decode_utf8(as_bytes(text.substr(0, at)), at - size).size == size) return at - size;
  return at - 1;
}

}  // namespace hart::formats
