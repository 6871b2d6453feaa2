#pragma once

#include <span>

namespace hart::formats {

/// Consecutive code points, both ends included.
struct CodePointRange {
  char32_t first, last;
};

/// The code points of general categories L*, N* and M*, and those with the property
/// White_Space, as sorted, disjoint ranges. `unicode.h` is what to use. Source: Unicode
/// Character Database; scripts/make-unicode-tables writes the tables.
[[nodiscard]] std::span<const CodePointRange> letter_ranges() noexcept;
[[nodiscard]] std::span<const CodePointRange> number_ranges() noexcept;
[[nodiscard]] std::span<const CodePointRange> mark_ranges() noexcept;
[[nodiscard]] std::span<const CodePointRange> white_space_ranges() noexcept;

}  // namespace hart::formats
