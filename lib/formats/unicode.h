#pragma once

namespace hart::formats {

// Categories of code points, of the Unicode version that scripts/make-unicode-tables found. Any
// value may be asked; those above U+10FFFF have no category. Nothing here allocates or fails.

/// General category L* (letters of every script, ideographs among them).
[[nodiscard]] bool is_letter(char32_t value) noexcept;
/// General category N* (digits, letter numbers such as Ⅷ, fractions).
[[nodiscard]] bool is_number(char32_t value) noexcept;
/// General category M* (combining accents, vowel signs, variation selectors).
[[nodiscard]] bool is_mark(char32_t value) noexcept;
/// The property White_Space: what `\s` means in a Unicode-aware regular expression.
[[nodiscard]] bool is_white_space(char32_t value) noexcept;

}  // namespace hart::formats
