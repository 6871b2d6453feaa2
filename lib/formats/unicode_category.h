#pragma once

#include <cstdint>
#include <string>

namespace hart::formats {

/// General categories, by their abbreviations in the Unicode Character Database.
enum class GeneralCategory : std::uint8_t {
  Lu,
  Ll,
  Lt,
  Lm,
  Lo,  // letters
  Mn,
  Mc,
  Me,  // marks
  Nd,
  Nl,
  No,  // numbers
  Pc,
  Pd,
  Ps,
  Pe,
  Pi,
  Pf,
  Po,  // punctuation
  Sm,
  Sc,
  Sk,
  So,  // symbols
  Zs,
  Zl,
  Zp,  // separators
  Cc,
  Cf,
  Cs,
  Co,
  Cn  // others; Cn is not assigned
};

/// The category of any value; those above U+10FFFF are not assigned. Never fails.
[[nodiscard]] GeneralCategory general_category(char32_t value) noexcept;

/// General category P*.
[[nodiscard]] inline bool is_punctuation(char32_t value) noexcept {
  const GeneralCategory category = general_category(value);
  return category >= GeneralCategory::Pc && category <= GeneralCategory::Po;
}

/// The simple lower-case mapping, `value` itself where there is none.
[[nodiscard]] char32_t to_lower(char32_t value) noexcept;

/// Appends the upper-case form as UTF-8: "SS" for ß. Source: the full case mappings of the
/// Unicode Character Database that hold in every language.
void append_upper(std::string& out, char32_t value);
/// Appends the form at the head of a word: "Ss" for ß.
void append_title(std::string& out, char32_t value);

}  // namespace hart::formats
