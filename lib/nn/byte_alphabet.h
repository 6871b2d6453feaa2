#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hart::nn {

/// GPT-2's alphabet, in which byte-level vocabularies spell bytes: the code point that stands
/// for `byte`. Printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards in
/// ascending order. Source: A. Radford et al., 2019, code.
[[nodiscard]] char32_t alphabet_letter(std::uint8_t byte) noexcept;

/// The inverse: the byte that a code point stands for, if any.
[[nodiscard]] std::optional<std::uint8_t> alphabet_byte(char32_t letter) noexcept;

/// `bytes` spelt in the alphabet.
[[nodiscard]] std::string to_alphabet(std::string_view bytes);

/// The bytes that `text` spells; what is not of the alphabet stays as it is.
[[nodiscard]] std::string from_alphabet(std::string_view text);

/// True when every character of `text` is of the alphabet.
[[nodiscard]] bool is_alphabetic(std::string_view text) noexcept;

}  // namespace hart::nn
