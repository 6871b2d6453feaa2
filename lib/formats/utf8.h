#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace hart::formats {

/// A decoded code point and the bytes it took.
struct CodePoint {
  char32_t value;    ///< a Unicode scalar value
  std::size_t size;  ///< bytes in UTF-8: 1 to 4, or 0 where the bytes are not valid
};

/// The scalar value at `offset` (which must be inside `bytes`). `size` is 0 when no well-formed
/// sequence begins there: a stray or missing continuation, an overlong form, a surrogate, a
/// value above U+10FFFF, or a sequence cut off by the end. Never fails. Source: The Unicode
/// Standard 15, table 3-7, "Well-Formed UTF-8 Byte Sequences".
[[nodiscard]] CodePoint decode_utf8(ByteView bytes, std::size_t offset) noexcept;

/// The offset of the first byte that begins no well-formed sequence, or bytes.size() when all
/// are valid UTF-8. Linear in the size.
[[nodiscard]] std::size_t validate_utf8(ByteView bytes) noexcept;

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  return validate_utf8(as_bytes(text)) == text.size();
}

/// Appends `value` as UTF-8. Precondition: a scalar value; others become U+FFFD.
void append_utf8(std::string& out, char32_t value);

/// The scalar values of `text`; every byte that begins no well-formed sequence becomes U+FFFD.
[[nodiscard]] std::u32string to_utf32(std::string_view text);
/// The UTF-8 form of `text`.
[[nodiscard]] std::string to_utf8(std::u32string_view text);

}  // namespace hart::formats
