#pragma once

#include <array>
#include <span>

#include "formats/unicode_category.h"

namespace hart::formats {

/// `category` holds from `first` up to the next run.
struct CategoryRun {
  char32_t first;
  GeneralCategory category;
};

/// Ascending; the first run begins at 0, the last one ends at U+10FFFF.
[[nodiscard]] std::span<const CategoryRun> category_runs() noexcept;

struct CaseMapping {
  char32_t from, to;
};

/// Ascending by `from`: the code points whose lower case is one other code point.
[[nodiscard]] std::span<const CaseMapping> lower_mappings() noexcept;

/// What a letter is written as: `to` ends before the first 0, or is full.
struct CaseForm {
  char32_t from;
  std::array<char32_t, 3> to;
};

/// Ascending by `from`: the code points whose upper case is another text.
[[nodiscard]] std::span<const CaseForm> upper_forms() noexcept;
/// Ascending by `from`: those written at the head of a word otherwise than in upper case.
[[nodiscard]] std::span<const CaseForm> title_forms() noexcept;

}  // namespace hart::formats
